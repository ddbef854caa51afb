package email

import "time"

// KeepFor makes a receiver keep a connection for d instead of 20 s.
func KeepFor(r *Receiver, d time.Duration) { r.pool.idle = d }

// AskFor makes a receiver wait for d, instead of 5 s, for a connection to say
// that it still works.
func AskFor(r *Receiver, d time.Duration) { r.pool.asks = d }

// MostMessages is how many go over one connection.
const MostMessages = mostMessages
