package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnImportOfRubbishIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	answer := w.ask(t, http.MethodPost, "/api/v1/import", operatorToken, strings.Repeat("{\n", 50_000)+`{"id":"good"}`)
	var got struct {
		Merchants, Unlisted int
		Rejected            []struct{ Line int }
	}
	answer.into(t, http.StatusOK, &got)
	if got.Merchants != 1 || len(got.Rejected) != 1000 || got.Unlisted != 49_000 || got.Rejected[0].Line != 1 {
		t.Errorf("%d taken, %d listed, %d not; want 1, 1000 and 49000", got.Merchants, len(got.Rejected), got.Unlisted)
	}
	p := w.ask(t, http.MethodPost, "/api/v1/import", operatorToken, strings.Repeat("{\n", 100_001)).problem(t, http.StatusRequestEntityTooLarge)
	if !strings.Contains(p.Detail, "100000 lines") {
		t.Errorf("got %q, want the bound named", p.Detail)
	}
}
