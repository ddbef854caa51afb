package grafana

// overview is for whoever has the pager: is something broken, and where.
func overview() Dashboard {
	d := frame(overviewName, "hookvigil / Overview",
		"Whether webhooks arrive, whose endpoints are broken, and whether hookvigil itself does its duty. From /metrics.", daemonChoices()...)
	d.Panels = place([]section{
		{"Now", overviewNow()},
		{"Incidents", overviewIncidents()},
		{"Endpoints", overviewEndpoints()},
		{"Certificates and notices", overviewRest()},
	})
	return d
}

func overviewNow() []Panel {
	return []Panel{
		stat(question{
			title: "Critical incidents", unit: unitCount, limits: anyIsBad(), runbook: "README",
			queries: ask(sum(of("hookvigil_incidents_open", `severity="critical"`)), ""),
			doc:     "Incidents that page and are not resolved. Open the incident (hookvigil incident ls), acknowledge it, follow its runbook.",
		}),
		stat(question{
			title: "Open incidents", unit: unitCount, limits: []limit{{1, orange}}, runbook: "README",
			queries: ask(sum(of("hookvigil_incidents_open")), ""),
			doc:     "Incidents of every severity that are not resolved. Look at the rule below, and at hookvigil incident ls for the words.",
		}),
		stat(question{
			title: "Failed share of first attempts", unit: unitRatio, limits: over(0.01, 0.04), none: "no attempts", runbook: "platform_error_ratio",
			queries: ask(worst(of("hookvigil_delivery_error_ratio", `scope="platform"`)), ""),
			doc:     "Of all traffic in the last 5 minutes; 4% is critical. Open the dashboard Deliveries to see which channel and which outcome. No attempts means no data, not health.",
		}),
		stat(question{
			title: "Endpoints down", unit: unitCount, limits: anyIsBad(), runbook: "endpoint_down",
			queries: ask(sum(of("hookvigil_endpoints", `state="down"`)), ""),
			doc:     "Confirmed by several probes. Open the dashboard Endpoint for which ones and why; several at once with one fault are likely one cause.",
		}),
		stat(question{
			title: "Certificates that fail", unit: unitCount, limits: anyIsBad(), runbook: "certificate",
			queries: ask(sum(of("hookvigil_certificates", `verdict="fail"`)), ""),
			doc:     "Senders that verify cannot deliver to them. hookvigil certificate ADDRESS says what is wrong with the chain.",
		}),
		stat(question{
			title: "Duty problems", unit: unitCount, limits: anyIsBad(), runbook: runbookOffDuty,
			queries: ask(worst(of("hookvigil_duty_problems")), ""),
			doc:     "What keeps hookvigil from its work; while it is not 0, what this page shows may be old. GET /-/duty says it in words; see the dashboard hookvigil.",
		}),
	}
}

func overviewIncidents() []Panel {
	return []Panel{
		chart(question{
			title: "Incidents by severity", unit: unitCount, stacked: true, words: map[string]string{"critical": red, "high": orange, "low": yellow},
			queries: ask(sum(of("hookvigil_incidents_open"), "severity"), "{{severity}}"),
			doc:     "Incidents that are not resolved. A step up is a new one; a plateau for hours is one that nobody works on: look at who acknowledged it.",
		}),
		chart(question{
			title: "Incident events", unit: unitCount, runbook: "README",
			queries: ask(sum(increase("hookvigil_incident_transitions_total"), "kind"), "{{kind}}"),
			doc:     "Lines of timelines, by kind. Opened and resolved in turn, again and again, is flapping: see what the condition's evidence says with hookvigil explain.",
		}),
		bars(question{
			title: "Open conditions", unit: unitCount, limits: []limit{{1, orange}}, share: 12, runbook: "README",
			queries: ask(sum(of("hookvigil_conditions_open"), "rule"), "{{rule}}"),
			doc:     "Rules that are met now, each in its scope; several conditions with one cause are one incident. The page of the rule's name in the runbooks says what to look at first.",
		}),
		bars(question{
			title: "Open incidents by rule", unit: unitCount, limits: []limit{{1, orange}}, share: 12, runbook: "README",
			queries: ask(sum(of("hookvigil_incidents_open"), "rule"), "{{rule}}"),
			doc:     "By the rule that leads the incident. common_cause is one fault at many merchants at once: look for what they share, their host, issuer, address range, or us.",
		}),
	}
}

func overviewEndpoints() []Panel {
	return []Panel{
		chart(question{
			title: "Endpoints by state", unit: unitCount, stacked: true, words: stateWords(), runbook: "endpoint_down",
			queries: ask(sum(of("hookvigil_endpoints"), "state"), "{{state}}"),
			doc:     "One word for each endpoint over all signals, the worst wins. no_data that grows means that we do not look: see Lateness on the dashboard hookvigil.",
		}),
		chart(question{
			title: "Faults of probes", unit: unitRate, runbook: "endpoint_down",
			queries: ask(sum(rate("hookvigil_probes_total", `fault!="none"`), "fault"), "{{fault}}"),
			doc:     "Why probes fail, a second. One fault that rises everywhere at once is a common cause, and dns, unreachable or connect timeouts are likely ours: try hookvigil probe from another network.",
		}),
		chart(question{
			title: "Time to answer", unit: unitSeconds, limits: over(5, 30), runbook: "SlowProbe",
			queries: []query{
				{quantile("0.5", "hookvigil_probe_duration_seconds"), "half are below"},
				{quantile("0.95", "hookvigil_probe_duration_seconds"), "95% are below"},
				{quantile("0.99", "hookvigil_probe_duration_seconds"), "99% are below"},
			},
			doc: "Of all probes. Over 5 s an endpoint is slow, at 30 s senders give up. If all rise together, suspect our network or resolver: see the phases beside it.",
		}),
		chart(question{
			title: "Time by phase", unit: unitSeconds,
			queries: ask(quantile("0.95", "hookvigil_probe_phase_seconds", "phase"), "{{phase}}"),
			doc:     "95% of probes are below. resolve that rises is the resolver, connect is the network, tls and processing are the endpoints' own.",
		}),
	}
}

func overviewRest() []Panel {
	return []Panel{
		bars(question{
			title: "Certificates by verdict", unit: unitCount, words: verdictWords(), runbook: "certificate",
			queries: ask(sum(of("hookvigil_certificates"), "verdict"), "{{verdict}}"),
			doc:     "What the last look says. warn is little time left or a weakness: tell the merchant; fail is an outage for senders that verify.",
		}),
		bars(question{
			title: "What is watched", unit: unitCount,
			queries: ask(sum(of("hookvigil_registered"), "kind"), "{{kind}}"),
			doc:     "Merchants, endpoints and targets that are registered. A sudden drop is a mistake in the file or an import: see the last reload.",
		}),
		bars(question{
			title: "Notices that wait", unit: unitCount, limits: over(1, 10), runbook: runbookOutbox,
			queries: ask(sum(of("hookvigil_outbox_waiting"), "lane"), "{{lane}}"),
			doc:     "Due and not sent, by receiver. More than a few for a minute means that a receiver is down: see Notices on the dashboard hookvigil.",
		}),
	}
}
