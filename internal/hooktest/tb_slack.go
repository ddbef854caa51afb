package hooktest

// StartSlack returns a running fake Slack that is closed when the test ends.
func StartSlack(tb TB, o SlackOptions) *Slack {
	tb.Helper()
	s, err := NewSlack(o)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		tb.Fatalf("start fake Slack: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}
