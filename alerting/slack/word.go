package slack

import (
	"regexp"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// word is Slack's word for what is wrong with a call
// (docs.slack.dev/reference/methods/chat.postMessage, .../chat.update,
// docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
type word string

var plainWord = regexp.MustCompile(`^[a-z_]{2,60}$`)

func isWord(s string) bool { return plainWord.MatchString(s) }

// lost reports whether the message that a call is about cannot be reached any
// more, so that a new one has to be made.
func (w word) lost() bool {
	switch w {
	case "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found":
		return true
	default:
		return false
	}
}

// classOf returns what w means; otherwise for a word that is not known: then
// nothing was refused for good.
func classOf(w word, otherwise alerting.Class) alerting.Class {
	switch w {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return alerting.ClassLimited
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
		"org_login_required", "ekm_access_denied", "not_allowed_token_type", "team_access_not_granted", "access_denied",
		"two_factor_setup_required", "invalid_token", "no_service", "no_active_hooks", "no_team", "team_disabled":
		return alerting.ClassAuth
	case "channel_not_found", "not_in_channel", "is_archived", "user_not_found", "channel_is_archived", "is_inactive",
		"cannot_dm_bot", "user_disabled", "posting_to_general_channel_denied", "action_prohibited", "messages_tab_disabled",
		"method_not_supported_for_channel_type", "team_not_found", "thread_locked", "restricted_action",
		"restricted_action_read_only_channel", "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
		"restricted_action_thread_locked":
		return alerting.ClassDestination
	case "msg_too_long", "msg_blocks_too_long", "no_text", "metadata_too_large", "too_many_attachments", "invalid_payload",
		"invalid_arguments", "invalid_array_arg", "invalid_charset", "invalid_json", "json_not_object", "invalid_form_data",
		"markdown_text_conflict", "too_many_contact_cards":
		return alerting.ClassMessage
	case "internal_error", "fatal_error": // "some aspect of the operation may have succeeded"
		return alerting.ClassAmbiguous
	}
	switch {
	case strings.HasPrefix(string(w), "invalid_blocks"), strings.HasPrefix(string(w), "invalid_metadata"), strings.HasPrefix(string(w), "invalid_attachments"):
		return alerting.ClassMessage
	case otherwise == alerting.ClassAmbiguous: // an answer of 200 that says no
		return alerting.ClassTransient
	default:
		return otherwise
	}
}

// hint says what a person can do about w; empty: nothing that w does not say.
func (w word) hint() string {
	switch w {
	case "not_in_channel":
		return "invite the app into the channel: /invite @app"
	case "channel_not_found":
		return "want the ID of a channel that the app can see; invite the app into a private one"
	case "is_archived", "is_inactive", "channel_is_archived":
		return "the channel is archived: restore it or name another"
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive":
		return "install the app anew, put its bot token in place, and reload"
	case "invalid_token", "no_service", "no_active_hooks":
		return "the incoming webhook was removed: make a new one, and reload"
	default:
		return ""
	}
}
