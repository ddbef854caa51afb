// Package pagerduty tells incidents to PagerDuty by its Events API v2, or to
// whatever else speaks it: an alert per incident, triggered while it is open,
// acknowledged and resolved with it.
//
// It makes one attempt per Send and never tries again by itself. An event may
// be repeated at will: PagerDuty knows the alert by its dedup_key, so that a
// lost answer needs no proof. It does not listen to PagerDuty: what is
// acknowledged there is not acknowledged here.
package pagerduty
