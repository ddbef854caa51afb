// Package acceptance holds the promises of the house against the built
// binary: real receivers, a Slack and a mail server that misbehave on order,
// kill -9. It has only tests, which need -tags integration and minutes.
package acceptance
