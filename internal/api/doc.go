// Package api is HTTP in and out: the API of the daemon with its OpenAPI 3.1
// document, the duty routes (/-/healthy and its sisters), and the door before
// metrics and pages, which other packages draw.
//
// It checks who asks (tokens, roles, merchant scope), bounds what is sent, and
// answers every error as an RFC 9457 problem. It stores nothing and decides
// nothing: what it reads and changes it gets through the small interfaces in
// [Deps]. No answer, error or log line of it holds a token or the query of a
// URL.
//
// Attempts are read as they come and made durable in chunks, so that no body
// takes more memory than its chunk; what is under way at once is bounded, and
// whoever is beyond is told to come again.
//
// It is the one home of huma, whose own documentation pages are off, because
// they load scripts from elsewhere, and of klauspost/compress, for zstd.
package api
