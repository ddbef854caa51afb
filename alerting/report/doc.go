// Package report writes the report of an incident, for those who read it
// afterwards: what it was, whom it concerned, when it was detected, told,
// acknowledged, fixed and over, whether what had failed was made good, who was
// told, and the timeline. It has the shape of the incident reports that payment
// platforms publish, in Markdown (GitHub's, for its tables).
//
// It reads nothing and decides nothing: the same facts give the same text.
package report
