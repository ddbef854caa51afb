package digest

import (
	"cmp"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// plainFault is a fault of requests or of a certificate in plain words, for
// sentences; a word that is not known stands as it is.
func (v voice) plainFault(word string) string {
	unknown := v.Faults["unknown"]
	return cmp.Or(v.Faults[word], v.CertificateFaults[word], alerting.Line(word, longName), unknown)
}

// finding is the worst finding about a certificate in plain words; empty where
// its dates say it, or there is none.
func (v voice) finding(c *Certificate) string {
	switch {
	case c.Fault == "", c.Verdict == certificate.OK:
		return ""
	case (c.Fault == certificate.FaultExpiredLeaf || c.Fault == certificate.FaultExpiring) && !c.NotAfter.IsZero():
		return ""
	default:
		return cmp.Or(v.CertificateFaults[string(c.Fault)], alerting.Line(string(c.Fault), longName))
	}
}

// englishCertificates has plain words for every finding about a certificate.
func englishCertificates() map[string]string {
	return map[string]string{
		"expired_leaf": "it has expired", "not_yet_valid": "it is not valid yet",
		"expired_intermediate": "an intermediate certificate has expired", "expired_root": "the root certificate has expired",
		"hostname_mismatch": "it is for another host name", "no_san": "it names no host",
		"self_signed": "it is self-signed", "chain_incomplete": "an intermediate certificate is missing", "untrusted_root": "its root is not trusted",
		"name_constraint": "its issuer may not sign for this host name", "path_length": "its chain is longer than its issuer allows",
		"issuer_not_ca": "its issuer may not sign certificates", "wrong_eku": "it is not for servers",
		"unknown_critical_extension": "it has a critical extension that nobody knows", "bad_signature": "its signature is wrong",
		"key_mismatch": "its private key does not belong to it", "cert_unparseable": "it cannot be read", "file_unusable": "its file cannot be used",
		"pin_mismatch": "its key is none of those agreed on", "weak_signature": "its signature is too weak", "weak_key": "its key is too weak",
		"tls_version": "the TLS version is too old", "weak_cipher": "the cipher is too weak",
		"client_cert_expired": "the client certificate has expired", "client_cert_wrong_eku": "the client certificate is not for clients",
		"client_cert_rejected": "the client certificate is rejected", "client_cert_required": "a client certificate is wanted",
		"not_tls": "the port does not speak TLS", "handshake_failed": "the TLS handshake failed",
		"handshake_closed": "the connection was closed in the TLS handshake", "handshake_timeout": "no TLS handshake in time",
		"connect_refused": "the connection was refused", "connect_failed": "no connection can be made",
		"dns_not_found": "the host name does not exist", "dns_no_address": "the host name has no address",
		"dns_failed": "the host name could not be resolved", "timeout_dns": "the host name was not resolved in time",
		"blocked": "the address is not allowed", "canceled": "given up by us", "internal": "trouble on our side",
		"expiring": "it ends soon", "expiring_intermediate": "an intermediate certificate ends soon", "expiring_root": "the root certificate ends soon",
		"client_cert_expiring": "the client certificate ends soon", "leaf_is_ca": "it is one that signs others",
		"issuer_changed": "it has another issuer than before", "rolled_back": "an older one is served again",
		"disk_served_mismatch": "another one is served than stands in its file", "handshake_slow": "the TLS handshake is slow",
		"lifetime_long": "it lasts longer than browsers accept", "key_permissions": "others may read its private key",
		"chain_order": "its chain is not in order", "chain_extra": "its chain has more than is needed", "chain_has_root": "its chain has the root in it",
		"chain_has_expired_spare": "its chain has an expired spare", "renewed": "it was renewed", "key_changed": "its key has changed",
		"node_disagreement": "the servers behind the name serve different ones",
	}
}

// indonesianCertificates is the same; see [englishCertificates].
func indonesianCertificates() map[string]string {
	return map[string]string{
		"expired_leaf": "sudah kedaluwarsa", "not_yet_valid": "belum berlaku",
		"expired_intermediate": "sertifikat perantara sudah kedaluwarsa", "expired_root": "sertifikat akar sudah kedaluwarsa",
		"hostname_mismatch": "untuk nama host lain", "no_san": "tidak menyebut nama host",
		"self_signed": "ditandatangani sendiri", "chain_incomplete": "sertifikat perantara tidak ada", "untrusted_root": "akarnya tidak tepercaya",
		"name_constraint": "penerbitnya tidak boleh menandatangani untuk nama host ini", "path_length": "rantainya lebih panjang dari yang diizinkan penerbitnya",
		"issuer_not_ca": "penerbitnya tidak boleh menandatangani sertifikat", "wrong_eku": "bukan untuk server",
		"unknown_critical_extension": "memiliki ekstensi kritis yang tidak dikenal", "bad_signature": "tanda tangannya salah",
		"key_mismatch": "kunci privatnya tidak cocok", "cert_unparseable": "tidak dapat dibaca", "file_unusable": "berkasnya tidak dapat dipakai",
		"pin_mismatch": "kuncinya bukan yang disepakati", "weak_signature": "tanda tangannya terlalu lemah", "weak_key": "kuncinya terlalu lemah",
		"tls_version": "versi TLS terlalu lama", "weak_cipher": "sandi TLS terlalu lemah",
		"client_cert_expired": "sertifikat klien sudah kedaluwarsa", "client_cert_wrong_eku": "sertifikat klien bukan untuk klien",
		"client_cert_rejected": "sertifikat klien ditolak", "client_cert_required": "sertifikat klien diminta",
		"not_tls": "port tidak memakai TLS", "handshake_failed": "jabat tangan TLS gagal",
		"handshake_closed": "sambungan ditutup saat jabat tangan TLS", "handshake_timeout": "jabat tangan TLS tidak selesai tepat waktu",
		"connect_refused": "sambungan ditolak", "connect_failed": "sambungan tidak dapat dibuat",
		"dns_not_found": "nama host tidak ada", "dns_no_address": "nama host tidak memiliki alamat",
		"dns_failed": "nama host tidak dapat ditemukan", "timeout_dns": "nama host tidak ditemukan tepat waktu",
		"blocked": "alamat tidak diizinkan", "canceled": "dihentikan oleh kami", "internal": "gangguan di pihak kami",
		"expiring": "segera berakhir", "expiring_intermediate": "sertifikat perantara segera berakhir", "expiring_root": "sertifikat akar segera berakhir",
		"client_cert_expiring": "sertifikat klien segera berakhir", "leaf_is_ca": "sertifikat ini untuk menandatangani sertifikat lain",
		"issuer_changed": "penerbitnya berbeda dari sebelumnya", "rolled_back": "sertifikat yang lebih lama dipakai lagi",
		"disk_served_mismatch": "yang dipakai berbeda dari yang ada di berkas", "handshake_slow": "jabat tangan TLS lambat",
		"lifetime_long": "masa berlakunya lebih lama dari yang diterima peramban", "key_permissions": "kunci privatnya dapat dibaca pihak lain",
		"chain_order": "urutan rantainya salah", "chain_extra": "rantainya berisi lebih dari yang diperlukan", "chain_has_root": "rantainya berisi sertifikat akar",
		"chain_has_expired_spare": "rantainya berisi cadangan yang kedaluwarsa", "renewed": "sudah diperbarui", "key_changed": "kuncinya berubah",
		"node_disagreement": "server di balik nama ini memakai sertifikat yang berbeda",
	}
}
