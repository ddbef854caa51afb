# The one door for people and CI. Tools are pinned here, not in go.mod.
GO            ?= go
BIN           := bin
GOLANGCI_VERSION := v2.15.0
GOLANGCI      := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS       := -s -w -X main.version=$(VERSION)
FUZZTIME      ?= 10s
# Tests mostly wait for the network: more of them at a time than processors.
PARALLEL      ?= 16
# Our code and its libraries run under the race detector, but not SQLite's own engine (C, translated to Go): a store's
# tests take a quarter of the time, and what the engine does between its locks is not ours to watch.
RACE          := -race -gcflags='modernc.org/...=-race=false'
# How often the acceptance test kills the daemon.
KILLS         ?= 20
# And how often `make chaos` does.
CHAOS_KILLS   ?= 500
export CGO_ENABLED ?= 0
# A Go from 1.21 on fetches the one that go.mod asks for, unless this says local.
export GOTOOLCHAIN ?= auto
WANTED_GO     := hookvigil is built with Go 1.26, which any Go from 1.21 on fetches by itself: https://go.dev/doc/install (Debian 12: golang-go is too old)

.PHONY: all check have-go fmt vet lint test test-integration chaos build run screenshots bench detection fuzz golden cover clean

all: check build

check: have-go fmt vet lint test ## all that must be green before a commit

have-go:
	@command -v $(GO) >/dev/null || { echo "$(WANTED_GO); there is no $(GO) in PATH" >&2; exit 1; }
	@$(GO) list -m >/dev/null || { echo "$(WANTED_GO); here is $$($(GO) version)" >&2; exit 1; }

fmt: ## fails when a file is not gofmt clean
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$out" ]; then echo "not gofmt clean:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint: $(GOLANGCI)
	$(GOLANGCI) run ./...

$(GOLANGCI):
	@mkdir -p $(BIN)
	GOBIN=$(abspath $(BIN)) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@

test: have-go ## unit and process tests, with the race detector; apt installs gcc and promtool when missing
	@scripts/need gcc promtool
	CGO_ENABLED=1 $(GO) test $(RACE) -parallel $(PARALLEL) -timeout 20m ./...
	cd internal/tools && $(GO) test -count=1 ./... # what it reads lies outside its module: a cached result says nothing

test-integration: have-go ## slower ones: real time, more damage to the store, the built binary under kill -9
	@scripts/need gcc prometheus prometheus-alertmanager
	KILLS=$(KILLS) $(GO) test -parallel $(PARALLEL) -tags integration -timeout 45m ./internal/acceptance ./internal/demo
	CGO_ENABLED=1 $(GO) test -p 3 -parallel $(PARALLEL) -tags integration -timeout 30m \
		-run "ThirtySeconds|Damage|Kill|EveryQuery|RealPrometheus|ARealAlertmanager" \
		./dashboards/grafana ./probes ./internal/store ./internal/ingest/promquery ./alerting/alertmanager

chaos: have-go ## CHAOS_KILLS (500) kills of the built binary, while all receivers misbehave: three quarters of an hour
	@scripts/need gcc
	KILLS=$(CHAOS_KILLS) $(GO) test -tags integration -count 1 -timeout 4h -v -run 'TestKills' ./internal/acceptance

build: have-go ## one static binary, bin/hookvigil
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/hookvigil ./cmd/hookvigil

run: build ## the demo: a published incident in three minutes, in the browser
	$(BIN)/hookvigil demo

screenshots: build ## docs/images from a demo that runs; apt installs chromium and pngquant when missing
	@scripts/need curl chromium pngquant
	scripts/screenshots $(BIN)/hookvigil docs/images

bench: ## ratios against a baseline in the same run
	$(GO) test -run '^$$' -bench . -benchtime 1s -count 1 ./probes ./rules ./internal/deliveries ./internal/config ./internal/registry ./internal/store ./internal/ingest ./internal/conditions ./dashboards

detection: have-go ## how soon an incident is found, and how often for nothing: docs/detection.md, measured anew in three minutes
	@$(GO) run ./internal/hooktest/detection

fuzz: ## FUZZTIME (10s) a target
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done

golden: ## rewrites golden files; read the diff before you commit it
	$(GO) generate ./dashboards/grafana
	$(GO) test ./probes ./rules ./dashboards/web ./internal/config ./cmd/hookvigil -run Golden -update

cover:
	$(GO) test -coverprofile=cover.out ./... && $(GO) tool cover -func=cover.out | tail -n 1

clean:
	rm -rf $(BIN) cover.out
