package grafana

// Pages of docs/runbooks about events that wait, one for each alert.
const (
	runbookAtRisk  = "WebhookEventsAtRisk"
	runbookLost    = "WebhookEventsLost"
	runbookMissing = "WebhookRetriesMissing"
)

// What waits to be delivered.
const (
	undelivered    = "hookvigil_events_undelivered"
	oldestWaits    = "hookvigil_events_oldest_undelivered_seconds"
	retriesMissing = "hookvigil_retries_missing"
)

// atRisk are the undelivered events that get their last automatic try within
// that time: those of a longer one include those of a shorter.
func atRisk(within string) string { return sum(of("hookvigil_events_at_risk", `within="`+within+`"`)) }

// lossClock shows how much time is left until merchants lose events.
func lossClock() []Panel { return append(lossNow(), lossHistory()...) }

// Limits of ages are an hour, in which most of what passes has passed, and
// 18 h, after which the usual schedule of 24 h has 6 h left.
func lossNow() []Panel {
	return []Panel{
		stat(question{
			title: "Undelivered events", unit: unitCount, limits: []limit{{1, orange}}, share: 5, runbook: runbookAtRisk,
			queries: ask(sum(of(undelivered)), ""),
			doc:     "Their first attempt failed, and the sender still tries by itself. Their merchants have not heard of these payments yet: nothing is lost while tries are left. hookvigil backlog says when the next one comes.",
		}),
		stat(question{
			title: "Last try within 6 h", unit: unitCount, limits: []limit{{1, orange}}, share: 5, runbook: runbookAtRisk,
			queries: ask(atRisk("6h"), ""),
			doc:     "Of the undelivered: after that try nobody tells their merchants any more, an order that is paid stays open in their books. Six hours are one digest: call the merchant, or mend what stands in the way.",
		}),
		stat(question{
			title: "Lost in the last 24 h", unit: unitCount, limits: anyIsBad(), share: 5, runbook: runbookLost,
			queries: ask(sum(of("hookvigil_events_lost")), ""),
			doc:     "The last automatic try failed, and nobody delivered them since. Their merchants learn of these payments only when a person sends them again: hookvigil event ls --state exhausted lists what to send.",
		}),
		stat(question{
			title: "Oldest undelivered", unit: unitSeconds, limits: over(3600, 18*3600), share: 5, runbook: runbookAtRisk,
			queries: ask(worst(of(oldestWaits)), ""),
			doc:     "How long its merchant has waited for the oldest; 0: none waits. Over an hour merchants see it in their books, after 18 h the usual schedule of 24 h has 6 h left. Find its endpoint with hookvigil event ls.",
		}),
		stat(question{
			title: "Missing retries", unit: unitCount, limits: over(1, 101), share: 4, runbook: runbookMissing,
			queries: ask(sum(of(retriesMissing)), ""),
			doc:     "Events whose next automatic try is overdue: their sender is late, whatever the endpoints do. Over 100, or over 1% of the undelivered, look at the sender's queue and workers.",
		}),
	}
}

func lossHistory() []Panel {
	return []Panel{
		chart(question{
			title: "Undelivered and lost", unit: unitCount, runbook: runbookLost, words: map[string]string{"undelivered": orange, "lost in 24 h": red},
			queries: []query{
				{sum(of(undelivered)), "undelivered"},
				{sum(of("hookvigil_events_lost")), "lost in 24 h"},
			},
			doc: "undelivered that falls while lost stands still is a recovery; what leaves undelivered and comes up as lost has had its last try, and waits for a person. lost falls when somebody delivers them, and after 24 h.",
		}),
		chart(question{
			title: "Undelivered, by their last try", unit: unitCount, stacked: true, runbook: runbookAtRisk,
			words: map[string]string{"within 1 h": red, "in 1 to 6 h": orange, "in 6 to 24 h": yellow, "later, or not known": blue},
			queries: []query{
				{atRisk("1h"), "within 1 h"},
				{atRisk("6h") + " - " + atRisk("1h"), "in 1 to 6 h"},
				{atRisk("24h") + " - " + atRisk("6h"), "in 6 to 24 h"},
				{sum(of(undelivered)) + " - " + atRisk("24h"), "later, or not known"},
			},
			doc: "The clock: what is yellow now is orange and then red, and then the merchant has lost it, unless its endpoint works in time. The stack is all that waits. An hour is enough to call one merchant, not for a deployment.",
		}),
		chart(question{
			title: "Age of the oldest undelivered", unit: unitSeconds, limits: over(3600, 18*3600), runbook: runbookAtRisk,
			queries: ask(worst(of(oldestWaits)), "oldest"),
			doc:     "A line that climbs with the clock is one endpoint that never recovers; a saw is a schedule at work. It drops when the oldest is delivered, and when it is lost: see which beside.",
		}),
		chart(question{
			title: "Missing retries, and their limit", unit: unitCount, runbook: runbookMissing, words: map[string]string{"missing": red, "limit of the alert": grey},
			queries: []query{
				{sum(of(retriesMissing)), "missing"},
				{"clamp_max(0.01 * " + sum(of(undelivered)) + ", 100)", "limit of the alert"},
			},
			doc: "The limit is 100, or 1% of the undelivered where that is less. Above it tries do not come that merchants rely on: the sender is stuck or overloaded, or does not report them to us.",
		}),
	}
}
