// Package email tells by mail: it words a notice as a text with a plain HTML
// twin, and hands it to one SMTP relay (go-mail has its home here). One
// recipient per message, so that a refused address is nobody else's trouble,
// and one attempt per Send: the outbox alone decides on a further one.
//
// It keeps no state. Message-ID and thread come from the notice itself, so
// that every try of a notice is recognisably the same message. It does not
// sign (DKIM is the relay's task), reads no answers, and keeps no connection.
package email
