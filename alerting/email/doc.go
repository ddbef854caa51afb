// Package email tells by mail: it words a notice as a text with a plain HTML
// twin, and hands it to one SMTP relay (go-mail has its home here). One
// recipient per message, so that a refused address is nobody else's trouble,
// and one attempt per Send: the outbox alone decides on a further one.
//
// It keeps no state but a few connections, for seconds. Message-ID and thread
// come from the notice itself, so that every try of a notice is recognisably
// the same message. It signs (DKIM) when it is given a key; it reads no
// answers.
package email
