package rules

// causeRow is one row of the matrix: what meets it, and what it says.
type causeRow struct {
	cause Cause
	causeMatch
	tell    []Audience
	besides Audience // told as well when a crowd fails alike
	says    counsel
	of      witness // whose fault the sentence names
}

// causeMatch is what a row asks of a sight. What is left out is not asked.
type causeMatch struct {
	suspended, crowd    bool
	flow                flowBits
	fault               kindBits // of deliveries
	reach, ping         lookBits
	reachKind, pingKind kindBits
	served              servedBits
}

func (m causeMatch) meets(s sight) bool {
	return (!m.suspended || s.suspended) && (!m.crowd || s.crowd) &&
		asked(m.flow, s.flow) && asked(m.fault, s.fault) && asked(m.served, s.served) &&
		asked(m.reach, s.reach) && asked(m.reachKind, s.reachKind) && asked(m.ping, s.ping) && asked(m.pingKind, s.pingKind)
}

func asked[B flowBits | lookBits | kindBits | servedBits](wanted, seen B) bool {
	return wanted == 0 || wanted&seen != 0
}

// witness is the signal whose fault a sentence names.
type witness uint8

const (
	ofDeliveries witness = iota
	ofReach
	ofPing
	ofCertificate
)

// Whom rows tell; never changed.
var (
	toMerchant = []Audience{AudienceMerchant}
	toSRE      = []Audience{AudienceSRE}
	toBoth     = []Audience{AudienceMerchant, AudienceSRE}
)

