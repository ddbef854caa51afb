package merchants

import "github.com/hookvigil/hookvigil/rules"

// remedy is what helps against the trouble with one endpoint. The cause that
// all signals together tell goes before what one of them shows; what only we
// can mend is no advice to a merchant.
func (v voice) remedy(s story) string {
	cause := rules.Cause(s.facts.About.Cause)
	if text := v.ByCause[cause]; text != "" {
		return text
	}
	return v.Do[troubleBehind(cause, s.worst())]
}

// troubleBehind is the trouble that a cause comes to: the one that shows, where
// the cause says no more than that.
func troubleBehind(cause rules.Cause, shown trouble) trouble {
	switch cause {
	case rules.CauseGone:
		return troubleGone
	case rules.CauseRedirect:
		return troubleRedirect
	case rules.CauseRateLimited:
		return troubleLimit
	case rules.CauseConnectionBroken:
		return troubleBroken
	case rules.CauseTLS:
		return troubleTLS
	case rules.CauseCertificate:
		if shown != troubleExpired && shown != troubleExpiring {
			return troubleCertificate
		}
		return shown
	default:
		return shown
	}
}

func englishByCause() map[rules.Cause]string {
	return map[rules.Cause]string{
		rules.CauseHandlerBroken: "The server runs, and the program behind it fails: look into its log at that time, and at its last deployment.",
		rules.CauseHandlerSlow:   "It takes too long for each webhook: answer 2xx at once, put the work into a queue and do it afterwards.",
		rules.CauseSenderBlocked: "Single requests reach it, and webhooks do not: let every address that we send from through its firewall.",
		rules.CausePayloadRejected: "It refuses webhooks, though it answers single requests: look into its log for what it refuses, and check its token and whether it " +
			"knows every type of event.",
		rules.CauseAuthChanged: "Was its token or its path changed at that time, or a firewall rule added? Put the token from your settings in place, and register the " +
			"path that is right now.",
	}
}

func indonesianByCause() map[rules.Cause]string {
	return map[rules.Cause]string{
		rules.CauseHandlerBroken:   "Server berjalan, tetapi program di baliknya gagal: periksa lognya pada waktu itu, dan rilis terakhirnya.",
		rules.CauseHandlerSlow:     "Setiap webhook diproses terlalu lama: jawab 2xx segera, masukkan pekerjaan ke antrean, dan kerjakan setelahnya.",
		rules.CauseSenderBlocked:   "Permintaan tunggal sampai, tetapi webhook tidak: izinkan setiap alamat pengirim kami di firewall-nya.",
		rules.CausePayloadRejected: "Webhook ditolak, padahal permintaan tunggal dijawab: periksa lognya untuk melihat apa yang ditolak, serta token dan jenis event yang dikenalnya.",
		rules.CauseAuthChanged: "Apakah token atau path-nya diubah pada waktu itu, atau aturan firewall ditambahkan? Pasang token dari pengaturan Anda, dan daftarkan path " +
			"yang benar sekarang.",
	}
}
