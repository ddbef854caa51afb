package deliveries

import "github.com/hookvigil/hookvigil/probes"

// aliasRow lists the foreign spellings of one fault, in lower case and with
// underscores. A word is the whole error; a part occurs somewhere in it, and
// "a*b" is a, then b further on.
type aliasRow struct {
	fault        probes.Fault
	words, parts string
}

// aliasTable is every foreign spelling that we know. All words are tried
// before the first part; parts are tried from top to bottom, so that what says
// more stands above what says less: a row may come twice.
//
// Sources: Outpost internal/destregistry/providers/destwebhook/httphelper.go;
// hook0 output-worker/src/work.rs (E_*); the CURLE_* names and texts of curl;
// the texts of Go's net, net/http, crypto/tls and crypto/x509; errno and the
// codes of Node (ECONN*, CERT_*, ERR_*, HPE_*) with axios and undici; the
// exceptions of Python requests, Java and OpenSSL.
//
// A catch-all of another program ("network_error", E_HTTP) stays unknown: a
// guess would send somebody to the wrong place. "timeout" alone is the wait
// for an answer, which is what a sender's own timer nearly always cuts.
var aliasTable = []aliasRow{ // read-only
	{probes.FaultSenderError,
		"proxy_error proxy_infrastructure proxyerror curle_couldnt_resolve_proxy curle_proxy e_invalid_header" +
			" emfile enfile enobufs enomem eaddrnotavail eaddrinuse internal_error internal_server_exception" +
			" curle_out_of_memory curle_failed_init out_of_memory",
		"proxyconnect could_not_resolve_proxy err_proxy_ err_tunnel_ too_many_open_files emfile" +
			" cannot_assign_requested_address eaddrnotavail no_buffer_space"},
	{probes.FaultCanceled,
		"canceled cancelled aborted aborterror abort_err err_canceled err_aborted curle_aborted_by_callback",
		"context_canceled operation_was_canceled request_canceled_by_ this_operation_was_aborted"},

	{probes.FaultBlocked,
		"blocked_ssrf ssrf ssrf_blocked ip_blocked blocked_ip private_ip forbidden_ip",
		"forbidden_ip blocked_by_policy private_address"},
	{probes.FaultInvalidURL,
		"e_invalid_target err_invalid_url url_not_set curle_url_malformat curle_unsupported_protocol" +
			" missingschema invalidschema malformedurlexception",
		"invalid_url unsupported_protocol_scheme missing_protocol_scheme no_host_in_request_url"},

	{probes.FaultTLSClientCert,
		"curle_ssl_clientcert certificate_required",
		"certificate_required remote_error:_tls:*certificate alert_bad_certificate alert_certificate" +
			" bad_certificate_alert err_bad_ssl_client_auth"},
	{probes.FaultTLSNotYetValid,
		"cert_not_yet_valid err_tls_cert_not_yet_valid certificatenotyetvalidexception",
		"not_yet_valid*is_before"},
	{probes.FaultTLSExpired,
		"cert_has_expired certificate_expired cert_expired certificateexpiredexception tls_cert_expired",
		"certificate*expired cert_has_expired err_cert_date_invalid"},
	{probes.FaultTLSNotYetValid, "", "not_yet_valid"},
	{probes.FaultTLSHostname,
		"tls_name hostname_mismatch err_tls_cert_altname_invalid cert_name_mismatch sslpeerunverifiedexception",
		"certificate_is_valid_for*not certificate_is_not_valid_for_any cert_altname_invalid hostname_mismatch" +
			" cert_common_name_invalid no_alternative_certificate_subject_name altnames" +
			" cannot_validate_certificate_for doesn't_contain_any_ip_sans hostname*doesn't_match" +
			" not_match_target_host_name"},
	{probes.FaultTLSUsage, "invalid_purpose", "incompatible_key_usage unsupported_certificate_purpose"},
	{probes.FaultTLSUntrusted,
		"depth_zero_self_signed_cert self_signed_cert_in_chain unable_to_get_issuer_cert" +
			" unable_to_get_issuer_cert_locally unable_to_verify_leaf_signature cert_untrusted cert_rejected" +
			" cert_revoked cert_chain_too_long cert_signature_failure curle_peer_failed_verification curle_ssl_cacert" +
			" curle_ssl_issuer_error certificate_unknown certpathvalidatorexception",
		"unknown_authority self_signed unable_to_get_local_issuer unable_to_get_issuer unable_to_verify_the_first" +
			" unable_to_verify_leaf unknown_ca cert_authority_invalid certificate_verify_failed certificate_revoked certificate*not_trusted" +
			" path_building_failed x509: curl:_(60) curl_error_60"},
	{probes.FaultTLSVersion,
		"tls_protocol err_ssl_version_or_cipher_mismatch err_ssl_unsupported_protocol",
		"protocol_version_not_supported unsupported_protocol_version unsupported_versions" +
			" alert_protocol_version tlsv1_alert_protocol_version ssl*unsupported_protocol"},
	{probes.FaultTimeoutTLS,
		"tls_timeout tls_handshake_timeout ssl_timeout",
		"tls_handshake_timeout handshake*timed_out handshake*timeout ssl_connection_timeout"},

	{probes.FaultTimeoutDNS,
		"dns_timeout etimeout resolve_timeout",
		"lookup*i/o_timeout resolving_timed_out query*etimeout"},
	{probes.FaultDNSNotFound,
		"enotfound eai_noname nxdomain err_name_not_resolved unknownhostexception host_not_found no_such_host" +
			" curle_couldnt_resolve_host name_resolution_error nameresolutionerror dns_nxdomain",
		"no_such_host enotfound nxdomain name_or_service_not_known nodename_nor_servname could_not_resolve_host" +
			" name_not_resolved unknownhostexception host_not_found"},
	{probes.FaultDNSNoAddress, "enodata eai_nodata eai_addrfamily", "no_address_associated enodata no_suitable_address"},
	{probes.FaultDNSFailed,
		"dns dns_error e_dns eai_again eai_fail servfail eservfail erefused dns_failure dns_lookup_failed",
		"server_misbehaving temporary_failure_in_name_resolution eai_again eai_fail servfail getaddrinfo" +
			" dns_lookup_failed name_resolution"},

	{probes.FaultRefused,
		"connection_refused econnrefused err_connection_refused wsaeconnrefused connectexception",
		"connection_refused econnrefused actively_refused"},
	{probes.FaultUnreachable,
		"network_unreachable host_unreachable enetunreach ehostunreach ehostdown enetdown err_address_unreachable" +
			" e_connection connection_error connection_failed connect_error connectionerror connect_failed" +
			" curle_couldnt_connect noroutetohostexception err_internet_disconnected",
		"network_is_unreachable no_route_to_host ehostunreach enetunreach host_is_down network_is_down" +
			" address_unreachable host_is_unreachable couldn't_connect_to_server"},

	{probes.FaultTimeoutConnect,
		"connect_timeout connection_timeout connection_timed_out connecttimeout etimedout und_err_connect_timeout" +
			" err_connection_timed_out connecttimeouterror wsaetimedout",
		"dial_tcp*i/o_timeout dial_tcp*deadline_exceeded dial_tcp*timed_out connect_etimedout" +
			" connect:_connection_timed_out connection_timed_out_after connection_timeout_after connect_timeout" +
			" connect_timed_out err_connection_timed_out und_err_connect_timeout" +
			" failed_to_connect*timed_out"},
	{probes.FaultTimeoutResponse,
		"timeout e_timeout timed_out request_timeout read_timeout readtimeout response_timeout esockettimedout" +
			" deadline_exceeded context_deadline_exceeded gateway_timeout und_err_headers_timeout" +
			" curle_operation_timedout timeouterror sockettimeoutexception und_err_body_timeout",
		"timed_out timeout deadline_exceeded etimedout timeout_awaiting_response_headers curl:_(28) curl_error_28"},

	{probes.FaultHTTP3xx,
		"redirect redirect_error toomanyredirects curle_too_many_redirects err_fr_too_many_redirects",
		"too_many_redirects stopped_after*redirects maximum_number_of_redirects"},
	{probes.FaultHeadTooLarge,
		"hpe_header_overflow und_err_headers_overflow header_too_large headers_too_large",
		"response_headers_exceeded header_overflow headers_overflow header_line_too_long"},
	{probes.FaultMalformed,
		"badstatusline invalid_response malformed_response protocol_error curle_weird_server_reply" +
			" curle_unsupported_encoding",
		"malformed_http hpe_invalid hpe_ badstatusline malformed_mime malformed_chunked" +
			" server_gave_http_response_to_https bad_status_line invalid_http"},
	{probes.FaultReset,
		"connection_reset econnreset epipe econnaborted err_connection_reset broken_pipe curle_recv_error" +
			" curle_send_error wsaeconnreset",
		"connection_reset econnreset broken_pipe epipe reset_by_peer connection_aborted stream_error"},
	{probes.FaultClosed,
		"eof connection_closed socket_hang_up und_err_socket err_connection_closed err_empty_response" +
			" curle_got_nothing remotedisconnected server_disconnected err_stream_premature_close",
		"socket_hang_up unexpected_eof :_eof empty_reply_from_server remote_end_closed other_side_closed" +
			" server_closed_idle_connection closed_connection connection_closed server_disconnected premature_close" +
			" disconnect/reset_before_headers goaway"},
	{probes.FaultTLSHandshake,
		"tls tls_error ssl ssl_error sslerror tls_failure handshake_failed eproto curle_ssl_connect_error" +
			" sslhandshakeexception sslexception err_ssl_protocol_error",
		"handshake_failure handshake_failed tls: ssl: ssl_routines eproto err_ssl_ wrong_version_number" +
			" ssl_connect ssl_error secure_channel"},
	{probes.FaultUnknown, "network_error e_unknown e_http unknown none", ""},
}
