package merchants

// english is one language. It is made anew for each mail, which costs nothing
// beside the mail.
func english() words {
	return words{
		Language: "en",
		Months:   [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		Tag:      "[Webhooks]",
		Bad:      "{name} does not take webhooks", BadMany: "{n} of your endpoints do not take webhooks",
		Well: "{name} takes webhooks again, we keep watching", WellMany: "{n} of your endpoints take webhooks again, we keep watching",
		Over: "{name} takes webhooks again", OverMany: "{n} of your endpoints take webhooks again",
		Mild: [3]forms{
			{"The certificate of {name} ends soon", "Certificates of {n} of your endpoints end soon"},
			{"{name} answers slowly", "{n} of your endpoints answer slowly"},
			{"Events for {name} are about to be given up", "Events for {n} of your endpoints are about to be given up"},
		},
		MildOver:  forms{"{name} is in order again", "{n} of your endpoints are in order again"},
		HelloName: "Hello {name},", Hello: "Hello,",
		BadSince:      "Your endpoint {name} has not taken webhooks since {since}.",
		BadManySince:  "{n} of your endpoints do not take webhooks, the first since {since}.",
		MildSince:     "Your endpoint {name} needs a look: we have seen this since {since}.",
		MildManySince: "{n} of your endpoints need a look: we have seen this since {since}.",
		WellSince:     "Your endpoint {name} has taken webhooks again since {until}. It did not from {since} on. We keep watching, and write again when it is over for certain.",
		WellManySince: "Your endpoints have taken webhooks again since {until}. They did not from {since} on. We keep watching, and write again when it is over for certain.",
		OverSince:     "It is over: your endpoint {name} has been in order since {until}. It was not from {since} on.",
		OverManySince: "It is over: your endpoints have been in order since {until}. They were not from {since} on.",
		Lasted:        "That was {length}.",
		OurSide:       "The cause may also be on our side. We are looking into that.",
		SeenHead:      "What we see", DoHead: "What to do", EventsHead: "Your events",
		SeenSince: "{text} Since {since}.", More: "and {n} more",
		Seen: englishSeen(), Do: englishDo(), ByCause: englishByCause(),
		DoBefore: forms{
			"Have it work before {when}: then {n} event gets its last automatic try.",
			"Have it work before {when}: then the first of {n} events gets its last automatic try.",
		},
		DoAsk: forms{
			"Ask us to send {n} event again that had its last automatic try, or reconcile it from your dashboard.",
			"Ask us to send {n} events again that had their last automatic try, or reconcile them from your dashboard.",
		},
		DoUndo:     "If something was changed at that time (a deployment, a firewall rule, a certificate, DNS), undo it.",
		Waits:      forms{"{n} event waits. It is sent again by itself.", "{n} events wait. They are sent again by themselves."},
		WaitsAgain: forms{"{n} event still waits. It is sent again by itself: nothing to do.", "{n} events still wait. They are sent again by themselves: nothing to do."},
		Risk: forms{
			"{n} event gets its last automatic try at {when}. If that fails too, it comes only when you ask for it.",
			"{n} events get their last automatic try within six hours, the first at {when}. What fails then, too, comes only when you ask for it.",
		},
		Lost: forms{
			"{n} event had its last automatic try. It does not come by itself any more.",
			"{n} events had their last automatic try. They do not come by themselves any more.",
		},
		ComesBack:  "What failed in that time is sent again by itself, when its next retry is due.",
		MustAsk:    "What had its last automatic try in that time does not come by itself: please ask for it.",
		Closing:    "We write again when it is over.",
		FooterName: "You get this because this address is to be told of incidents at {name}'s endpoints.", FooterNobody: "You get this because this address is to be told of incidents.",
		Reference: "Please name #{number} when you ask us about this.",
		Hours:     "{n} h", Minutes: "{n} min", Seconds: "{n} s",
	}
}

func englishSeen() [troubles]string {
	return [troubles]string{
		troubleExpired:     "Its certificate has expired.",
		troubleCertificate: "Its certificate is not in order.",
		troubleTLS:         "No secure connection (TLS) can be made.",
		troubleDNS:         "Its host name cannot be resolved.",
		troubleConnect:     "No connection can be made to it.",
		troubleTimeout:     "It does not answer in time.",
		troubleServer:      "It answers with a server error (5xx).",
		troubleToken:       "It refuses our token (401).",
		troubleGone:        "It says that it is gone for good (410).",
		troublePath:        "It says that its path does not exist (404).",
		troubleRedirect:    "It answers with a redirect (3xx), which is not followed.",
		troubleLimit:       "It says that we send too much (429).",
		troubleRefused:     "It refuses our requests (4xx).",
		troubleBroken:      "The connection ends before its answer is complete.",
		troubleOther:       "Requests to it fail.",
		troubleExpiring:    "Its certificate ends soon.",
		troubleSlow:        "It answers slowly.",
		troubleLoss:        "Events for it have failed several times, and their last automatic try is near or over.",
	}
}

func englishDo() [troubles]string {
	return [troubles]string{
		troubleExpired:     "Renew the certificate, and reload every server behind the name so that the new one is served.",
		troubleCertificate: "Serve a certificate that is valid for this host name, with its full chain.",
		troubleTLS:         "Offer TLS 1.2 or newer with the full chain of certificates, and ask for no client certificate.",
		troubleDNS:         "Check the DNS records of the host.",
		troubleConnect:     "Check that the server runs, and that its firewall lets us in.",
		troubleTimeout:     "Answer 2xx at once, put the work into a queue and do it afterwards.",
		troubleServer:      "Look into the log of the server at that time, and at the last deployment.",
		troubleToken:       "Put the token from your settings in place.",
		troubleGone:        "Register the new address of the endpoint, or remove it.",
		troublePath:        "Restore the path, or register the one that is right now.",
		troubleRedirect:    "Register the final address, without a redirect.",
		troubleLimit:       "Raise the limit for our requests.",
		troubleRefused:     "Check its token, its path and what its handler expects.",
		troubleBroken:      "Check the proxy in front of it, and its size limits.",
		troubleOther:       "Look into the log of the server at that time.",
		troubleExpiring:    "Renew the certificate before it ends, and reload the server.",
		troubleSlow:        "Answer 2xx at once, and do the work afterwards from a queue.",
		troubleLoss:        "Let the endpoint answer 2xx, so that the last automatic try succeeds.",
	}
}
