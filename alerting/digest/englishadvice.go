package digest

// englishAdvice words the advices. Its places are filled by [voice.advise]:
// {fault} {end} {so} {took} {covered} {limit} {within} {loss} {lost}.
func englishAdvice() map[Advice]string {
	return map[Advice]string{
		AdviseAtRisk:          "{loss} See to it that the endpoint answers 2xx by then.",
		AdviseLastTry:         "{loss} The endpoint works now: keep it so until then, and look into its log when the same events fail again.",
		AdviseLost:            "{lost} Have them sent again by hand, or reconcile them.",
		AdviseRenewed:         "Its certificate had expired, and a good one is served since{end}. Let it renew itself well before it ends.",
		AdviseExpired:         "Its certificate expired{end}{so}. Renew it, and reload the server so that it is served.",
		AdviseCertificate:     "Its certificate is not in order ({fault}). Serve one that is valid for this host name, with its full chain.",
		AdviseTLS:             "No secure connection can be made: {fault}. Offer TLS 1.2 or newer, with the full chain of certificates.",
		AdviseDNS:             "Its host name cannot be resolved ({fault}). Check the DNS records of the host.",
		AdviseConnect:         "No connection can be made ({fault}). Check that the server runs, and that its firewall lets us in.",
		AdviseTimeout:         "No answer came {within}. Answer 2xx at once, put the work into a queue and do it afterwards.",
		AdviseServer:          "It answers with a server error (5xx). Look into the log of its handler at these times.",
		AdviseToken:           "It answers 401: it does not accept our token. Was the token rotated? Put the one from your settings in place.",
		AdviseGone:            "It answers 410 Gone, so deliveries are suspended. Register its new address, or remove it.",
		AdvisePath:            "It answers 404. Did its path change with a deployment? Register the path that is right now.",
		AdviseRedirect:        "It answers with a redirect (3xx), which is never followed. Register the final address.",
		AdviseLimit:           "It answers 429, too many requests. Raise its limit for our requests.",
		AdviseRefused:         "It refuses requests (4xx, such as 400 or 403). Check its token, its path and what its handler expects.",
		AdviseBroken:          "The connection ends before an answer is complete ({fault}). Check the proxy in front of it, and its size limits.",
		AdviseUnauthenticated: "It accepts a request with a wrong token. Compare the token of each request before you trust it.",
		AdviseOther:           "Requests fail ({fault}). Look into the log of its server at these times.",
		AdviseExpiring:        "Its certificate ends{end}. Renew it before that, and reload the server.",
		AdviseSlow:            "95% of its answers came within {took}, and senders give up after {limit}. Answer 2xx at once, and do the work afterwards from a queue.",
		AdviseUnseen:          "We had no data about it. Nothing says that it is wrong, and nothing that it is well.",
		AdviseThin:            "We had data about it for {covered} only, less than half of the time. Nothing says that it is wrong, and too little says that it is well.",
	}
}

// englishWas words what is over: what it was, and what to do so that it does
// not happen again. Its places are those of [englishAdvice].
func englishWas() map[Advice]string {
	return map[Advice]string{
		AdviseRenewed:         "its certificate had expired, and a good one is served since{end}. Let it renew itself well before it ends.",
		AdviseCertificate:     "its certificate was not in order ({fault}). Check each new one, with its names and its full chain, before it is served.",
		AdviseTLS:             "no secure connection could be made: {fault}. Check after each change that TLS 1.2 or newer is on offer, with the full chain.",
		AdviseDNS:             "its host name could not be resolved ({fault}). Have its DNS records answered by more than one name server.",
		AdviseConnect:         "no connection could be made ({fault}). Look for a restart or a rule of the firewall at that time, and take servers out one by one.",
		AdviseTimeout:         "no answer came {within}. Answer 2xx at once and do the work afterwards from a queue, so that it does not happen again.",
		AdviseServer:          "it answered with a server error (5xx). Look into the log of its handler at that time.",
		AdviseToken:           "it answered 401, so it did not accept our token. When a token is rotated, accept the old and the new one for a while.",
		AdviseGone:            "it answered 410 Gone, which suspends deliveries. Answer 503 while it is only away for a while.",
		AdvisePath:            "it answered 404. Keep its path in place through deployments, and register a new one before the old one goes.",
		AdviseRedirect:        "it answered with a redirect (3xx), which is never followed. Exempt its path from redirects.",
		AdviseLimit:           "it answered 429, too many requests. Raise its limit for our requests before the next wave.",
		AdviseRefused:         "it refused requests (4xx, such as 400 or 403). Look into the log of its handler at that time.",
		AdviseBroken:          "the connection ended before an answer was complete ({fault}). Let a server finish its answers before it restarts.",
		AdviseUnauthenticated: "it accepted a request with a wrong token. Compare the token of each request before you trust it.",
		AdviseOther:           "requests failed ({fault}). Look into the log of its server at that time.",
	}
}
