package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
)

func importOperation() huma.Operation {
	op := post("/api/v1/import", "import", "Add or replace many merchants with their endpoints, one JSON object a line")
	op.MaxBodyBytes, op.BodyReadTimeout = maxImport, importTimeout
	return op
}

type importInput struct {
	Encoding string `header:"Content-Encoding" doc:"gzip, or nothing"`
	RawBody  []byte `contentType:"application/x-ndjson"`
}

type importOutput struct {
	Body importView
}

type importView struct {
	Merchants int         `json:"merchants" doc:"Added or replaced"`
	Endpoints int         `json:"endpoints" doc:"Added or replaced"`
	Rejected  []rejection `json:"rejected" doc:"Lines that were not taken, in order; at most 1,000"`
	Unlisted  int         `json:"unlisted,omitempty" doc:"Lines that were not taken either, and are not listed"`
}

type rejection struct {
	Line   int    `json:"line" doc:"From 1"`
	Reason string `json:"reason"`
}

// entry is one good line.
type entry struct {
	line      int
	merchant  registry.Merchant
	endpoints []registry.Endpoint
}

// importLines takes the good lines as one change and lists the bad ones.
func (s *Server) importLines(ctx context.Context, in *importInput) (*importOutput, error) {
	lines, bad := importBody(in)
	if bad != nil {
		return nil, bad
	}
	giveBack, err := s.turn.take(ctx)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	run := importRun{
		server: s, caller: callerOf(ctx), snap: s.deps.Registry.Snapshot(),
		merchants: map[string]int{}, endpoints: map[string]int{}, rejected: map[int]string{},
	}
	entries, bad := run.read(lines)
	if bad != nil {
		return nil, bad
	}
	if err := run.apply(ctx, entries); err != nil {
		return nil, err
	}
	return &importOutput{Body: run.view()}, nil
}

// importBody returns the lines, inflated.
func importBody(in *importInput) (io.Reader, *huma.ErrorModel) {
	body := bytes.NewReader(in.RawBody)
	switch strings.ToLower(in.Encoding) {
	case "", "identity":
		return body, nil
	case "gzip":
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, problem(http.StatusBadRequest, "the body is not gzip")
		}
		return http.MaxBytesReader(nil, unzipped, maxImport), nil
	default:
		return nil, problem(http.StatusUnsupportedMediaType, "the body is compressed in an unknown way; wanted gzip, or nothing")
	}
}
