package traffic

import "strconv"

// name gives an event, its key and its first attempt their names, which share
// one allocation. They begin with the seed, so that two runs may meet.
func (r *run) name(a *attempt) {
	r.made++
	buf := make([]byte, 0, 96)
	buf = r.number(append(buf, "att-"...), r.made)
	id := len(buf)
	buf = r.number(append(buf, "evt-"...), r.events)
	event := len(buf)
	buf = r.number(append(buf, "key-"...), r.events)
	all := string(buf)
	a.ID, a.Event, a.Key = all[:id], all[id:event], all[event:]
}

// nameAttempt names a later attempt of an event.
func (r *run) nameAttempt(a *attempt) {
	r.made++
	a.ID = string(r.number(append(make([]byte, 0, 40), "att-"...), r.made))
}

// number appends "<seed>-<n>", n with at least nine digits.
func (r *run) number(b []byte, n int) []byte {
	b = append(strconv.AppendUint(b, r.config.Seed, 10), '-')
	for least := 100_000_000; least > n && least > 1; least /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}
