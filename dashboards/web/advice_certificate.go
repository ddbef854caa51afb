package web

import "github.com/hookvigil/hookvigil/probes/certificate"

// OnCertificate returns the advice on a finding about a certificate.
func OnCertificate(f certificate.Fault) Advice {
	if a, ok := certificateAdvice[f]; ok {
		return a
	}
	return Advice{"A finding that has no word of its own.", "Read the detail line of the certificate."}
}

// certificateAdvice has an entry for each word of certificate.Faults; a table, never changed.
var certificateAdvice = map[certificate.Fault]Advice{
	certificate.FaultDNSNotFound: {"The name does not exist.",
		"Check its spelling, and whether the domain or the record was removed."},
	certificate.FaultDNSNoAddress: {"The name has no address.", "Add an A or AAAA record."},
	certificate.FaultDNSFailed: {"The name could not be looked up: the name servers answered with an error.",
		"Check the domain's name servers; with many names at once, the resolver on our side."},
	certificate.FaultTimeoutDNS: {"Looking up the name took too long.",
		"Check the domain's name servers; with many names at once, the resolver on our side."},
	certificate.FaultBlocked: {"The name points to an address that must not be called; we did not look.",
		"Give it a public address, or allow the range under guard.allow."},
	certificate.FaultCanceled: {"The look was given up by us, usually at shutdown.", "Nothing to do: the next look will tell."},
	certificate.FaultInternal: {"The look failed for a reason on our side.", "Look into hookvigil's log."},

	certificate.FaultConnectRefused:   {"Nothing accepts connections on this port.", "Start the server, and check the port."},
	certificate.FaultConnectFailed:    {"No connection could be made to this address.", "Check the server and the firewall; one dead address of several hurts some senders only."},
	certificate.FaultHandshakeTimeout: {"The TLS handshake did not end in time.", "Look for an overloaded server or a middlebox that holds TLS back."},
	certificate.FaultHandshakeClosed:  {"The server closed the connection during the handshake.", "Look into the server's TLS log; often there is no certificate for this name."},
	certificate.FaultHandshakeFailed:  {"The TLS handshake failed.", "Look into the server's TLS log."},
	certificate.FaultNotTLS:           {"What answers on this port does not speak TLS.", "Check the port, and that the server has TLS switched on for it."},
	certificate.FaultHandshakeSlow:    {"The handshake works, but is slow.", "Check the load of the server; nothing is broken yet."},

	certificate.FaultTLSVersion: {"The server speaks only outdated versions of TLS.", "Switch on TLS 1.2 or 1.3."},
	certificate.FaultWeakCipher: {"The server chose an encryption that is no longer safe.", "Allow modern cipher suites only."},

	certificate.FaultCertUnparseable: {"What the server sent is not a certificate that can be read.", "Install the certificate anew, from the authority's files."},
	certificate.FaultKeyMismatch:     {"The private key does not belong to the certificate.", "Install key and certificate of the same order together."},
	certificate.FaultBadSignature:    {"A signature in the chain is wrong.", "Install the chain anew; a file is damaged, or an intermediate of another authority is in it."},
	certificate.FaultFileUnusable:    {"The certificate file cannot be read.", "Check its path, permissions and content."},
	certificate.FaultKeyPermissions:  {"The private key's file can be read by others on that machine.", "Give the file mode 0600."},

	certificate.FaultExpiredLeaf:          {"The certificate has expired; strict senders refuse to connect.", "Renew it and reload every server behind the name."},
	certificate.FaultExpiredIntermediate:  {"An intermediate certificate of the chain has expired; some senders refuse to connect.", "Fetch the authority's present intermediate and serve it."},
	certificate.FaultExpiredRoot:          {"The chain ends in an authority that has expired.", "Serve the chain to the authority's present root."},
	certificate.FaultNotYetValid:          {"The certificate is valid only from a later time.", "Check the clock of the issuing server, or put the old certificate back until then."},
	certificate.FaultExpiring:             {"The certificate runs out soon, and should have been renewed by now.", "Find out why the automatic renewal has not run, and renew it."},
	certificate.FaultExpiringIntermediate: {"An intermediate certificate of the chain runs out soon.", "Fetch the authority's present intermediate and serve it."},
	certificate.FaultExpiringRoot:         {"The authority at the end of the chain runs out soon.", "Plan the move to the authority's next root."},
	certificate.FaultLifetimeLong:         {"The certificate lives longer than public authorities may issue.", "Nothing is broken; with a private authority this is a choice."},

	certificate.FaultHostnameMismatch: {"The certificate is for another name; strict senders refuse to connect.", "Issue one that names this host, or correct the host."},
	certificate.FaultNoSAN:            {"The certificate names its host in the old way only, which clients no longer read.", "Issue one with subject alternative names."},

	certificate.FaultChainIncomplete:          {"The server does not send the intermediate certificate. Browsers fetch it; senders of webhooks do not.", "Serve the full chain: leaf first, then the intermediates."},
	certificate.FaultSelfSigned:               {"The certificate was signed by nobody but itself.", "Use a certificate of a public authority; for one of your own give ca_file."},
	certificate.FaultUntrustedRoot:            {"The chain leads to an authority that is not trusted.", "Use a public authority; for one of your own give ca_file."},
	certificate.FaultNameConstraint:           {"The authority may not issue certificates for this name.", "Have it issued by an authority that may."},
	certificate.FaultPathLength:               {"The chain is longer than its authority permits.", "Have it issued by an authority that may."},
	certificate.FaultIssuerNotCA:              {"A certificate in the chain was signed by one that may not sign others.", "Have it issued by a proper authority."},
	certificate.FaultWrongEKU:                 {"The certificate is not made for servers.", "Issue one with extended key usage server authentication."},
	certificate.FaultUnknownCriticalExtension: {"The certificate demands something that clients do not know.", "Issue one without that critical extension."},
	certificate.FaultLeafIsCA:                 {"The server uses an authority's certificate as its own.", "Issue a server certificate; the authority's key should not be on a server."},
	certificate.FaultChainOrder:               {"The certificates are sent in the wrong order.", "Put the leaf first, then each issuer; most clients sort it out."},
	certificate.FaultChainExtra:               {"The server sends certificates that do not belong to the chain.", "Remove them; they cost time on every connection."},
	certificate.FaultChainHasRoot:             {"The server sends the root as well, which nobody needs.", "Remove it from the chain."},
	certificate.FaultChainHasExpiredSpare:     {"The server sends an expired certificate that no valid path needs.", "Remove it: some older clients stumble over it."},

	certificate.FaultWeakSignature: {"The certificate is signed with a method that is no longer safe.", "Issue a new one, signed with SHA-256 or better."},
	certificate.FaultWeakKey:       {"The certificate's key is too short to be safe.", "Issue a new one with ECDSA P-256 or RSA 2048 or better."},

	certificate.FaultClientCertRequired: {"The server demands a client certificate and none is configured.", "Configure client_cert_file, or switch the demand off for webhooks."},
	certificate.FaultClientCertRejected: {"The server did not accept our client certificate.", "Check which authority it expects, and that the certificate was registered there."},
	certificate.FaultClientCertExpired:  {"Our client certificate has expired.", "Renew it and reload hookvigil."},
	certificate.FaultClientCertWrongEKU: {"Our client certificate is not made for clients.", "Issue one with extended key usage client authentication."},
	certificate.FaultClientCertExpiring: {"Our client certificate runs out soon.", "Renew it and reload hookvigil."},

	certificate.FaultPinMismatch:        {"No key in the chain is one of those that were pinned.", "If the key was changed on purpose, update the pins; if not, find out who serves this certificate."},
	certificate.FaultIssuerChanged:      {"The certificate comes from another authority than before.", "If that was not planned, find out who ordered it."},
	certificate.FaultRolledBack:         {"An older certificate is being served again.", "Check the last deployment, and that all servers carry the same one."},
	certificate.FaultDiskServedMismatch: {"The server does not serve the certificate that lies on disk.", "Reload the server: it was renewed and not picked up."},
	certificate.FaultRenewed:            {"The certificate was renewed since the last look.", "Nothing to do."},
	certificate.FaultKeyChanged:         {"The certificate came back with another key.", "Nothing to do, unless the key is pinned somewhere."},
	certificate.FaultNodeDisagreement:   {"The addresses behind the name serve different certificates.", "If it lasts, find the server that was left out of the renewal."},
}
