package grafana

// joined are the labels that say which endpoint a series is about.
const joined = "endpoint, merchant, instance"

// oneEndpointBoard is for whoever has to say why one endpoint is broken.
func oneEndpointBoard() Dashboard {
	d := frame(endpointName, "hookvigil / Endpoint",
		"Which endpoints are broken, and what one of them does, in the series that blackbox_exporter's users know. From /metrics/probes.",
		endpointChoices()...)
	d.Panels = place([]section{
		{"All endpoints of $merchant", everyEndpoint()},
		{"$instance now", endpointNow()},
		{"$instance over time", endpointHistory()},
	})
	return d
}

func everyEndpoint() []Panel {
	by := func(metric string, label string, matchers ...string) string {
		return "max by (" + joined + ", " + label + ") (" + endpoints(metric, matchers...) + ")"
	}
	return []Panel{
		bars(question{
			title: "Endpoints by state", unit: unitCount, words: stateWords(), runbook: "endpoint_down",
			queries: ask("count by (state) ("+endpoints("hookvigil_endpoint_state")+")", "{{state}}"),
			doc:     "Of the merchants chosen. With metrics.probes: unhealthy in the configuration only those that are not well are here.",
		}),
		table(question{
			title: "Endpoints that are not healthy", unit: unitNone, share: 16, none: "all are healthy", runbook: "endpoint_down",
			queries: []query{
				{by("hookvigil_endpoint_state", "state", `state!~"healthy|no_data"`), ""},
				{by("hookvigil_probe_fault_info", "fault", `fault!="none"`), ""},
			},
			doc: "With the fault of the last probe, also while it is not confirmed. The runbook has a cause and a fix for each fault; hookvigil explain ENDPOINT says what would clear it.",
		}, "State", false, column{"merchant", "Merchant"}, column{"endpoint", "Endpoint"}, column{"instance", "URL"},
			column{"state", "State"}, column{"fault", "Fault"}),
		table(question{
			title: "Certificates that end first", unit: unitSeconds, below: true, lowest: red, limits: []limit{{7 * 86400, orange}, {30 * 86400, green}},
			share: 12, runbook: "certificate",
			queries: ask("bottomk(20, min by ("+joined+") ("+endpoints("hookvigil_certificate_not_after_timestamp_seconds")+") - time())", ""),
			doc:     "Time left of what is served; below 0 it has ended. Tell the merchant what expires and when; for our own services renew, and check that the new one is served.",
		}, "Time left", false, column{"merchant", "Merchant"}, column{"endpoint", "Endpoint"}, column{"instance", "URL"}, column{"Value", "Time left"}),
		table(question{
			title: "Slowest endpoints", unit: unitSeconds, limits: over(5, 30), share: 12, runbook: "SlowProbe",
			queries: ask("topk(20, max by ("+joined+") ("+endpoints("probe_duration_seconds")+"))", ""),
			doc:     "Time of the last probe. Over 5 s the endpoint is degraded, at 30 s senders give up: the merchant should answer first and work afterwards.",
		}, "Took", true, column{"merchant", "Merchant"}, column{"endpoint", "Endpoint"}, column{"instance", "URL"}, column{"Value", "Took"}),
	}
}

