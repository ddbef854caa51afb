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
		AllHealthy: "%[1]d of %[1]d endpoints healthy", SomeFailing: "%d of %d endpoints failing", SomeAct: "%d of %d endpoints need action",
		SomeLook: "%d of %d endpoints to look at", SomeUnseen: "no data for %d of %d endpoints", HadIncidents: "all endpoints healthy now, incidents in between: %d",
		NoEndpoints: "there is no endpoint to watch", PlatformOK: "nothing new", PlatformUnseen: "nothing was watched",
		PlatformBroken: "endpoints newly broken: %d, channels over 1%%: %d, notices not delivered: %d",

		HealthTitle: "Webhook health of %s", SummaryTitle: "Webhook health of %s: the week", PlatformTitle: "Webhook platform",
		AlsoUTC: "That is %s.", Covered: "We had data for %s of %s.", NotCovered: "We had no data for this time, so nothing here says that all was well.",
		Merged: "This digest covers %d windows, because none could be sent in between.", Until: "States are as of %s.",

		ToDo: "What to do", Also: "The same goes for %d more.", FirstFailed: "%d of %d first attempts failed (%s)",
		Advice: englishAdvice(),

		Endpoints: "Endpoints, worst first", MoreEndpoints: "and %d more, none of them worse than these",
		States: map[string]string{
			"suspended": "suspended", "down": "down", "failing": "failing", "degraded": "degraded", "recovering": "recovering",
			"healthy": "healthy", "no_data": "no data",
		},
		Deliveries: "Deliveries", Before: "the window before: %s", Limit: "limit %s", Available: "Available", Unwatched: "not known, nobody looked",
		Answers: "Answers", AnswersAre: "half within %s, 95%% within %s, 99%% within %s; limit %s", Failures: "Failures", Certificate: "Certificate",
		CertificateValid: "valid until %s, %s left", CertificateEnded: "ended on %s", CertificateEnds: "on %s, in %s", On: "on %s",
		Strip: "Failed in each %s, from %s on", None: "none", NoAttempts: "no attempts", Counted: "attempts: %d, probes: %d", Watched: "%s of the %s that we watched", FailedOf: "%d of %d failed (%s)",

		Incidents: "Incidents", Parts: "Window by window", Running: "still open", OursLabel: "Cause", Ours: "on our side, not yours",
		Opened: "Opened", Resolved: "Resolved", Severity: "Severity", Title: "Incident", Window: "Window", CoverLabel: "Data for",
		VerdictLabel: "Verdict", FailingLabel: "Endpoints failing", FirstLabel: "First attempts", More: "and %d more",

		WorstHead: "Merchants, worst first", BrokenHead: "Newly broken", RecoveredHead: "Recovered", CertificateHead: "Certificates that end within 14 days",
		ChannelHead: "Channels over 1%", Merchant: "Merchant", Endpoint: "Endpoint", Fault: "Fault", At: "At", Ends: "Ends", Channel: "Channel",
		EndpointsBad: "Endpoints failing", BadOf: "%d of %d", DigestsLabel: "Digests before",
		DigestsWere: "%d sent, %d skipped (all green), %d suppressed, %d waiting, %d not delivered", DeadLabel: "Notices not delivered",
		Watching: "Watching %d endpoints of %d merchants.",

		Footer:       "You get this because this address is in the digest list of %s. %s",
		WeeklyFooter: "Once a week this says that we still watch, also when nothing was wrong.", PlatformFooter: "For the operators of the platform.",
		Modes: map[string]string{
			"every": "It comes after every window.", "problems": "It comes when something is wrong, and once a week.", "daily": "It comes once a day.",
		},
		ChangeIt: "Modes on offer: every, problems, daily, off; whoever runs this service changes it.", Link: "Open webhook health",
	}
}

// englishAdvice words the advices. Its places are filled by [voice.advise]:
// {fault} {end} {took} {limit}.
func englishAdvice() map[Advice]string {
	return map[Advice]string{
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
