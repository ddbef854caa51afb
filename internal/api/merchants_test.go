package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// The channel behind a receiver may be another merchant's.
func TestReceiversAreNotForAMerchantToChoose(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/merchants/own"
	w := newWorld(t, allTokens())
	named := `{"name":"Own Shop","digest":{"slack":"others"}}`
	w.ask(t, http.MethodPut, path, ownOperator, named).problem(t, 422).hasFault(t, "body.digest.slack", "chosen by who runs hookvigil")
	var got imported
	w.ask(t, http.MethodPost, importPath, ownOperator, `{"id":"own","digest":{"slack":"others"},"endpoints":[]}`).into(t, 200, &got)
	if reason := got.reasons()[1]; !strings.Contains(reason, "digest.slack is chosen by who runs hookvigil") {
		t.Errorf("imported %+v, want the line rejected", got)
	}
	for _, token := range []string{operatorToken, ownOperator} { // who sees all names it, and it may stay
		if a := w.ask(t, http.MethodPut, path, token, named); a.status != http.StatusOK {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
}
