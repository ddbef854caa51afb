package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	sendEvery = 250 * time.Millisecond
	sendWait  = 5 * time.Second // for one answer
)

// tally is what the sender handed in. The zero value is nothing yet.
type tally struct {
	First, Failed int // first attempts, and of them failed
	Retries       int
}

// sender hands in attempts as a platform would.
type sender struct {
	url    string // of POST /api/v1/attempts
	log    *slog.Logger
	begun  time.Time
	stream *traffic
	handed func([]attempt) // is told of what was taken; nil: nobody is

	mu  sync.Mutex // guards sum
	sum tally
}

// run hands in attempts until ctx ends. A batch that was not taken is handed
// in again: each attempt counts once, so that nothing is counted twice.
func (s *sender) run(ctx context.Context) {
	ticker := time.NewTicker(sendEvery)
	defer ticker.Stop()
	var waiting []attempt
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		waiting = append(waiting, s.stream.until(time.Since(s.begun))...)
		if len(waiting) == 0 {
			continue
		}
		if err := s.send(ctx, waiting); err != nil {
			if ctx.Err() == nil {
				s.log.Warn("attempts not handed in; once more", "attempts", len(waiting), "err", err)
			}
			waiting = waiting[max(0, len(waiting)-mostAtOnce):]
			continue
		}
		s.count(waiting)
		waiting = waiting[:0]
	}
}

// send makes one request.
func (s *sender) send(ctx context.Context, list []attempt) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	for _, a := range list {
		if err := enc.Encode(a); err != nil {
			return fmt.Errorf("encode attempt: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, &body)
	if err != nil {
		return fmt.Errorf("hand in attempts: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("hand in attempts: %w", err)
	}
	defer resp.Body.Close()
	var answer struct {
		Rejected int `json:"rejected_count"`
	}
	if resp.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
		return fmt.Errorf("hand in attempts: status %d", resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("hand in attempts: answer: %w", err)
	}
	if answer.Rejected > 0 {
		s.log.Warn("attempts rejected", "attempts", answer.Rejected)
	}
	return nil
}

func (s *sender) count(list []attempt) {
	if s.handed != nil {
		s.handed(list)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range list {
		switch {
		case a.Number > 1:
			s.sum.Retries++
			continue
		case a.failed():
			s.sum.Failed++
		}
		s.sum.First++
	}
}

// total returns what was handed in so far.
func (s *sender) total() tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum
}
