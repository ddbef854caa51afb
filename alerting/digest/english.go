package digest

// english is the table of one language. It is made anew for each digest: what
// it costs is nothing beside the digest itself.
func english() *sentences {
	return &sentences{
		Language: "en", Point: ".",
		Months: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		FromTo: "%s to %s", Days: "%s days", OneDay: "1 day", Hours: "%s h", Minutes: "%s min", Seconds: "%s s",

		Tag: "[Webhook health]", PlatformTag: "[Webhook platform]",
		OK: "OK", Attention: "Attention", Act: "Action needed",
		AllHealthy:  forms{"%[1]d of %[1]d endpoint healthy", "%[1]d of %[1]d endpoints healthy"},
		SomeFailing: forms{"%d of %d endpoint failing", "%d of %d endpoints failing"},
		SomeAct:     forms{"%d of %d endpoint needs action", "%d of %d endpoints need action"},
		SomeLook:    forms{"%d of %d endpoint to look at", "%d of %d endpoints to look at"},
		SomePassed:  forms{"%d of %d endpoint had failures, nothing fails now", "%d of %d endpoints had failures, nothing fails now"},
		SomeUnseen:  forms{"no data for %d of %d endpoint", "no data for %d of %d endpoints"},
		WillLose:    forms{"%s will be lost from %s on", "%s will be lost from %s on"},
		LastTry:     forms{"%s gets its last automatic try from %s on", "%s get their last automatic try from %s on"},

		HadIncidents: "all endpoints healthy now, incidents in between: %d",
		NoEndpoints:  "there is no endpoint to watch", PlatformOK: "nothing new", PlatformUnseen: "nothing was watched",
		PlatformBroken: [4]string{"endpoints newly broken: %d", "channels over 1%%: %d", "certificates that end soon: %d", "notices not delivered: %d"},

		HealthTitle: "Webhook health of %s", SummaryTitle: "Webhook health of %s: the week", PlatformTitle: "Webhook platform",
		AlsoUTC: "That is %s.", Covered: "We had data for %s of %s.", NotCovered: "We had no data for this time, so nothing here says that all was well.",
		Merged: "This digest covers %d windows, because none could be sent in between.", Until: "States are as of %s.",

		ToDo: "What to do", Also: "The same goes for %d more.",
		FirstFailed: forms{"%d of %d first attempt failed (%s)", "%d of %d first attempts failed (%s)"},
		Advice:      englishAdvice(),
		Over:        "Nothing has failed since %s.", OverBefore: "%s before:", OverPlain: "Before that,", Was: englishWas(),

		Endpoints: "Endpoints, worst first", MoreEndpoints: "and %d more, none of them worse than these",
		States: map[string]string{
			"suspended": "suspended", "down": "down", "failing": "failing", "degraded": "degraded", "recovering": "recovering",
			"healthy": "healthy", "no_data": "no data",
		},
		Deliveries: "Deliveries", Before: "the window before: %s", Limit: "limit %s", Available: "Available", Unwatched: "not known, nobody looked",
		Answers: "Answers", AnswersAre: "half within %s, 95%% within %s, 99%% within %s; limit %s", Failures: "Failures", Certificate: "Certificate",
		CertificateValid: "valid until %s, %s left", CertificateEnded: "ended on %s", CertificateEnds: "on %s, in %s", On: "on %s",
		CertificateGood: "; it is valid until %s, %s", LastFailure: "Last failure", BeforeTime: "before %s",
		Strip: "Failed in each %s, from %s on", None: "none", NoAttempts: "no attempts", Counted: "attempts: %d, probes: %d", Watched: "%s of the %s that we watched", FailedOf: "%d of %d failed (%s)",

		Incidents: "Incidents", Parts: "Window by window", Running: "still open", OursLabel: "Cause", Ours: "on our side, not yours",
		Opened: "Opened", Resolved: "Resolved", Severity: "Severity", Title: "Incident", Window: "Window", CoverLabel: "Data for",
		VerdictLabel: "Verdict", FailingLabel: "Endpoints failing", FirstLabel: "First attempts", More: "and %d more",

		WorstHead: "Merchants, worst first", BrokenHead: "Newly broken", RecoveredHead: "Recovered", CertificateHead: "Certificates that end within 14 days",
		ChannelHead: "Channels over 1%", Merchant: "Merchant", Endpoint: "Endpoint", Fault: "Fault", At: "At", Ends: "Ends", Channel: "Channel",
		EndpointsBad: "Endpoints failing", BadOf: "%d of %d", EndpointsBadOf: "endpoints failing %d of %d", FailingAre: "endpoints failing %d", DigestsLabel: "Digests before",
		DigestsWere: [5]string{"%d sent", "%d skipped (all green)", "%d suppressed", "%d waiting", "%d not delivered"}, DeadLabel: "Notices not delivered",
		BacklogLabel: "Events", BacklogIs: [3]string{"%s undelivered", "%s with the last automatic try within 24 h", "%s lost"},
		Watching: "Watching %s of %s.", AvailableFor: "available %s", DataFor: "data for %s",
		EndpointCount: forms{"%d endpoint", "%d endpoints"}, MerchantCount: forms{"%d merchant", "%d merchants"},
		EventCount: forms{"%s event", "%s events"}, AtLeast: "at least %d",

		Waiting: "Waiting", WaitingSince: forms{"%s, since %s", "%s, the oldest since %s"},
		NextTry: "the next automatic try is at %s", NextTryLate: "the next automatic try was due at %s", LongestWait: "the longest wait for one is %s",
		LossIs: forms{
			"{events} gets its last automatic try {when}, {digests}; after that it is lost unless it is sent again by hand.",
			"{events} get their last automatic try {when}, {digests}; after that they are lost unless they are sent again by hand.",
		},
		LossLate: forms{
			"{events} should have got its last automatic try {when}; it is lost unless that comes late, or it is sent again by hand.",
			"{events} should have got their last automatic try {when}; they are lost unless that comes late, or they are sent again by hand.",
		},
		LossOn: "at %s", LossFrom: "from %s on", LossIn24: "Within 24 h that is so for %s.",
		BeforeNext: "before the next digest", MoreDigests: forms{"%d more digest comes before that", "%d more digests come before that"},
		LostAre:        forms{"%s is lost: its last automatic try failed.", "%s are lost: their last automatic try failed."},
		RetriesOverdue: forms{"%s retry is overdue on the sending side.", "%s retries are overdue on the sending side."},

		Footer:       "You get this because this address is in the digest list of %s. %s",
		WeeklyFooter: "Once a week this says that we still watch, also when nothing was wrong.", PlatformFooter: "For the operators of the platform.",
		Modes: map[string]string{
			"every": "It comes after every window.", "problems": "It comes when something is wrong, and once a week.", "daily": "It comes once a day.",
		},
		ChangeIt: "Modes on offer: every, problems, daily, off; whoever runs this service changes it.", Link: "Open webhook health",
	}
}

