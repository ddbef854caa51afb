package email_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func ExampleReceiver_Send() {
	relay, err := hooktest.NewSMTP(hooktest.SMTPOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := relay.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer relay.Close()
	mail := email.New(email.Config{
		SMTP: email.Server{Host: "127.0.0.1", Port: int(relay.Addr().Port()), TLS: email.NoTLS},
		From: "alerts@example.com",
	}, slog.New(slog.DiscardHandler))
	_, err = mail.Send(context.Background(), alerting.Notice{
		IdemKey: "test:1", Recipient: "sre@example.com", Kind: alerting.KindTest,
		Facts: []byte(`{"title": "Mail works", "happened": "somebody asked for a test"}`),
	}, alerting.Ref{})
	fmt.Println(err, relay.Messages()[0].Header.Get("Subject"))
	// Output: <nil> [test] Mail works
}
