package web

import "github.com/hookvigil/hookvigil/probes"

// Advice says in plain words what a fault means and what to do about it.
type Advice struct {
	Means string
	Do    string
}

// OnProbe returns the advice on a fault of the probe.
func OnProbe(f probes.Fault) Advice {
	if a, ok := probeAdvice[f]; ok {
		return a
	}
	return probeAdvice[probes.FaultUnknown]
}

// probeAdvice has an entry for each word of probes.Faults; a table, never changed.
var probeAdvice = map[probes.Fault]Advice{
	probes.FaultNone: {"Nothing is wrong.", "Nothing to do."},

	probes.FaultDNSNotFound: {"The name in the URL does not exist, so no webhook can find its way.",
		"Check the spelling of the host in the URL, whether the domain was renewed, and whether the DNS record was deleted."},
	probes.FaultDNSNoAddress: {"The name exists, but has no address to connect to.",
		"Add an A or AAAA record for the host, or correct the URL."},
	probes.FaultDNSFailed: {"The name servers answered with an error, so the name could not be looked up.",
		"Check the domain's name servers and DNSSEC. When many endpoints show this at once, check the resolver on our side first."},
	probes.FaultTimeoutDNS: {"Looking up the name took too long.",
		"Check the domain's name servers. When many endpoints show this at once, check the resolver on our side first."},

	probes.FaultBlocked: {"The name points to an address that must not be called (private, internal or reserved); nothing was sent.",
		"Give the endpoint a public address. If it is one of your own networks, allow that range under guard.allow."},
	probes.FaultInvalidURL: {"The URL is not one that webhooks may be sent to; nothing was sent.",
		"Correct the URL: https://, a host name, no user name or password in it, a permitted port."},

	probes.FaultRefused: {"The server is there, but nothing accepts connections on this port.",
		"Start the web server or load balancer, and check the port and the firewall's reject rules."},
	probes.FaultUnreachable: {"The network has no way to the address.",
		"Check the server's address, routing and IPv6 set-up. When many endpoints show this at once, check the network on our side first."},
	probes.FaultTimeoutConnect: {"Nobody answered the connection; usually a firewall drops it or the server is off.",
		"Check that the server runs and that the firewall lets the sender's addresses in."},

	probes.FaultTimeoutTLS: {"The connection stood, but the TLS handshake did not end in time.",
		"Look for an overloaded server or load balancer, and for a middlebox that holds TLS back."},
	probes.FaultTLSHandshake: {"The server broke off the TLS handshake.",
		"Look into the server's TLS log; often the virtual host for this name has no certificate, or the ciphers do not fit."},
	probes.FaultTLSVersion: {"The server speaks only outdated versions of TLS.",
		"Switch on TLS 1.2 or 1.3 on the server."},
	probes.FaultTLSExpired: {"The certificate has expired; senders refuse to deliver.",
		"Renew the certificate and reload the server. If it was renewed, check that every server behind the name has loaded the new one."},
	probes.FaultTLSNotYetValid: {"The certificate is valid only from a later time; senders refuse to deliver.",
		"Check the clock of the server that issued it, or put the old certificate back until then."},
	probes.FaultTLSUntrusted: {"The certificate does not lead to a trusted authority; senders refuse to deliver.",
		"Serve the full chain (often the intermediate certificate is missing), and use a public authority instead of a self-signed certificate."},
	probes.FaultTLSHostname: {"The certificate is for another name; senders refuse to deliver.",
		"Issue a certificate that names this host, or correct the host in the URL."},
	probes.FaultTLSUsage: {"The certificate is not made for servers, or breaks a rule of its chain; senders refuse to deliver.",
		"Issue a server certificate (extended key usage: server authentication) from a public authority."},
	probes.FaultTLSClientCert: {"The server asks for a client certificate and did not accept what it got.",
		"Switch off client certificates for the webhook path, or configure the right one with client_cert_file."},

	probes.FaultReset: {"The connection was cut before a complete answer.",
		"Look for crashes, a firewall or a rate limiter in front of the server."},
	probes.FaultClosed: {"The server closed the connection without a complete answer.",
		"Look into the server's log for a crash or a limit while it handled the request."},
	probes.FaultMalformed: {"The answer was not HTTP.",
		"Check that an HTTP server listens on this port, and that https:// is not used for a plain HTTP port or the other way round."},
	probes.FaultHeadTooLarge: {"The answer's header was larger than senders accept.",
		"Find what inflates the headers, often cookies or debugging output."},
	probes.FaultTimeoutResponse: {"The server took the request and did not answer in time; senders give up after 30 seconds and try again.",
		"Answer first and work later: put the event in a queue and return 200 at once."},

	probes.FaultHTTP3xx: {"The endpoint redirects. Webhooks are not redirected: the payload would be lost on the way.",
		"Enter the final URL as the webhook URL; often http:// instead of https://, or a slash at the end."},
	probes.FaultHTTP4xx: {"The endpoint refuses the request.",
		"Check the path, the method (POST must be allowed) and the content type that the handler expects."},
	probes.FaultHTTP401: {"The endpoint refuses the request's token or signature (401 or 403).",
		"Compare the verification token on both sides. After a rotation both must know the new one."},
	probes.FaultHTTP404: {"There is no handler at this path.",
		"Check the path of the URL and the last deployment's routes."},
	probes.FaultHTTP410: {"The endpoint says that it is gone for good.",
		"If that is meant, delete the endpoint; it is then probed only once a day. If not, bring the handler back."},
	probes.FaultHTTP429: {"The endpoint asks to be called less often.",
		"Raise the rate limit for the sender's addresses."},
	probes.FaultHTTP5xx: {"The endpoint's server reports an error of its own.",
		"Look into the application's log at the time shown; check the last deployment, the database and the load balancer's targets."},

	probes.FaultAcceptsUnauthenticated: {"The endpoint accepted a request with a wrong token: anybody could send it forged events.",
		"Verify the token or signature of every request, and refuse what does not match with 401."},

	probes.FaultSenderError: {"The sender had trouble of its own; this says nothing about the endpoint.",
		"Look at the sending platform."},
	probes.FaultCanceled: {"The probe was given up by us, usually at shutdown; this says nothing about the endpoint.",
		"Nothing to do: the next probe will tell."},
	probes.FaultInternal: {"The probe failed for a reason on our side; this says nothing about the endpoint.",
		"Look into hookvigil's log, and check its limits on open files and memory."},
	probes.FaultUnknown: {"It failed in a way that has no word of its own.",
		"Read the detail line of the probe."},
}

// OnNote returns the advice on a note of the probe.
func OnNote(word string) Advice { return noteAdvice[word] }

// noteAdvice has an entry for each word of probes.NoteSet; a table, never changed.
var noteAdvice = map[string]Advice{
	"slow": {"The answer came in time, but later than it should.",
		"Answer first and work later; at the deadline a slow endpoint becomes a failing one."},
	"body_timeout": {"The answer counted, but its body did not end.",
		"Send a short body or none, and close or end it."},
	"body_truncated": {"The answer counted, but its body was shorter than announced.",
		"Check Content-Length and what cuts the connection."},
	"body_too_large": {"The answer counted, but its body is over 64 KiB.",
		"Answer a webhook with a short body or none; often this is a web page shown by mistake."},
	"cert_expiring": {"The certificate that was served runs out soon.",
		"Renew it now; renewal should have happened by itself."},
	"cleartext": {"The URL is http://: whoever is on the way can read and change what is sent.",
		"Move the endpoint to https://."},
}
