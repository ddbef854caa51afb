package hooktest

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// slackArgs are the arguments of a call. What is JSON inside a form and JSON
// inside JSON is the same here: its text.
type slackArgs map[string]string

// yes reads a flag as Slack does.
func (a slackArgs) yes(name string) bool { return a[name] == "1" || a[name] == "true" }

// readArgs returns the arguments in the query and the body; word is Slack's
// for what is wrong with them.
func readArgs(r *http.Request, body []byte) (args slackArgs, word string) {
	args = slackArgs{}
	args.add(r.URL.Query())
	if len(body) == 0 {
		return args, ""
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return args, "missing_post_type"
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return args, "invalid_form_data"
		}
		args.add(form)
		return args, ""
	case kind == "application/json":
		return args, args.addJSON(body)
	default:
		return args, "invalid_post_type"
	}
}

func (a slackArgs) add(form url.Values) {
	for name := range form {
		a[name] = form.Get(name)
	}
}

func (a slackArgs) addJSON(body []byte) (word string) {
	if !json.Valid(body) {
		return "invalid_json"
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return "json_not_object"
	}
	for name, raw := range fields {
		var text string
		switch {
		case bytes.Equal(raw, []byte("null")):
			continue
		case json.Unmarshal(raw, &text) == nil:
			a[name] = text
		default:
			a[name] = string(raw)
		}
	}
	return ""
}

// bearer returns the token of a request: from the header or, in a form, the
// argument. Slack takes no token from a JSON body.
func bearer(r *http.Request, args slackArgs) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return r.URL.Query().Get("token")
	}
	return args["token"]
}
