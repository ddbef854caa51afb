package grafana

// Pages of docs/runbooks about hookvigil itself, one for each alert.
const (
	runbookOffDuty = "HookvigilOffDuty"
	runbookAbsent  = "HookvigilAbsent"
	runbookReload  = "ConfigReloadFailed"
	runbookPanics  = "Panics"
	runbookLate    = "LooksLate"
	runbookApply   = "ApplyLag"
	runbookStore   = "StoreFailures"
	runbookOutbox  = "OutboxStuck"
	runbookStopped = "LaneStopped"
	runbookDead    = "DeadLetters"
	runbookRefused = "AttemptsRefused"
	runbookDigest  = "HookvigilDigestLate"

	runbookDowngraded = "HookvigilSourceDowngraded"
)

// daemon watches the watcher.
func daemon() Dashboard {
	d := frame(daemonName, "hookvigil / hookvigil itself",
		"Whether hookvigil does its duty: looks in time, decides, stores and tells. From /metrics.", daemonChoices()...)
	d.Panels = place([]section{
		{"Duty", daemonDuty()},
		{"Looks", daemonLooks()},
		{"Sources of attempts", daemonSources()},
		{"From fact to incident", daemonFacts()},
		{"Notices", daemonNotices()},
		{"Digests", daemonDigests()},
		{"HTTP", daemonHTTP()},
		{"Process", daemonProcess()},
	})
	return d
}

func daemonDuty() []Panel {
	return []Panel{
		stat(question{
			title: "Up", unit: unitNone, share: 3, lowest: red, limits: []limit{{1, green}}, runbook: runbookAbsent,
			queries: ask("min("+of("up")+")", ""),
			doc:     "1 when the last scrape was answered. 0: is the process there, and does /-/healthy answer? Nothing is watched while it is down.",
		}),
		stat(question{
			title: "Problems", unit: unitCount, share: 3, limits: anyIsBad(), runbook: runbookOffDuty,
			queries: ask(worst(of("hookvigil_duty_problems")), ""),
			doc:     "What keeps it from its duty, counted. GET /-/duty says each in a sentence.",
		}),
		stat(question{
			title: "Last self-check", unit: unitSeconds, share: 3, limits: over(60, 300), runbook: runbookOffDuty,
			queries: ask(worst(age(of("hookvigil_heartbeat_timestamp_seconds"))), ""),
			doc:     "How long ago it asked itself. Minutes mean that its jobs hang although it answers: take a goroutine dump (SIGQUIT) and restart it.",
		}),
		stat(question{
			title: "Configuration", unit: unitNone, named: true, share: 3, words: map[string]string{"taken": green, "refused": red}, runbook: runbookReload,
			queries: []query{
				{"min(" + of("hookvigil_config_last_reload_successful") + ") == 1", "taken"},
				{"min(" + of("hookvigil_config_last_reload_successful") + ") == 0", "refused"},
			},
			doc: "Whether the last load was taken. Refused: the old one is in force; hookvigil check names every fault with its line.",
		}),
		stat(question{
			title: "Age of configuration", unit: unitSeconds, share: 3, runbook: runbookReload,
			queries: ask(worst(age(of("hookvigil_config_last_reload_success_timestamp_seconds"))), ""),
			doc:     "Since the one in force was loaded. Older than your last change: it was not reloaded (SIGHUP, or POST /-/reload).",
		}),
		stat(question{
			title: "Panics in view", unit: unitCount, share: 3, limits: anyIsBad(), runbook: runbookPanics,
			queries: ask(sum(inView("hookvigil_panics_total")), ""),
			doc:     "Each is a bug that was caught; the log has its stack. Report it with the stack. The very first one of a part shows in the alert alone.",
		}),
		stat(question{
			title: "Store failures in view", unit: unitCount, share: 3, limits: anyIsBad(), runbook: runbookStore,
			queries: ask(sum(inView("hookvigil_store_failures_total")), ""),
			doc:     "Calls of the store that failed. Look at space and health of the disk under data_dir; nothing decided is told before it is stored.",
		}),
		stat(question{
			title: "Version", unit: unitNone, named: true, share: 3,
			queries: ask("count by (version) ("+of("hookvigil_build_info")+")", "{{version}}"),
			doc:     "What runs. Two at once is an update half way: look at which instance is the old one.",
		}),
	}
}

