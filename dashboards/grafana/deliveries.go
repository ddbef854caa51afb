package grafana

// deliveries is about real traffic: what senders report of their attempts.
func deliveries() Dashboard {
	d := frame(deliveriesName, "hookvigil / Deliveries",
		"What senders report of real deliveries: how many first attempts fail, where and how, and when what waits is lost. From /metrics.", daemonChoices()...)
	d.Panels = place([]section{
		{"Now", deliveriesNow()},
		{"The loss clock", lossClock()},
		{"Failures", deliveriesFailures()},
		{"What senders send", deliveriesIntake()},
	})
	return d
}

func deliveriesNow() []Panel {
	return []Panel{
		stat(question{
			title: "Failed share of first attempts", unit: unitRatio, limits: over(0.01, 0.04), none: "no attempts", share: 6, runbook: "platform_error_ratio",
			queries: ask(worst(of("hookvigil_delivery_error_ratio", `scope="platform"`)), ""),
			doc:     "Of all traffic in the last 5 minutes; 4% is critical. Look at the channels and the outcomes below: one channel alone is that channel's, all together is ours.",
		}),
		stat(question{
			title: "Worst channel", unit: unitRatio, limits: over(0.01, 0.04), none: "no attempts", share: 6, runbook: "channel_error_ratio",
			queries: ask(worst(of("hookvigil_delivery_error_ratio", `scope=~"channel:.+"`)), ""),
			doc:     "Failed share of the payment channel that stands worst, over 5 minutes. Its name is in the bars below.",
		}),
		stat(question{
			title: "First attempts", unit: unitRate, share: 6, runbook: "silence",
			queries: ask(sum(rate("hookvigil_deliveries_first_total")), ""),
			doc:     "That count into a ratio, a second. 0 while there is business means that a sender has stopped, or reports nothing: see what senders send.",
		}),
		stat(question{
			title: "Failed first attempts in view", unit: unitCount, share: 6, limits: []limit{{1, orange}},
			queries: ask(sum(inView("hookvigil_deliveries_first_failed_total")), ""),
			doc:     "In the whole time shown. Each is an event that a merchant hears of late, after a retry, or never: GET /api/v1/ratios counts them for a scope.",
		}),
	}
}

func deliveriesFailures() []Panel {
	return []Panel{
		chart(question{
			title: "Failed share, platform", unit: unitRatio, limits: over(0.01, 0.04), runbook: "platform_error_ratio",
			queries: []query{
				{worst(of("hookvigil_delivery_error_ratio", `scope="platform"`)), "last 5 minutes"},
				{sum(rate("hookvigil_deliveries_first_failed_total")) + " / " + sum(rate("hookvigil_deliveries_first_total")), "by completion, as scraped"},
			},
			doc: "First attempts of all traffic. A step is a deployment or an outage, ours or a provider's; a slow rise is load. A gap is no traffic.",
		}),
		chart(question{
			title: "Failed share by channel", unit: unitRatio, limits: over(0.01, 0.04), runbook: "channel_error_ratio",
			queries: ask("topk(10, "+worst(of("hookvigil_delivery_error_ratio", `scope=~"channel:.+"`), "scope")+")", "{{scope}}"),
			doc:     "The ten worst at each moment. One that stands out alone: look at what that channel's events have in common, their product, their payload, their merchants.",
		}),
		chart(question{
			title: "First attempts by outcome", unit: unitRate, stacked: true,
			words: map[string]string{
				"success": green, "client_error": yellow, "server_error": red, "timeout": orange,
				"tls": "purple", "dns": blue, "refused": "dark-red", "other": grey,
			},
			queries: ask(sum(rate("hookvigil_deliveries_total"), "outcome"), "{{outcome}}"),
			doc:     "How first attempts ended, a second. client_error is what merchants refuse (often a token), server_error and timeout are their outages, dns and tls at many merchants at once are ours.",
		}),
		bars(question{
			title: "Channels, worst first", unit: unitRatio, limits: over(0.01, 0.04), share: 12, runbook: "channel_error_ratio",
			queries: ask("sort_desc(topk(20, "+worst(of("hookvigil_delivery_error_ratio", `scope=~"channel:.+"`), "scope")+"))", "{{scope}}"),
			doc:     "Failed share of first attempts in the last 5 minutes. channel:unknown is all channels beyond 200, and names that are no name.",
		}),
	}
}

func deliveriesIntake() []Panel {
	return []Panel{
		chart(question{
			title: "Attempts taken in", unit: unitRate, words: map[string]string{"accepted": green, "duplicate": blue, "rejected": red},
			queries: ask(sum(rate("hookvigil_attempts_total"), "result"), "{{result}}"),
			doc:     "A second. rejected are lines that cannot be read: the answer to the sender says which and why. Duplicates are a sender that repeats, and harmless.",
		}),
		chart(question{
			title: "Batches refused", unit: unitRate, runbook: runbookRefused, limits: anyIsBad(),
			queries: ask(sum(rate("hookvigil_attempts_refused_total"), "reason"), "{{reason}}"),
			doc:     "A second. busy and full are the disk's: make room in data_dir, look at its speed. Senders keep a refused batch and must send it again.",
		}),
		chart(question{
			title: "Attempts that came too late", unit: unitRate,
			queries: ask(sum(rate("hookvigil_attempts_late_total")), "late"),
			doc:     "Received more than 60 s after they ended, a second: they correct history and decide nothing. Have the sender report sooner, or detection comes as late as it does.",
		}),
		chart(question{
			title: "Time until counted", unit: unitSeconds, limits: over(10, 60), runbook: runbookApply,
			queries: ask(worst(of("hookvigil_apply_lag_seconds")), "oldest that waits"),
			doc:     "How long the oldest attempt waits behind its acknowledgement. Over a minute the ratios are old: look at the disk and at Store failures on the dashboard hookvigil.",
		}),
		table(question{
			title: "Heartbeats", unit: unitSeconds, share: 12, runbook: "silence", none: "none configured",
			queries: ask(worst(of("hookvigil_heartbeat_age_seconds"), "id"), ""),
			doc:     "How long ago each dead man's switch came last. Beyond its interval and grace the job has stopped or cannot reach us: look at the job first. One that has not come since hookvigil started is not here; incidents of the rule silence still tell of it.",
		}, "Age", true, column{"id", "Heartbeat"}, column{"Value", "Age"}),
		bars(question{
			title: "Changes of ratio conditions in view", unit: unitCount, share: 12, runbook: "platform_error_ratio",
			queries: ask(sum(inView("hookvigil_condition_changes_total", `rule=~".+_error_ratio"`), "rule", "change"), "{{rule}} {{change}}"),
			doc:     "How often a ratio rule opened, rose or cleared in the time shown. Many in turn is a series at its threshold: hookvigil explain shows its numbers.",
		}),
	}
}
