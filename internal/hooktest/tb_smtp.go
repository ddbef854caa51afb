package hooktest

// StartSMTP returns a running SMTP sink that is closed when the test ends.
func StartSMTP(tb TB, o SMTPOptions) *SMTP {
	tb.Helper()
	s, err := NewSMTP(o)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		tb.Fatalf("start SMTP sink: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}