func daemonLooks() []Panel {
	return []Panel{
		chart(question{
			title: "Lateness", unit: unitSeconds, limits: over(1, 5), runbook: runbookLate,
			queries: []query{
				{quantile("0.99", "hookvigil_probe_lateness_seconds"), "probes, 99% are below"},
				{quantile("0.99", "hookvigil_certificate_lateness_seconds"), "certificates, 99% are below"},
			},
			doc: "How late looks start. Over 5 s it is off duty: too many endpoints for the descriptors or processors there are, or a machine that is starved.",
		}),
		heat(question{
			title: "Lateness of probes, all of it", unit: unitSeconds, runbook: runbookLate,
			queries: ask(sum(increase("hookvigil_probe_lateness_seconds_bucket"), "le"), "{{le}}"),
			doc:     "Each column is how many started how late. A dark band that climbs is a schedule that cannot keep up; single cells high up are pauses of the machine.",
		}),
		chart(question{
			title: "Looks", unit: unitRate, share: 8,
			queries: []query{
				{sum(rate("hookvigil_probes_total"), "verdict"), "probe {{verdict}}"},
				{sum(rate("hookvigil_certificate_looks_total"), "verdict"), "certificate {{verdict}}"},
			},
			doc: "A second, by what they say. The sum is endpoints by interval; less means skipped or suspended ones, more means confirmations of failures.",
		}),
		chart(question{
			title: "Looks in flight", unit: unitCount, share: 8, runbook: runbookLate,
			queries: ask(sum(of("hookvigil_looks_in_flight"), "signal"), "{{signal}}"),
			doc:     "That run now. A plateau is the bound, 10,000 a signal or fewer descriptors: raise LimitNOFILE.",
		}),
		chart(question{
			title: "Turns left out", unit: unitRate, share: 8, runbook: runbookLate,
			queries: ask(sum(rate("hookvigil_ticks_skipped_total"), "signal"), "{{signal}}"),
			doc:     "A second, because the last look of the same endpoint still ran. One that answers later than its interval does so all the time: lengthen the interval, or shorten the timeout.",
		}),
	}
}

func daemonFacts() []Panel {
	return []Panel{
		chart(question{
			title: "Lags", unit: unitSeconds, limits: over(10, 60), runbook: runbookApply,
			queries: []query{
				{worst(of("hookvigil_apply_lag_seconds")), "attempts until counted"},
				{worst(of("hookvigil_commit_lag_seconds")), "conditions until stored"},
				{worst(of("hookvigil_desk_lag_seconds")), "changes until the desk"},
			},
			doc: "How long the oldest waits at each step from fact to incident. Above 10 s for the last two, a minute for the first, it is off duty: look at the disk.",
		}),
		chart(question{
			title: "Size of the log", unit: unitBytes, runbook: runbookApply,
			queries: ask(sum(of("hookvigil_log_bytes"), "instance"), "{{instance}}"),
			doc:     "Of acknowledged attempts on disk. It is trimmed behind what is applied; growth without end means that the applier stands still.",
		}),
		chart(question{
			title: "Store failures", unit: unitRate, runbook: runbookStore, limits: anyIsBad(),
			queries: ask(sum(rate("hookvigil_store_failures_total"), "verb"), "{{verb}}"),
			doc:     "A second, by what was tried. Look at the log for the reason: space, permissions, a damaged file.",
		}),
		chart(question{
			title: "Changes of conditions", unit: unitCount, runbook: "README",
			queries: ask(sum(increase("hookvigil_condition_changes_total"), "change"), "{{change}}"),
			doc:     "Opened, raised and cleared. Many opened at once are one cause; the desk makes one incident of them.",
		}),
		chart(question{
			title: "Time since results were saved", unit: unitSeconds, limits: over(30, 60), runbook: runbookStore,
			queries: ask(worst(age("("+of("hookvigil_store_last_saved_timestamp_seconds")+" > 0)")), "age"),
			doc:     "Every 10 s. Over a minute it is off duty: what the looks found since would be lost in a crash.",
		}),
		chart(question{
			title: "Panics", unit: unitCount, runbook: runbookPanics, limits: anyIsBad(),
			queries: ask(sum(increase("hookvigil_panics_total"), "part"), "{{part}}"),
			doc:     "By the part that caught it. Each is a bug; nothing else stopped because of it. Report it with its stack from the log.",
		}),
	}
}

