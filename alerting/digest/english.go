package digest

// english is the table of one language. It is made anew for each digest: what
// it costs is nothing beside the digest itself.
func english() *sentences {
	return &sentences{
		Language: "en", Point: ".",
		Months:   [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		measures: englishMeasures(), topWords: englishTop(), stepWords: englishSteps(), entryWords: englishEntries(),
		tableWords: englishTables(), platformWords: englishPlatform(), lossWords: englishLosses(), footWords: englishFoot(),
	}
}

func englishMeasures() measures {
	return measures{
		FromTo: "%s to %s", Between: "between %s and %s", Days: "%s days", OneDay: "1 day", Hours: "%s h", Minutes: "%s min", Seconds: "%s s",
		About: "about %s", AtLeast: "at least %d",
		EndpointCount: forms{"%d endpoint", "%d endpoints"}, MerchantCount: forms{"%d merchant", "%d merchants"},
		EventCount: forms{"%s event", "%s events"}, AttemptCount: forms{"%d first attempt", "%d first attempts"}, ProbeCount: forms{"%d probe", "%d probes"},
		NoAttempts: "no attempts", FailedOf: "%d of %d failed (%s)",
		FirstFailed: forms{"%d of %d first attempt failed (%s)", "%d of %d first attempts failed (%s)"},
	}
}

func englishTop() topWords {
	return topWords{
		Tag: "[Webhook health]", PlatformTag: "[Webhook platform]",
		OK: "OK", Attention: "Attention", Act: "Action needed",
		AllHealthy:  forms{"%[1]d of %[1]d endpoint healthy", "%[1]d of %[1]d endpoints healthy"},
		SomeFailing: forms{"%d of %d endpoint failing", "%d of %d endpoints failing"},
		SomeAct:     forms{"%d of %d endpoint needs action", "%d of %d endpoints need action"},
		SomeLook:    forms{"%d of %d endpoint to look at", "%d of %d endpoints to look at"},
		SomePassed:  forms{"%d of %d endpoint had failures, nothing fails now", "%d of %d endpoints had failures, nothing fails now"},
		SomeUnseen:  forms{"no data for %d of %d endpoint", "no data for %d of %d endpoints"},
		SomeThin:    forms{"data for less than half of the time for %d of %d endpoint", "data for less than half of the time for %d of %d endpoints"},
		Thin:        "data for %s of %s only", Early: "too early to tell, this window began %s ago",
		WillLose:     forms{"%s will be lost at %s", "%s will be lost, the first at %s"},
		LastTry:      forms{"%s gets its last automatic try at %s", "%s get their last automatic try, the first at %s"},
		WorstRatio:   forms{"%s of first attempts failed, limit %s", "at worst %s of first attempts failed, limit %s"},
		HadIncidents: "all endpoints healthy now, incidents in between: %d",
		NoEndpoints:  "there is no endpoint to watch",
		SomePlanned:  forms{"%d of %d endpoint in planned maintenance", "%d of %d endpoints in planned maintenance"},
		PlannedLine:  "Planned maintenance %s, not counted.",

		HealthTitle: "Webhook health of %s", SummaryTitle: "Webhook health of %s: the week", PlatformTitle: "Webhook platform", SoFar: "%s, so far",
		AlsoUTC: "That is %s.", Covered: "We had data for %s of %s.", CoveredSoFar: "We had data for %s of the %s so far.",
		NotCovered:      "We had no data for this time, so nothing here says that all was well.",
		NotCoveredSoFar: "We have had no data so far, so nothing here says that all is well.",
		StillRuns:       "This window still runs: told as of %s.", MadeAt: "Endpoint states, and what waits, are as of %s.",
		Unprobed: "No probe counted: what is told comes from deliveries alone.",
		Merged:   "This digest covers %d windows, because none could be sent in between.",
	}
}

func englishSteps() stepWords {
	return stepWords{
		ToDo: "What to do", Also: "The same goes for %d more.", Advice: englishAdvice(),
		Over: "Nothing has failed since %s.", OverUntil: "Nothing failed %s.", Again: "It answers again.", OverBefore: "%s before:", OverPlain: "Before that,", Was: englishWas(),
		Earlier: "Earlier it failed in another way, and more often: %s.",
		DownNow: "It is down now, and %s", ProbesFailed: "Probes failed, and %s", Within: "within %s", InTime: "in time", NoDelivery: ", so nothing is delivered",
	}
}

func englishEntries() entryWords {
	return entryWords{
		Endpoints: "Endpoints, worst first", MoreEndpoints: "and %d more, none of them worse than these",
		States: map[string]string{
			"suspended": "suspended", "down": "down", "failing": "failing", "degraded": "degraded", "recovering": "recovering",
			"healthy": "healthy", "no_data": "no data",
		},
		HadFailures: "had failures", LittleData: "little data",
		Deliveries: "Deliveries", Before: "the window before: %s", Limit: "limit %s", Available: "Available", Unwatched: "not known, nobody looked",
		Answers: "Answers", AnswersAre: "half within %s, 95%% within %s, 99%% within %s; limit %s", Answered: "of the %d that answered, %s",
		Failures: "Failures", Certificate: "Certificate", Faults: englishFaults(),
		CertificateValid: "valid until %s, %s left", CertificateEnded: "ended on %s", CertificateEnds: "on %s, in %s", On: "on %s",
		CertificateGood: "; it is valid until %s, %s",
		WhenFailed:      "When it failed", WhenFirst: "first %s", WhenMost: "most %s", WhenLast: "last %s",
		WhenFirstMost: "first and most %s", WhenMostLast: "most and last %s", WhenNoneSince: "none since", WhenNoneUntil: "none until %s",
		CertificateFaults: englishCertificates(),
		Strip:             "Failed first attempts and probes in each %s, from %s on", StripPart: "of the %d parts of the window (%s)",
		Watched: "%s of the %s that we watched", InMaintenance: "in planned maintenance", Planned: "Planned maintenance", PlannedRow: "%s, not counted",
		PlannedAll: "not known, planned maintenance all the time", NeverWell: "not known, it was never well yet",
	}
}

func englishTables() tableWords {
	return tableWords{
		Incidents: "Incidents", Parts: "Window by window", Running: "still open", OursLabel: "Cause", Ours: "on our side, not yours",
		Opened: "Opened", Resolved: "Resolved", Severity: "Severity", Title: "Incident", Window: "Window", CoverLabel: "Data for",
		VerdictLabel: "Verdict", FailingLabel: "Endpoints failing", FirstLabel: "First attempts", More: "and %d more",
		AvailableFor: "available %s", DataFor: "data for %s", FailingAre: "endpoints failing %d",
		StillFails: "closed by hand, still failing",
		IncidentIs: map[string]string{
			"platform": "webhook failures are up on the whole platform", "channel": "webhook failures are up on the channel {name}",
			"merchant": "more first attempts to {name} fail than on other days", "certificate": "the certificate of {name} is not in order",
			"failing": "deliveries to {name} fail", "down": "{name} is down", "slow": "{name} answers slowly",
			"loss": "events for {name} get their last automatic try soon", "lost": "events for {name} were lost",
		},
		IncidentWas: map[string]string{
			"platform": "webhook failures were up on the whole platform", "channel": "webhook failures were up on the channel {name}",
			"merchant": "more first attempts to {name} failed than on other days", "certificate": "the certificate of {name} was not in order",
			"failing": "deliveries to {name} failed", "down": "{name} was down", "slow": "{name} answered slowly",
			"loss": "events for {name} were near their last automatic try", "lost": "events for {name} were lost",
		},
	}
}

func englishPlatform() platformWords {
	return platformWords{
		PlatformOK: "nothing new", PlatformUnseen: "nothing was watched",
		PlatformIncidents: [4]string{"critical incidents open: %d", "other incidents open: %d", "incidents open: %d", "critical incidents resolved: %d"},
		PlatformFailing:   "endpoints failing: %s",
		ByShare:           "By the share that failed; a few attempts weigh less than many.",
		ByFailing:         "First those with an endpoint that fails now, then by the share that failed; a few attempts weigh less than many.",
		PlatformBroken: [5]string{
			"endpoints newly broken: %d", "endpoints broken and recovered: %d", "channels over 1%%: %d", "certificates that end soon: %d", "notices not delivered: %d",
		},
		WorstHead: "Merchants, worst first", BrokenHead: "Newly broken", RecoveredHead: "Recovered", CertificateHead: "Certificates that end within 14 days",
		ChannelHead: "Channels over 1%", Merchant: "Merchant", Endpoint: "Endpoint", Fault: "Fault", At: "At", Ends: "Ends", Channel: "Channel",
		EndpointsBad: "Endpoints failing", BadOf: "%d of %d", EndpointsBadOf: "endpoints failing %d of %d", DigestsLabel: "Digests before",
		DigestsWere: [5]string{"%d sent", "%d skipped (all green)", "%d suppressed", "%d waiting", "%d not delivered"}, DeadLabel: "Notices not delivered",
		BacklogLabel: "Events", BacklogIs: [3]string{"%s undelivered", "%s with the last automatic try within 24 h", "%s lost"},
		Watching: "Watching %s of %s.",
		HaveLeft: forms{"%d address has unsubscribed from its digests.", "%d addresses have unsubscribed from their digests."}, LeftHead: "Unsubscribed in this window", Address: "Address",
	}
}

func englishLosses() lossWords {
	return lossWords{
		Waiting: "Waiting", WaitingSince: forms{"%s, since %s", "%s, the oldest since %s"},
		NextTry: "the next automatic try is at %s", NextTryLate: "the next automatic try was due at %s", LongestWait: "the longest wait for one is %s",
		LossIs: forms{
			"{events} gets its last automatic try{when}, {digests}; after that it is lost unless it is sent again by hand.",
			"{events} get their last automatic try{when}, {digests}; after that they are lost unless they are sent again by hand.",
		},
		LossLate: forms{
			"{events} should have got its last automatic try{when}; it is lost unless that comes late, or it is sent again by hand.",
			"{events} should have got their last automatic try{when}; they are lost unless that comes late, or they are sent again by hand.",
		},
		LossOn: " at %s", LossFrom: ", the first at %s", LossFirst: "the first at %s", LossFirstLate: "the first was due at %s", LossIn24: "Within 24 h that is so for %s.",
		BeforeNext: "before the next digest", MoreDigests: forms{"%d more digest comes before that", "%d more digests come before that"},
		LostAre:        forms{"%s is lost: its last automatic try failed.", "%s are lost: their last automatic try failed."},
		RetriesOverdue: forms{"%s retry is overdue on the sending side.", "%s retries are overdue on the sending side."},
	}
}

func englishFoot() footWords {
	return footWords{
		Footer:       "You get this because %s has this address in its digest list. %s",
		WeeklyFooter: "Once a week this says that we still watch, also when nothing was wrong.", PlatformFooter: "For the operators of the platform.",
		Modes: map[string]string{
			"every": "It comes after every window.", "problems": "It comes when something is wrong, and once a week.", "daily": "It comes once a day.",
		},
		ChangeIt: "There is a choice: after every window, once a day, only when something is wrong, or not at all. Whoever runs this service changes it.", Link: "Open webhook health",
		Leave: "Stop these digests",
	}
}
