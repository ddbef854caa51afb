// Package web serves the built-in pages: the overview at /, the incidents at
// /incidents, one page per endpoint, target and incident. They are rendered on
// the server and hold no script; everything they need lies in the binary.
//
// They tell of all merchants at once: who serves them must keep out whoever
// may see only some.
//
// It shows and does not decide: what it shows comes from a [Source], and
// states and reasons are those of package rules. It changes nothing, and
// trusts no text: names, URLs and answers of merchants are escaped, cut to
// length and kept from turning the writing direction.
package web