func daemonNotices() []Panel {
	return []Panel{
		chart(question{
			title: "Oldest notice that is due", unit: unitSeconds, limits: over(60, 900), runbook: runbookOutbox,
			queries: ask(worst(of("hookvigil_outbox_oldest_due_seconds"), "lane"), "{{lane}}"),
			doc:     "By receiver. A critical one may wait a minute, others 15. hookvigil outbox ls shows what the receiver answers.",
		}),
		chart(question{
			title: "Notices that wait", unit: unitCount, runbook: runbookOutbox,
			queries: ask(sum(of("hookvigil_outbox_waiting"), "lane"), "{{lane}}"),
			doc:     "Due and not sent. A pile that shrinks is a storm being worked off; one that grows is a receiver that is down or limits us.",
		}),
		table(question{
			title: "Receivers", unit: unitNone, share: 8, none: "none configured", limits: anyIsBad(), runbook: runbookStopped,
			queries: []query{
				{worst(of("hookvigil_lane_failing"), "lane"), ""},
				{worst(of("hookvigil_lane_stopped"), "lane"), ""},
			},
			doc: "1 is bad. Failing: it has refused since its last success. Stopped: it refuses our credentials; mend them and reload, what waits is then sent.",
		}, "Stopped", true, column{"lane", "Receiver"}, column{"Value #A", "Failing"}, column{"Value #B", "Stopped"}),
		chart(question{
			title: "Tries to send", unit: unitRate, share: 8, words: map[string]string{"ok": green, "auth": red, "destination": red, "transient": orange, "limited": yellow},
			queries: ask(sum(rate("hookvigil_notify_attempts_total"), "class"), "{{class}}"),
			doc:     "A second, by how they ended. auth and destination need a person; transient, limited and ambiguous are tried again by themselves.",
		}),
		chart(question{
			title: "Time from decision to arrival", unit: unitSeconds, share: 8, limits: []limit{{60, orange}}, runbook: runbookOutbox,
			queries: ask(quantile("0.95", "hookvigil_notify_latency_seconds", "kind"), "{{kind}}, 95% are below"),
			doc:     "Of notices that were sent. A page should take seconds; minutes are retries or a limit of the receiver's.",
		}),
		stat(question{
			title: "Dead letters in view", unit: unitCount, share: 8, none: "no receivers", limits: anyIsBad(), runbook: runbookDead,
			queries: ask(sum(inView("hookvigil_dead_letters_total")), ""),
			doc:     "Notices that will not be tried again. hookvigil outbox ls shows them and why; retry or drop each.",
		}),
		stat(question{
			title: "Sent perhaps twice in view", unit: unitCount, share: 8,
			queries: ask(sum(inView("hookvigil_notify_ambiguous_total")), ""),
			doc:     "Tries whose answer was lost: they may have arrived, and went again with the same key. Many are a network that drops answers.",
		}),
		stat(question{
			title: "Told by a summary in view", unit: unitCount, share: 8, none: "no receivers",
			queries: ask(sum(inView("hookvigil_notices_held_total")), ""),
			doc:     "Notices of a storm that one summary told instead. The incidents are all in hookvigil incident ls.",
		}),
	}
}