// causeMatrix is the matrix of reference webhooks.md section 11.3 and what lies
// between its rows. The first row that is met speaks; the last is met by
// everything. A table, never changed.
var causeMatrix = []causeRow{
	{cause: CauseSuspended, causeMatch: causeMatch{suspended: true}},

	// The certificate. A server that is not reached now goes before what was seen when it was.
	{cause: CauseOurTrustStore, tell: toSRE, says: sayTrustStore,
		causeMatch: causeMatch{crowd: true, flow: flowFailing, fault: kindExpired | kindCertificate | kindTLS, reach: lookNotBad,
			served: servedUnknown | servedOK | servedExpiring | servedWarned}},
	{cause: CauseOurTrustStore, tell: toSRE, says: sayTrustStore,
		causeMatch: causeMatch{crowd: true, flow: flowFailing, fault: kindExpired | kindCertificate | kindTLS, reach: lookBadTLS,
			served: servedOK | servedExpiring | servedWarned}},
	{cause: CauseProbePathBlocked, tell: toSRE, says: sayTLSOfProbe, of: ofCertificate, causeMatch: causeMatch{flow: flowOK, served: servedTLS}},
	{cause: CauseCertificate, tell: toMerchant, says: sayExpired, causeMatch: causeMatch{reach: lookNotBad | lookBadTLS, served: servedExpired}},
	{cause: CauseCertificate, tell: toMerchant, says: sayChain, of: ofCertificate, causeMatch: causeMatch{reach: lookNotBad | lookBadTLS, served: servedChain}},
	{cause: CauseCertificate, tell: toMerchant, says: sayName, causeMatch: causeMatch{reach: lookNotBad | lookBadTLS, served: servedName}},
	{cause: CauseCertificate, tell: toMerchant, says: sayCertificate, of: ofCertificate, causeMatch: causeMatch{reach: lookNotBad | lookBadTLS, served: servedBad}},
	{cause: CauseTLS, tell: toMerchant, says: sayTLS, of: ofCertificate, causeMatch: causeMatch{reach: lookNotBad | lookBadTLS, served: servedTLS}},

	// Deliveries get through and the probe does not: the probe is wrong.
	{cause: CauseProbePathBlocked, tell: toSRE, says: sayProbePath, of: ofReach, causeMatch: causeMatch{flow: flowOK, reach: lookBad}},
	{cause: CauseProbePathBlocked, tell: toSRE, says: sayPingRefused, of: ofPing, causeMatch: causeMatch{flow: flowOK, ping: lookBad}},

	// The probe is refused by the certificate, or only the sender is.
	{cause: CauseCertificate, tell: toMerchant, says: sayExpired, causeMatch: causeMatch{reach: lookBadTLS, reachKind: kindExpired}},
	{cause: CauseCertificate, tell: toMerchant, says: sayCertificate, of: ofReach, causeMatch: causeMatch{reach: lookBadTLS, reachKind: kindCertificate}},
	{cause: CauseTLS, tell: toMerchant, says: sayTLS, of: ofReach, causeMatch: causeMatch{reach: lookBadTLS}},
	{cause: CauseUnclear, tell: toSRE, says: sayDisputed, causeMatch: causeMatch{flow: flowFailing, fault: kindExpired | kindCertificate | kindTLS, reach: lookGood}},
	{cause: CauseUnclear, tell: toSRE, says: sayDisputed,
		causeMatch: causeMatch{flow: flowFailing, fault: kindExpired | kindCertificate | kindTLS, reach: lookNone | lookPending, served: servedOK | servedExpiring | servedWarned}},
	{cause: CauseCertificate, tell: toMerchant, says: sayExpired, causeMatch: causeMatch{flow: flowFailing, fault: kindExpired, reach: lookNotBad}},
	{cause: CauseCertificate, tell: toMerchant, says: sayCertificate, causeMatch: causeMatch{flow: flowFailing, fault: kindCertificate, reach: lookNotBad}},
	{cause: CauseTLS, tell: toMerchant, says: sayTLS, causeMatch: causeMatch{flow: flowFailing, fault: kindTLS, reach: lookNotBad}},

	// The server answers that it is elsewhere, or no more.
	{cause: CauseGone, tell: toMerchant, says: sayGone, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindGone}},
	{cause: CauseGone, tell: toMerchant, says: sayGone, of: ofPing, causeMatch: causeMatch{reach: lookNotBad, ping: lookFailed, pingKind: kindGone}},
	{cause: CauseGone, tell: toMerchant, says: sayGone, causeMatch: causeMatch{flow: flowFailing, fault: kindGone, reach: lookNotBad}},
	{cause: CauseRedirect, tell: toMerchant, says: sayRedirect, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindRedirect}},
	{cause: CauseRedirect, tell: toMerchant, says: sayRedirect, of: ofPing, causeMatch: causeMatch{reach: lookNotBad, ping: lookFailed, pingKind: kindRedirect}},
	{cause: CauseRedirect, tell: toMerchant, says: sayRedirect, causeMatch: causeMatch{flow: flowFailing, fault: kindRedirect, reach: lookNotBad}},

	// The endpoint or its network is down: the probe says so, or deliveries say so alone.
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayDNS, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindDNS}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayConnect, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindConnect}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayServer, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindServer}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayTimeout, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindTimeout}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayBroken, of: ofReach, causeMatch: causeMatch{reach: lookFailed, reachKind: kindBroken}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayDown, of: ofReach, causeMatch: causeMatch{reach: lookFailed}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayDNS, causeMatch: causeMatch{flow: flowFailing, fault: kindDNS, reach: lookNone | lookPending}},
	{cause: CauseEndpointDown, tell: toMerchant, besides: AudienceSRE, says: sayConnect, causeMatch: causeMatch{flow: flowFailing, fault: kindConnect, reach: lookNone | lookPending}},
	{cause: CauseSenderBlocked, tell: toBoth, says: saySenderBlocked, causeMatch: causeMatch{flow: flowFailing, fault: kindDNS | kindConnect}},

	// Deliveries are answered, and badly.
	{cause: CauseRateLimited, tell: toMerchant, says: sayLimit, causeMatch: causeMatch{flow: flowFailing, fault: kindLimit}},
	{cause: CauseConnectionBroken, tell: toMerchant, says: sayBroken, causeMatch: causeMatch{flow: flowFailing, fault: kindBroken}},
	{cause: CausePayloadRejected, tell: toMerchant, says: sayTokenOrPayload, causeMatch: causeMatch{flow: flowFailing, fault: kindAuth, ping: lookGood}},
	{cause: CausePayloadRejected, tell: toMerchant, says: sayPayload, causeMatch: causeMatch{flow: flowFailing, fault: kindPath | kindRefused, ping: lookGood}},
	{cause: CauseAuthChanged, tell: toMerchant, says: sayPath, causeMatch: causeMatch{flow: flowFailing, fault: kindPath}},
	{cause: CauseAuthChanged, tell: toMerchant, says: sayToken, causeMatch: causeMatch{flow: flowFailing, fault: kindAuth}},
	{cause: CauseAuthChanged, tell: toMerchant, says: sayToken, causeMatch: causeMatch{flow: flowFailing, fault: kindRefused, ping: lookFailed, pingKind: kindClient}},
	{cause: CausePayloadRejected, tell: toMerchant, says: sayRefused, causeMatch: causeMatch{flow: flowFailing, fault: kindRefused}},
	{cause: CauseHandlerSlow, tell: toMerchant, says: sayOverload, causeMatch: causeMatch{flow: flowFailing, fault: kindServer | kindTimeout, ping: lookGood}},
	{cause: CauseHandlerBroken, tell: toMerchant, says: sayHandler,
		causeMatch: causeMatch{flow: flowFailing, fault: kindServer | kindTimeout, ping: lookFailed, pingKind: kindServer | kindTimeout | kindBroken}},
	{cause: CauseHandlerBroken, tell: toMerchant, says: sayHandler, causeMatch: causeMatch{flow: flowFailing, fault: kindServer}},
	{cause: CauseHandlerSlow, tell: toMerchant, says: sayTimeout, causeMatch: causeMatch{flow: flowFailing, fault: kindTimeout}},
	{cause: CauseUnclear, tell: toSRE, says: sayUnclear, causeMatch: causeMatch{flow: flowFailing}},

	// Nothing is known of deliveries, and the ping fails.
	{cause: CauseRateLimited, tell: toMerchant, says: sayLimit, of: ofPing, causeMatch: causeMatch{ping: lookFailed, pingKind: kindLimit}},
	{cause: CauseAuthChanged, tell: toMerchant, says: sayPath, of: ofPing, causeMatch: causeMatch{ping: lookFailed, pingKind: kindPath}},
	{cause: CauseAuthChanged, tell: toMerchant, says: sayToken, of: ofPing, causeMatch: causeMatch{ping: lookFailed, pingKind: kindAuth | kindRefused}},
	{cause: CauseHandlerBroken, tell: toMerchant, says: sayHandler, of: ofPing, causeMatch: causeMatch{ping: lookFailed, pingKind: kindServer | kindTimeout}},
	{cause: CauseConnectionBroken, tell: toMerchant, says: sayBroken, of: ofPing, causeMatch: causeMatch{ping: lookFailed, pingKind: kindBroken}},
	{cause: CauseUnclear, tell: toSRE, says: sayUnclearProbe, of: ofPing, causeMatch: causeMatch{ping: lookBad}},

	// Nothing fails.
	{cause: CauseDispatcherSilent, tell: toSRE, says: saySilent, causeMatch: causeMatch{flow: flowSilent}},
	{cause: CauseUnauthenticated, tell: toMerchant, says: sayUnauthenticated, of: ofReach, causeMatch: causeMatch{reachKind: kindUnauthenticated}},
	{cause: CauseUnauthenticated, tell: toMerchant, says: sayUnauthenticated, of: ofPing, causeMatch: causeMatch{pingKind: kindUnauthenticated}},
	{cause: CauseUnclear, says: sayPending, of: ofReach, causeMatch: causeMatch{reach: lookPending}},
	{cause: CauseUnclear, says: sayPending, of: ofPing, causeMatch: causeMatch{ping: lookPending}},
	{cause: CauseCertificateExpiring, tell: toMerchant, says: sayExpiring, causeMatch: causeMatch{served: servedExpiring}},
	{cause: CauseCertificate, tell: toMerchant, says: sayWarned, of: ofCertificate, causeMatch: causeMatch{served: servedWarned}},
	{cause: CauseHandlerSlow, tell: toMerchant, says: saySlow, causeMatch: causeMatch{reach: lookSlow}},
	{cause: CauseHandlerSlow, tell: toMerchant, says: saySlow, causeMatch: causeMatch{ping: lookSlow}},
	{cause: CauseRecovered, says: sayRecovered, causeMatch: causeMatch{flow: flowRecovered}},
	{cause: CauseHealthy, causeMatch: causeMatch{flow: flowOK}},
	{cause: CauseHealthy, causeMatch: causeMatch{reach: lookOK}},
	{cause: CauseHealthy, causeMatch: causeMatch{ping: lookOK}},
	{cause: CauseNoData, says: sayNoData},
}
