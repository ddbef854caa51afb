package slack_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// outcome is what a fault means; says is part of the error's text.
type outcome struct {
	step       hooktest.SlackStep
	class      alerting.Class
	retryAfter time.Duration
	says       string
}

func TestFaultsOfTheWireHaveTheirClass(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]outcome{
		"429 with Retry-After":      {hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: 7 * time.Second}, alerting.ClassLimited, 7 * time.Second, ""},
		"429 without":               {hooktest.SlackStep{Fault: hooktest.SlackLimitedBare}, alerting.ClassLimited, 0, ""},
		"ratelimited in the body":   {hooktest.SlackStep{Fault: hooktest.SlackLimitedBody}, alerting.ClassLimited, 0, ""},
		"500":                       {hooktest.SlackStep{Fault: hooktest.SlackError500}, alerting.ClassTransient, 0, "500"},
		"503":                       {hooktest.SlackStep{Fault: hooktest.SlackError503}, alerting.ClassTransient, 0, "503"},
		"a proxy's page":            {hooktest.SlackStep{Fault: hooktest.SlackHTML}, alerting.ClassAmbiguous, 0, "cannot be read"},
		"silence":                   {hooktest.SlackStep{Fault: hooktest.SlackHang}, alerting.ClassAmbiguous, 0, "deadline"},
		"processed, then silence":   {hooktest.SlackStep{Fault: hooktest.SlackHangAfter}, alerting.ClassAmbiguous, 0, "deadline"},
		"the connection is dropped": {hooktest.SlackStep{Fault: hooktest.SlackDropBefore}, alerting.ClassAmbiguous, 0, "EOF"},
		"processed, then dropped":   {hooktest.SlackStep{Fault: hooktest.SlackDropAfter}, alerting.ClassAmbiguous, 0, "EOF"},
		"invalid auth":              {hooktest.SlackStep{Fault: hooktest.SlackInvalidAuth}, alerting.ClassAuth, 0, "invalid_"},
	} {
		for way, change := range map[string]func(*slack.Config){"with a token": func(*slack.Config) {}, "by a webhook": byHook} {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				var b bench
				var ref alerting.Ref
				var err error
				for _, limit := range patience(tt.says == "deadline") {
					b = newBench(t, func(c *slack.Config) { c.Timeout = limit }, change)
					b.play(hooktest.SlackAny, tt.step)
					if ref, err = b.r.Send(t.Context(), notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{}); b.s.Stats().Calls > 0 {
						break
					}
				}
				e := b.failed(ref, err, tt.class)
				if e.RetryAfter != tt.retryAfter || !strings.Contains(e.Error(), tt.says) {
					t.Errorf("got %s after %s, want %q after %s", e.Error(), e.RetryAfter, tt.says, tt.retryAfter)
				}
				if calls := b.s.Stats().Calls; calls != 1 {
					t.Errorf("got %d calls, want 1: the outbox alone tries again", calls)
				}
			})
		}
	}
}

// words are all that Slack is known to say, by what they mean.
var words = map[alerting.Class]string{
	alerting.ClassDestination: "channel_not_found not_in_channel is_archived user_not_found channel_is_archived is_inactive cannot_dm_bot user_disabled " +
		"posting_to_general_channel_denied action_prohibited messages_tab_disabled method_not_supported_for_channel_type team_not_found thread_locked " +
		"restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_non_threadable_channel restricted_action_thread_locked",
	alerting.ClassMessage: "invalid_blocks invalid_blocks_format msg_too_long msg_blocks_too_long no_text invalid_metadata_format invalid_metadata_schema metadata_too_large " +
		"too_many_attachments invalid_attachments invalid_payload invalid_arguments invalid_array_arg invalid_charset invalid_json json_not_object invalid_form_data " +
		"markdown_text_conflict too_many_contact_cards",
	alerting.ClassAuth: "invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission org_login_required ekm_access_denied " +
		"not_allowed_token_type team_access_not_granted access_denied two_factor_setup_required invalid_token no_service no_active_hooks no_team team_disabled",
	alerting.ClassLimited:   "ratelimited rate_limited message_limit_exceeded",
	alerting.ClassAmbiguous: "internal_error fatal_error",
	alerting.ClassTransient: "service_unavailable request_timeout a_word_of_next_year",
}

func TestWordsHaveTheirClass(t *testing.T) {
	t.Parallel()
	for class, list := range words {
		for word := range strings.FieldsSeq(list) {
			t.Run(word, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				refuse := hooktest.SlackStep{Fault: hooktest.SlackRefused, Error: word}
				b.play(hooktest.SlackPost, refuse)
				b.play(hooktest.SlackUpdate, refuse)
				for _, prev := range []alerting.Ref{{}, {Root: "1700000000.000100"}} {
					if e := b.fail(notice(t, alerting.KindRoot, 1, facts()), prev, class); !strings.Contains(e.Error(), word) {
						t.Errorf("got %q, want it to name %s", e.Error(), word)
					}
				}
			})
		}
	}
}