func daemonDigests() []Panel {
	return []Panel{
		stat(question{
			title: "Windows last closed", unit: unitSeconds, share: 8, limits: over(300, 900), none: "never", runbook: runbookDigest,
			queries: ask(worst(age("("+of("hookvigil_digest_last_closed_timestamp_seconds")+" > 0)")), ""),
			doc:     "How long ago all windows that had ended were closed without a fault: every 30 s. Minutes mean that digests are not made: the log says why.",
		}),
		stat(question{
			title: "Oldest digest that is due", unit: unitSeconds, share: 8, limits: over(600, 3600), runbook: runbookDigest,
			queries: ask(worst(of("hookvigil_digest_oldest_due_seconds")), ""),
			doc:     "How long it waits to arrive; 0: none waits. Over an hour is a mail server that is away: hookvigil digest ledger --state waiting shows whose it is.",
		}),
		stat(question{
			title: "Last digest arrived", unit: unitSeconds, share: 8, none: "none lately", runbook: runbookDigest,
			queries: ask("min("+age("("+of("hookvigil_digest_last_success_timestamp_seconds")+" > 0)")+")", ""),
			doc:     "How long ago. Longer than a window and 48 minutes, while windows close: look at what became of them beside.",
		}),
		bars(question{
			title: "What became of windows", unit: unitCount, share: 12, runbook: runbookDigest, words: digestWords(),
			queries: ask(sum(of("hookvigil_digest_windows"), "state"), "{{state}}"),
			doc:     "Of those that began in the last two days (weekly ones: two weeks). dead was not delivered, stale too long ago when it could have been told: hookvigil digest ledger --state dead lists them.",
		}),
		chart(question{
			title: "Windows that wait or were lost", unit: unitCount, runbook: runbookDigest, words: digestWords(),
			queries: ask(sum(of("hookvigil_digest_windows", `state=~"waiting|dead|stale"`), "state"), "{{state}}"),
			doc:     "waiting rises when a window closes and is gone within 45 minutes; a plateau is a mail server that is away. dead that rises needs a person: hookvigil outbox ls.",
		}),
	}
}

func daemonHTTP() []Panel {
	return []Panel{
		chart(question{
			title: "Requests", unit: unitRate,
			queries: ask(sum(rate("hookvigil_http_requests_total"), "code"), "{{code}}"),
			doc:     "A second, by class of status. 4xx that rise are a client with a bad token or body, 5xx are ours: see the log.",
		}),
		chart(question{
			title: "Slowest routes", unit: unitSeconds, limits: []limit{{5, orange}},
			queries: ask("topk(8, "+quantile("0.99", "hookvigil_http_request_duration_seconds", "route")+" >= 0)", "{{route}}"),
			doc:     "99% of requests are below. Attempts wait for the disk to sync; /metrics/probes grows with the endpoints: use shards.",
		}),
	}
}

func daemonProcess() []Panel {
	return []Panel{
		chart(question{
			title: "Processors used", unit: unitCores, share: 8,
			queries: ask(sum(rate("process_cpu_seconds_total"), "instance"), "{{instance}}"),
			doc:     "1 is one processor all the time. TLS handshakes take most; longer intervals or keep_alive take less.",
		}),
		chart(question{
			title: "Memory", unit: unitBytes, share: 8,
			queries: []query{
				{sum(of("process_resident_memory_bytes"), "instance"), "{{instance}} resident"},
				{sum(of("go_memstats_heap_inuse_bytes"), "instance"), "{{instance}} heap"},
			},
			doc: "Growth without end is a leak: restart it, and report it with this picture.",
		}),
		chart(question{
			title: "Goroutines", unit: unitCount, share: 8,
			queries: ask(sum(of("go_goroutines"), "instance"), "{{instance}}"),
			doc:     "Follows the looks in flight. Growth while these stand still is a leak: report it with a dump (SIGQUIT).",
		}),
		chart(question{
			title: "Descriptors used", unit: unitRatio, most: 1, limits: over(0.7, 0.9), share: 8, runbook: runbookLate,
			queries: ask(worst(of("process_open_fds")+" / "+of("process_max_fds"), "instance"), "{{instance}}"),
			doc:     "Of those allowed. Near 1 fewer looks run at a time and begin late: raise LimitNOFILE.",
		}),
		chart(question{
			title: "Pauses of the collector", unit: unitSeconds, share: 8,
			queries: ask(worst(of("go_gc_duration_seconds", `quantile=~"1|1.0"`), "instance"), "{{instance}}"),
			doc:     "The longest of the last collections. Over 0.1 s the machine is starved of processors.",
		}),
		chart(question{
			title: "Series left out", unit: unitCount, share: 8, limits: anyIsBad(),
			queries: ask(worst(of("hookvigil_probe_series_dropped"), "instance"), "{{instance}}"),
			doc:     "Of the last answer of /metrics/probes, by its limit. Scrape it in shards (?shard=0&shards=4), or set metrics.probes: unhealthy.",
		}),
	}
}
