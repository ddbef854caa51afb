package api

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// importRun is one import under way.
type importRun struct {
	server    *Server
	caller    caller
	snap      *registry.Snapshot
	merchants map[string]int // ID -> its line
	endpoints map[string]int
	rejected  map[int]string
	taken     importView
}

// read decodes the lines; the bad ones are rejected.
func (r *importRun) read(lines io.Reader) ([]entry, *huma.ErrorModel) {
	var entries []entry
	scan := bufio.NewScanner(lines)
	scan.Buffer(make([]byte, 0, 64<<10), maxImportLine)
	filled := 0
	for n := 1; scan.Scan(); n++ {
		if len(bytes.TrimSpace(scan.Bytes())) == 0 {
			continue
		}
		if filled++; filled > maxImportLines {
			return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d lines; import it in parts; nothing was taken", maxImportLines))
		}
		e := entry{line: n}
		if err := r.decode(&e, scan.Bytes()); err != nil {
			r.reject(n, err.Error())
			continue
		}
		entries = append(entries, e)
	}
	return entries, importReadError(scan.Err())
}

func importReadError(err error) *huma.ErrorModel {
	tooLarge := new(http.MaxBytesError)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d MiB inflated; import it in parts", maxImport>>20))
	case errors.Is(err, bufio.ErrTooLong):
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("a line is longer than %d MiB", maxImportLine>>20))
	default:
		return problem(http.StatusBadRequest, "the body is broken gzip")
	}
}

// decode reads one line and checks what only this request can know.
func (r *importRun) decode(e *entry, line []byte) error {
	if err := checkJSON(line); err != nil {
		return err
	}
	if r.server.deps.DecodeEntry == nil {
		return errors.New("this daemon takes no import")
	}
	var err error
	if e.merchant, e.endpoints, err = r.server.deps.DecodeEntry(bytes.Clone(line)); err != nil {
		return err
	}
	if err := r.admitMerchant(e.merchant); err != nil {
		return err
	}
	own := map[string]bool{}
	for i := range e.endpoints {
		if err := r.admitEndpoint(e.merchant.ID, &e.endpoints[i], own); err != nil {
			return err
		}
	}
	r.merchants[e.merchant.ID] = e.line
	for id := range own {
		r.endpoints[id] = e.line
	}
	return nil
}

func (r *importRun) admitMerchant(m registry.Merchant) error {
	if !r.caller.sees(m.ID) {
		return fmt.Errorf("there is no merchant %s", quote(m.ID))
	}
	if first, ok := r.merchants[m.ID]; ok {
		return fmt.Errorf("merchant %s stands on line %d already", quote(m.ID), first)
	}
	old, ok := r.snap.Merchant(m.ID)
	if ok && old.Origin == registry.OriginFile {
		return fmt.Errorf("merchant %s %w", quote(m.ID), registry.ErrFromFile)
	}
	if !r.caller.mayTell(old, m) {
		return fmt.Errorf("merchant %s: digest.slack %s", quote(m.ID), notTheirs)
	}
	return nil
}

func (r *importRun) admitEndpoint(merchant string, ep *registry.Endpoint, own map[string]bool) error {
	ep.Merchant = merchant
	old, known := r.snap.Endpoint(ep.ID)
	first, twice := r.endpoints[ep.ID]
	switch {
	case known && !r.caller.sees(old.Merchant):
		return fmt.Errorf("there is no endpoint %s of this merchant, and the ID is taken", quote(ep.ID))
	case known && old.Origin == registry.OriginFile:
		return fmt.Errorf("endpoint %s %w", quote(ep.ID), registry.ErrFromFile)
	case twice:
		return fmt.Errorf("endpoint %s stands on line %d already", quote(ep.ID), first)
	case own[ep.ID]:
		return fmt.Errorf("endpoint %s stands twice", quote(ep.ID))
	}
	own[ep.ID] = true
	var check reading
	check.noFiles(*ep)
	check.keep(ep, old)
	if check.faults != nil {
		f := check.faults[0]
		return fmt.Errorf("endpoint %s: %s: %s", quote(ep.ID), strings.TrimPrefix(f.Location, "body."), f.Message)
	}
	return nil
}

func (r *importRun) reject(line int, reason string) {
	switch {
	case r.rejected[line] != "":
	case len(r.rejected) >= maxListed:
		r.rejected[line] = unlisted
	default:
		r.rejected[line] = registry.Clean(reason)
	}
}

// unlisted stands for a reason that nobody will read: a thousand are listed.
const unlisted = "-"

// apply makes one change of all entries. When the registry names bad records,
// their lines are rejected and the rest is tried again; when it names none,
// the entries are halved until the bad line stands alone.
func (r *importRun) apply(ctx context.Context, entries []entry) error {
	for len(entries) > 0 {
		_, err := r.server.deps.Registry.Apply(ctx, r.change(entries))
		if err == nil {
			r.count(entries)
			return nil
		}
		if !refused(err) {
			return err
		}
		rest := r.blame(entries, err)
		if len(rest) < len(entries) {
			entries = rest
			continue
		}
		if len(entries) == 1 {
			r.reject(entries[0].line, err.Error())
			return nil
		}
		half := len(entries) / 2
		if err := r.apply(ctx, entries[:half]); err != nil {
			return err
		}
		entries = entries[half:]
	}
	return nil
}

// refused reports whether an error is about what was sent.
func refused(err error) bool {
	_, invalid := errors.AsType[*registry.InvalidError](err)
	return invalid || errors.Is(err, registry.ErrFromFile) || errors.Is(err, registry.ErrNotFound)
}

func (r *importRun) change(entries []entry) registry.Change {
	c := registry.Change{Actor: r.caller.name}
	for _, e := range entries {
		c.PutMerchants = append(c.PutMerchants, e.merchant)
		c.PutEndpoints = append(c.PutEndpoints, e.endpoints...)
	}
	return c
}

func (r *importRun) count(entries []entry) {
	r.taken.Merchants += len(entries)
	for _, e := range entries {
		r.taken.Endpoints += len(e.endpoints)
	}
}

// blame rejects the lines whose records err names, and returns the others.
func (r *importRun) blame(entries []entry, err error) []entry {
	invalid, ok := errors.AsType[*registry.InvalidError](err)
	if !ok {
		return entries
	}
	for _, f := range invalid.Faults {
		lines := r.endpoints
		if f.Kind == "merchant" {
			lines = r.merchants
		}
		if line := lines[f.ID]; line > 0 && !f.Warning {
			r.reject(line, fmt.Sprintf("%s %s: %s: %s", f.Kind, quote(f.ID), f.Path, faultText(f.Fault)))
		}
	}
	var rest []entry
	for _, e := range entries {
		if r.rejected[e.line] == "" {
			rest = append(rest, e)
		}
	}
	return rest
}

// view is the outcome, the rejected lines in order.
func (r *importRun) view() importView {
	v := r.taken
	v.Rejected = make([]rejection, 0, len(r.rejected))
	for line, reason := range r.rejected {
		if reason == unlisted {
			v.Unlisted++
			continue
		}
		v.Rejected = append(v.Rejected, rejection{Line: line, Reason: reason})
	}
	sortRejections(v.Rejected)
	return v
}

func sortRejections(list []rejection) {
	slices.SortFunc(list, func(a, b rejection) int { return cmp.Compare(a.Line, b.Line) })
}
