package main

import (
	"os"
	"os/user"
	"strconv"
)

// maxActor bounds a name in runes.
const maxActor = 64

// actor is who sits at the terminal, for the timeline and the audit. The
// socket is the daemon user's alone, so most come by sudo: then the name is
// that of the person who called it.
func actor() string {
	name := os.Getenv("SUDO_USER")
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	return named(name)
}

// named makes a name fit to travel in a header; without one the user's number
// stands in.
func named(name string) string {
	if r := []rune(plain(name)); len(r) > 0 {
		return string(r[:min(len(r), maxActor)])
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