// englishAdvice words the advices. Its places are filled by [voice.advise]:
// {fault} {end} {took} {limit} {loss} {lost}.
func englishAdvice() map[Advice]string {
	return map[Advice]string{
		AdviseAtRisk:          "{loss} See to it that the endpoint answers 2xx when it comes.",
		AdviseLost:            "{lost} Have them sent again by hand, or reconcile them.",
		AdviseRenewed:         "Its certificate had expired, and a good one is served since{end}. Let it renew itself well before it ends.",
		AdviseExpired:         "Its certificate expired{end}, so nothing is delivered. Renew it, and reload the server so that it is served.",
		AdviseCertificate:     "Its certificate is not in order ({fault}). Serve one that is valid for this host name, with its full chain.",
		AdviseTLS:             "The TLS handshake fails ({fault}). Offer TLS 1.2 or newer, with the full chain of certificates.",
		AdviseDNS:             "Its host name cannot be resolved ({fault}). Check the DNS records of the host.",
		AdviseConnect:         "No connection can be made ({fault}). Check that the server runs, and that its firewall lets us in.",
		AdviseTimeout:         "No answer came within {limit}. Answer 2xx at once, put the work into a queue and do it afterwards.",
		AdviseServer:          "It answers with a server error (5xx). Look into the log of its handler at these times.",
		AdviseToken:           "It answers 401: it does not accept our token. Was the token rotated? Put the one from your settings in place.",
		AdviseGone:            "It answers 410 Gone, so deliveries are suspended. Register its new address, or remove it.",
		AdvisePath:            "It answers 404. Did its path change with a deployment? Register the path that is right now.",
		AdviseRedirect:        "It answers with a redirect (3xx), which is never followed. Register the final address.",
		AdviseLimit:           "It answers 429, too many requests. Raise its limit for our requests.",
		AdviseRefused:         "It refuses requests (4xx, such as 400 or 403). Check its token, its path and what its handler expects.",
		AdviseBroken:          "The connection ends before an answer is complete ({fault}). Check the proxy in front of it, and its size limits.",
		AdviseUnauthenticated: "It accepts a request with a wrong token. Compare the token of each request before you trust it.",
		AdviseOther:           "Requests fail ({fault}). Look into the log of its server at these times.",
		AdviseExpiring:        "Its certificate ends{end}. Renew it before that, and reload the server.",
		AdviseSlow:            "95% of its answers came within {took}, and senders give up after {limit}. Answer 2xx at once, and do the work afterwards from a queue.",
		AdviseUnseen:          "We had no data about it. Nothing says that it is wrong, and nothing that it is well.",
	}
}

