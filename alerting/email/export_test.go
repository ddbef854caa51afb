package email

import "time"

// KeepFor makes a receiver keep a connection for d instead of 20 s.
func KeepFor(r *Receiver, d time.Duration) { r.pool.idle = d }

// MostMessages is how many go over one connection.
const MostMessages = mostMessages
