package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// dutyView is the answer of a duty route in JSON.
type dutyView struct {
	Status  string   `json:"status"` // ok | failing
	Reasons []string `json:"reasons"`
	Remarks []string `json:"remarks,omitempty"` // what is worth knowing, and is no reason
}

// duty answers 200 when nothing is wrong, else 503 with the reasons: a line
// each, or JSON for whoever accepts it. What is worth knowing beside that
// changes no status; nil: nothing is.
func duty(wrong, beside func() []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reasons, status, word := wrong(), http.StatusOK, "ok"
		var remarks []string
		if beside != nil {
			remarks = beside()
		}
		if len(reasons) > 0 {
			status, word = http.StatusServiceUnavailable, "failing"
		}
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			writeJSON(w, status, "application/json", dutyView{Status: word, Reasons: filled(reasons), Remarks: remarks})
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		if len(reasons) == 0 {
			reasons = []string{word}
		}
		for _, remark := range remarks {
			reasons = append(reasons, "note: "+remark)
		}
		_, _ = w.Write([]byte(strings.Join(reasons, "\n") + "\n")) // the client is gone: nobody to tell
	})
}

// reloadView is the answer of a reload that was done.
type reloadView struct {
	Diff     registry.Diff `json:"diff"`
	Warnings []ConfigFault `json:"warnings"`
}

// reloadError is the answer of a reload that was not: a problem, with the
// faults as `hookvigil check --json` writes them.
type reloadError struct {
	*huma.ErrorModel
	Faults []ConfigFault `json:"faults"`
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	report, err := s.deps.Duties.Reload(r.Context())
	if err != nil {
		writeProblem(w, s.asProblem(r.Context(), err))
		return
	}
	if len(report.Faults) > 0 {
		p := problem(http.StatusUnprocessableEntity, "the configuration has faults; nothing was changed")
		for _, f := range report.Faults {
			p.Errors = append(p.Errors, detail(f.location(), faultText(registry.Fault{Message: f.Message, Hint: f.Hint})))
		}
		writeJSON(w, p.Status, "application/problem+json", reloadError{ErrorModel: p, Faults: report.Faults})
		return
	}
	writeJSON(w, http.StatusOK, "application/json", reloadView{Diff: listed(report.Diff), Warnings: filled(report.Warnings)})
}

// location is where a fault stands: "hookvigil.yaml:31:16: probe.timeout".
func (f ConfigFault) location() string {
	where := f.File
	if f.Line > 0 {
		where += ":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)
	}
	switch {
	case where == "":
		return f.Path
	case f.Path == "":
		return where
	default:
		return where + ": " + f.Path
	}
}

// listed returns d with empty lists for missing ones, so that JSON shows [].
func listed(d registry.Diff) registry.Diff {
	for _, c := range []*registry.Changes{&d.Merchants, &d.Endpoints, &d.Targets} {
		c.Added, c.Removed, c.Changed = filled(c.Added), filled(c.Removed), filled(c.Changed)
	}
	return d
}