// englishWas words what is over: what it was, and what to do so that it does
// not happen again. Its places are those of [englishAdvice].
func englishWas() map[Advice]string {
	return map[Advice]string{
		AdviseRenewed:         "its certificate had expired, and a good one is served since{end}. Let it renew itself well before it ends.",
		AdviseCertificate:     "its certificate was not in order ({fault}). Check each new one, with its names and its full chain, before it is served.",
		AdviseTLS:             "the TLS handshake failed ({fault}). Check after each change that TLS 1.2 or newer is on offer, with the full chain.",
		AdviseDNS:             "its host name could not be resolved ({fault}). Have its DNS records answered by more than one name server.",
		AdviseConnect:         "no connection could be made ({fault}). Look for a restart or a rule of the firewall at that time, and take servers out one by one.",
		AdviseTimeout:         "no answer came within {limit}. Answer 2xx at once and do the work afterwards from a queue, so that it does not happen again.",
		AdviseServer:          "it answered with a server error (5xx). Look into the log of its handler at that time.",
		AdviseToken:           "it answered 401, so it did not accept our token. When a token is rotated, accept the old and the new one for a while.",
		AdviseGone:            "it answered 410 Gone, which suspends deliveries. Answer 503 while it is only away for a while.",
		AdvisePath:            "it answered 404. Keep its path in place through deployments, and register a new one before the old one goes.",
		AdviseRedirect:        "it answered with a redirect (3xx), which is never followed. Exempt its path from redirects.",
		AdviseLimit:           "it answered 429, too many requests. Raise its limit for our requests before the next wave.",
		AdviseRefused:         "it refused requests (4xx, such as 400 or 403). Look into the log of its handler at that time.",
		AdviseBroken:          "the connection ended before an answer was complete ({fault}). Let a server finish its answers before it restarts.",
		AdviseUnauthenticated: "it accepted a request with a wrong token. Compare the token of each request before you trust it.",
		AdviseOther:           "requests failed ({fault}). Look into the log of its server at that time.",
	}
}
