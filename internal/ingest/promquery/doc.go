// Package promquery takes failure ratios from counters that a Prometheus, or
// whatever answers like one, has already (DESIGN.md section 5.3): ratios
// without a history of attempts.
//
// [Query.Run] asks every ten seconds for two instant queries, how many first
// attempts there were in total and how many of them failed (or were good), at
// the same moment. What the counters rose by since the last answer is handed on
// for all traffic, for each product and for each channel, as a [Sample].
//
// Write queries that give the counters themselves, webhooks_total and
// webhooks_total{status!="success"}, each series on its own: they are added up
// here. A sum of counters falls when one of its processes starts again, and
// nobody can tell from it by how much it rose; such a fall is seen and left
// out, for that answer. rate() and increase() give no counters.
//
// A counter's first value says nothing: it is where counting begins. What
// happened in a gap of more than five minutes is not told, because nobody knows
// to which tick it belongs. A scope without a series gets no sample, which is
// not the same as a sample of nothing.
package promquery