// TestStatusesHaveTheirClass: what a proxy or a gateway says in Slack's place.
func TestStatusesHaveTheirClass(t *testing.T) {
	t.Parallel()
	for status, class := range map[int]alerting.Class{
		200: alerting.ClassAmbiguous, 204: alerting.ClassAmbiguous, 302: alerting.ClassTransient, 307: alerting.ClassTransient, 400: alerting.ClassTransient,
		401: alerting.ClassAuth, 403: alerting.ClassAuth, 404: alerting.ClassTransient, 407: alerting.ClassAuth, 408: alerting.ClassTransient,
		410: alerting.ClassDestination, 413: alerting.ClassMessage, 429: alerting.ClassLimited, 500: alerting.ClassTransient,
		502: alerting.ClassTransient, 503: alerting.ClassTransient, 504: alerting.ClassTransient,
	} {
		for way, cfg := range map[string]slack.Config{"token": {Token: "xoxb-marker", Channel: room}, "webhook": {}} {
			t.Run(fmt.Sprint(status, " by ", way), func(t *testing.T) {
				t.Parallel()
				calls := 0
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					calls++
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(status)
				}))
				t.Cleanup(s.Close)
				if cfg.Token == "" {
					cfg.WebhookURL = probes.Secret(s.URL + "/services/marker")
				} else {
					cfg.APIURL = s.URL + "/api/"
				}
				b := bench{t: t, r: slack.New(cfg, nil)}
				e := b.fail(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{}, class)
				if strings.Contains(e.Error(), "marker") || calls != 1 {
					t.Errorf("got %s after %d calls, want no secret and one call", e.Error(), calls)
				}
			})
		}
	}
}

func TestWordsOfAWebhookHaveTheirClass(t *testing.T) {
	t.Parallel()
	for word, class := range map[string]alerting.Class{
		"invalid_payload": alerting.ClassMessage, "invalid_blocks": alerting.ClassMessage, "no_text": alerting.ClassMessage,
		"no_service": alerting.ClassAuth, "invalid_token": alerting.ClassAuth,
		"channel_is_archived": alerting.ClassDestination, "action_prohibited": alerting.ClassDestination, "channel_not_found": alerting.ClassDestination,
	} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, byHook)
			b.play(hooktest.SlackWebhook, hooktest.SlackStep{Fault: hooktest.SlackRefused, Error: word})
			b.fail(notice(t, alerting.KindUpdate, 1, facts()), alerting.Ref{}, class)
		})
	}
}

func TestClosedPortIsTransient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.s.Close()
	if e := b.fail(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{}, alerting.ClassTransient); !strings.Contains(e.Error(), "refused") {
		t.Errorf("got %s, want it to say refused", e.Error())
	}
}

// TestTimeoutBeforeTheRequestIsTransient: a server that never says a word of
// TLS has nothing of the request.
func TestTimeoutBeforeTheRequestIsTransient(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener of the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	r := slack.New(slack.Config{
		Token: "xoxb-1", Channel: room, APIURL: "https://" + ln.Addr().String() + "/api/", Timeout: 150 * time.Millisecond,
	}, nil)
	b := bench{t: t, r: r}
	b.fail(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{}, alerting.ClassTransient)
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"token", "webhook"} {
		for _, fault := range append(hooktest.SlackFaults(), "closed") {
			t.Run(way+" "+string(fault), func(t *testing.T) {
				t.Parallel()
				const token, path = "xoxb-marker-5f2c", "/services/T0/B0/marker-5f2c"
				repeated := token
				s := hooktest.StartSlack(t, hooktest.SlackOptions{Token: token, Hooks: map[string]string{path: room}})
				cfg := slack.Config{Token: token, Channel: room, APIURL: s.APIURL()}
				if way == "webhook" {
					cfg = slack.Config{WebhookURL: probes.Secret(s.HookURL(path))}
					repeated = s.HookURL(path) + " " + path
				}
				cfg.Timeout = 150 * time.Millisecond
				step := hooktest.SlackStep{Fault: fault}
				if fault == hooktest.SlackRefused {
					step.Error = repeated // a server that repeats what it was sent
				}
				if fault == "closed" {
					s.Close()
					step.Fault = hooktest.SlackNone
				}
				if err := s.Play(hooktest.SlackAny, step); err != nil {
					t.Fatal(err)
				}
				for _, attempts := range []int{1, 2} {
					n := notice(t, alerting.KindRoot, 1, facts())
					n.Attempts = attempts
					_, err := slack.New(cfg, nil).Send(t.Context(), n, alerting.Ref{})
					if err == nil || strings.Contains(err.Error(), "marker") {
						t.Errorf("attempt %d: got %v, want an error without the secret", attempts, err)
					}
				}
			})
		}
	}
}
