// Package webhook tells a program: it posts a notice as JSON to one address,
// signed as Standard Webhooks has it (standardwebhooks.com), so that any of
// its libraries can verify it. docs/webhook-receiver.md describes the shape.
//
// It words nothing, keeps no state, follows no redirect and uses no proxy. A
// repeat has the same webhook-id and the same body: whoever remembers IDs
// handles each notice once.
package webhook
