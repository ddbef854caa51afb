package dashboards

// family is one metric name of /metrics/probes: all are gauges.
type family struct {
	name, help string
	write      func(e *encoder, s *sample) // the series of one endpoint, none or several
}

func droppedFamily() family {
	return family{name: "hookvigil_probe_series_dropped", help: "Series that the limit left out of this answer."}
}

// probeFamilies returns every family in the order of the output: first those
// of blackbox_exporter by its own names, labels and units (reference
// ecosystem.md section 4), then ours.
func probeFamilies() []family {
	return append(append(probedFamilies(), tlsFamilies()...), ownFamilies()...)
}

func probedFamilies() []family {
	return []family{
		{"probe_success", "Displays whether or not the probe was a success", func(e *encoder, s *sample) {
			if s.success >= 0 {
				e.int(s, int64(s.success))
			}
		}},
		{"probe_duration_seconds", "Returns how long the probe took to complete in seconds", probed(func(e *encoder, s *sample) { e.duration(s, s.took) })},
		{"probe_dns_lookup_time_seconds", "Returns the time taken for probe dns lookup in seconds", probed(func(e *encoder, s *sample) { e.duration(s, s.phases[0]) })},
		{"probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6", probed(func(e *encoder, s *sample) { e.int(s, int64(s.addr.protocol)) })},
		{"probe_ip_addr_hash", "Specifies the hash of IP address. It's useful to detect if the IP address changes.", probed(func(e *encoder, s *sample) { e.int(s, int64(s.addr.hash)) })},
		{"probe_http_duration_seconds", "Duration of http request by phase", overHTTP(writePhases)},
		{"probe_http_status_code", "Response HTTP status code", overHTTP(func(e *encoder, s *sample) { e.int(s, int64(s.status)) })},
		{"probe_http_version", "Returns the version of HTTP of the probe response", overHTTP(func(e *encoder, s *sample) { e.float(s, s.version) })},
		{"probe_http_ssl", "Indicates if TLS was used", overHTTP(func(e *encoder, s *sample) { e.int(s, flag(s.tlsVersion != 0)) })},
		{"probe_http_redirects", "The number of redirects; 0, because none is followed", overHTTP(func(e *encoder, s *sample) { e.int(s, 0) })},
		{"probe_http_content_length", "Bytes of body read; a body is read up to 64 KiB", overHTTP(func(e *encoder, s *sample) { e.int(s, s.body) })},
		{"probe_http_uncompressed_body_length", "Bytes of body read; compression is never asked for", overHTTP(func(e *encoder, s *sample) { e.int(s, s.body) })},
	}
}

// tlsFamilies come from the certificate that was served, whether or not it
// was any good.
func tlsFamilies() []family {
	return []family{
		{"probe_ssl_earliest_cert_expiry", "Returns earliest SSL cert expiry in unixtime", func(e *encoder, s *sample) { writeUnix(e, s, s.servedEnd) }},
		{"probe_ssl_last_chain_expiry_timestamp_seconds", "Returns last SSL chain expiry in timestamp seconds", func(e *encoder, s *sample) { writeUnix(e, s, s.chainEnd) }},
		{"probe_tls_version_info", "Returns the TLS version used", func(e *encoder, s *sample) {
			if s.tlsVersion != 0 {
				e.info(s, "version", tlsVersionWord(s.tlsVersion))
			}
		}},
		{"probe_tls_cipher_info", "Returns the TLS cipher negotiated", func(e *encoder, s *sample) {
			if s.cipher != 0 {
				e.info(s, "cipher", cipherWord(s.cipher))
			}
		}},
	}
}

func ownFamilies() []family {
	return []family{
		{"hookvigil_probe_verdict", "What the last probe says, in its label; always 1.", probed(func(e *encoder, s *sample) { e.info(s, "verdict", s.verdict) })},
		{"hookvigil_probe_fault_info", "Why the last probe failed, in its label, or none; always 1.", probed(func(e *encoder, s *sample) { e.info(s, "fault", s.fault) })},
		{"hookvigil_probe_last_run_timestamp_seconds", "When the last probe started.", probed(func(e *encoder, s *sample) { e.millis(s, s.started) })},
		{"hookvigil_endpoint_state", "State of the endpoint over all signals, in its label; always 1.", func(e *encoder, s *sample) {
			if s.state != "" {
				e.info(s, "state", s.state)
			}
		}},
		{"hookvigil_certificate_verdict", "What the last look at the certificate says, in its label; always 1.", looked(func(e *encoder, s *sample) { e.info(s, "verdict", s.certVerdict) })},
		{"hookvigil_certificate_fault_info", "Worst finding of the last look at the certificate, in its label, or none; always 1.", looked(func(e *encoder, s *sample) { e.info(s, "fault", s.certFault) })},
		{"hookvigil_certificate_not_after_timestamp_seconds", "When the certificate that was served ends, valid or not.", looked(func(e *encoder, s *sample) { writeUnix(e, s, s.certEnd) })},
		{"hookvigil_certificate_last_look_timestamp_seconds", "When the last look at the certificate started.", looked(func(e *encoder, s *sample) { e.millis(s, s.certStarted) })},
	}
}

// probed writes only for endpoints that have been probed: no data is not 0.
func probed(write func(*encoder, *sample)) func(*encoder, *sample) {
	return func(e *encoder, s *sample) {
		if s.verdict != "" {
			write(e, s)
		}
	}
}

// overHTTP writes only where the probe speaks HTTP.
func overHTTP(write func(*encoder, *sample)) func(*encoder, *sample) {
	return func(e *encoder, s *sample) {
		if s.verdict != "" && s.http {
			write(e, s)
		}
	}
}

// looked writes only for certificates that have been looked at.
func looked(write func(*encoder, *sample)) func(*encoder, *sample) {
	return func(e *encoder, s *sample) {
		if s.certVerdict != "" {
			write(e, s)
		}
	}
}

func writePhases(e *encoder, s *sample) {
	for i, name := range phaseNames {
		e.labelledDuration(s, "phase", name, s.phases[i])
	}
}

func writeUnix(e *encoder, s *sample, at int64) {
	if at != none {
		e.int(s, at)
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
