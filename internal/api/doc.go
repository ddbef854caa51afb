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
// It is the one home of huma; huma's own documentation pages are off, because
// they load scripts from elsewhere.
package api