func endpointNow() []Panel {
	return []Panel{
		stat(question{
			title: "State", unit: unitNone, named: true, words: stateWords(), none: "not shown", share: 3, runbook: "endpoint_down",
			queries: ask(endpoint("hookvigil_endpoint_state"), "{{state}}"),
			doc:     "One word over all signals. hookvigil explain ENDPOINT says which signal gave it and what would clear it.",
		}),
		stat(question{
			title: "Probe", unit: unitNone, named: true, words: verdictWords(), none: "not probed", share: 3, runbook: "ProbeFailed",
			queries: ask(endpoint("hookvigil_probe_verdict"), "{{verdict}}"),
			doc:     "What the last probe says. blocked and unknown are no opinion: we refused to connect, or it was never healthy at this level.",
		}),
		stat(question{
			title: "Fault", unit: unitNone, named: true, none: "not probed", share: 3, runbook: "endpoint_down", words: map[string]string{"none": green},
			queries: ask(endpoint("hookvigil_probe_fault_info"), "{{fault}}"),
			doc:     "Why the last probe failed, one word. The runbook has a cause and a fix for each.",
		}),
		stat(question{
			title: "Status", unit: unitNone, share: 3, none: "no HTTP",
			queries: ask(endpoint("probe_http_status_code"), ""),
			doc:     "Of the last answer; 0 without one. At level reach also 401, 404 or 405 show that somebody answers; 3xx and 5xx are failures.",
		}),
		stat(question{
			title: "Last probe", unit: unitSeconds, share: 3, limits: over(300, 3600), none: "never", runbook: runbookLate,
			queries: ask(age(endpoint("hookvigil_probe_last_run_timestamp_seconds")), ""),
			doc:     "How long ago it started. Much more than its interval: it is suspended, or hookvigil is late: see the dashboard hookvigil.",
		}),
		stat(question{
			title: "Certificate", unit: unitNone, named: true, words: verdictWords(), none: "no TLS", share: 3, runbook: "certificate",
			queries: ask(endpoint("hookvigil_certificate_verdict"), "{{verdict}}"),
			doc:     "What the second signal says. hookvigil certificate ENDPOINT shows every address and the whole chain.",
		}),
		stat(question{
			title: "Certificate fault", unit: unitNone, named: true, none: "no TLS", share: 3, runbook: "certificate", words: map[string]string{"none": green},
			queries: ask(endpoint("hookvigil_certificate_fault_info"), "{{fault}}"),
			doc:     "The worst finding of the last look. The runbook says what it means and who must do what.",
		}),
		stat(question{
			title: "Certificate time left", unit: unitSeconds, below: true, share: 3, none: "no TLS", runbook: "certificate",
			lowest: red, limits: []limit{{7 * 86400, orange}, {30 * 86400, green}},
			queries: ask(endpoint("hookvigil_certificate_not_after_timestamp_seconds")+" - time()", ""),
			doc:     "Of what is served. How little is too little depends on its lifetime: warn_below and page_below in the configuration.",
		}),
	}
}

func endpointHistory() []Panel {
	return []Panel{
		chart(question{
			title: "Success", unit: unitRatio, most: 1, runbook: "ProbeFailed",
			queries: ask("avg by ("+joined+") (avg_over_time("+endpoint("probe_success")+"[$__rate_interval]))", "{{endpoint}}"),
			doc:     "Share of scrapes that saw the last probe succeed. A gap means that we had no opinion; short dips that come back are restarts or a load balancer with one bad member.",
		}),
		chart(question{
			title: "State over time", unit: unitNone, stacked: true, words: stateWords(), runbook: "endpoint_down",
			queries: ask("count by (state) ("+endpoint("hookvigil_endpoint_state")+")", "{{state}}"),
			doc:     "The word at each moment. Compare its changes with the merchant's deployments and with the incident's timeline.",
		}),
		chart(question{
			title: "Time by phase", unit: unitSeconds, stacked: true,
			queries: ask("max by (phase) ("+endpoint("probe_http_duration_seconds")+")", "{{phase}}"),
			doc:     "Of the last probe. processing is the endpoint's own work; connect and tls are distance and load; resolve is DNS.",
		}),
		chart(question{
			title: "Time to answer", unit: unitSeconds, limits: over(5, 30), runbook: "SlowProbe",
			queries: ask("max by ("+joined+") ("+endpoint("probe_duration_seconds")+")", "{{endpoint}}"),
			doc:     "Of the last probe, until the end of the body. A saw-tooth below 5 s is load; a line at 30 s is a handler that waits for something that does not come.",
		}),
		chart(question{
			title: "Status over time", unit: unitNone,
			queries: ask("max by ("+joined+") ("+endpoint("probe_http_status_code")+")", "{{endpoint}}"),
			doc:     "Of the last answer; 0 without one. 502, 503 and 504 are a proxy without its backend, 401 and 403 a token or a firewall.",
		}),
		chart(question{
			title: "Changes of address", unit: unitCount,
			queries: ask("max by ("+joined+") (changes("+endpoint("probe_ip_addr_hash")+"[$__rate_interval]))", "{{endpoint}}"),
			doc:     "How often the address that was probed changed. Failures that come and go with it are one bad address of several: hookvigil certificate ENDPOINT dials each of them.",
		}),
	}
}
