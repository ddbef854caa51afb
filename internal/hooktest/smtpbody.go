package hooktest

import (
	"bufio"
	"bytes"
	"errors"
)

// body reads a message up to the dot, and takes the dot-stuffing out
// (RFC 5321 section 4.5.2). Only CRLF . CRLF ends it: a bare LF is part of the
// message. Beyond limit it reads on and keeps nothing, and fits is false.
func (c *smtpSession) body(limit int) (data []byte, fits bool) {
	fits = true
	last, start := byte(0), true // the byte before, and whether a line begins
	for {
		c.in.N = maxRequestBytes
		piece, err := c.br.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			c.err = err // the client has gone in the middle
			return nil, false
		}
		if start && string(piece) == ".\r\n" {
			return data, fits
		}
		next := bytes.HasSuffix(piece, []byte("\r\n")) || last == '\r' && string(piece) == "\n"
		last = piece[len(piece)-1]
		if start && piece[0] == '.' {
			piece = piece[1:]
		}
		start = next
		if fits = fits && len(data)+len(piece) <= limit; fits {
			data = append(data, piece...)
		} else {
			data = nil
		}
	}
}
