# What a newcomer, a contributor and the CI run. `make` alone lists the targets; nothing here needs root but `make e2e`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
COMMANDS := etcdbake etcdbake-rehearse etcd-verify
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/etcdbake/etcdbake/cmd/internal/cli.Version=$(VERSION)
# The plugin's version is X.Y.Z or X.Y.Z-dev, as Packer demands: that of the tag on this commit, else a development version.
PLUGIN_VERSION ?= $(or $(patsubst v%,%,$(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null)),0.1.0-dev)
PACKER ?= packer
PACKER_SDC := $(GO) tool -modfile='$(CURDIR)/tools/packer-sdc/go.mod' packer-sdc
# Where `make install` puts the commands: PREFIX/bin, else where `go install` would.
BINDIR ?= $(if $(PREFIX),$(PREFIX)/bin,$(or $(shell $(GO) env GOBIN),$(shell $(GO) env GOPATH)/bin))
# The race detector needs a C compiler; without one the tests still run.
RACE ?= $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
FUZZTIME ?= 30s
DEMO := .cache/demo
LINT := $(GO) tool -modfile=tools/lint/go.mod

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Static binaries: they run on any Linux, and start faster. The first build compiles etcd too and takes a minute or two.
.PHONY: build
build: ## Build the commands into bin/
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ $(COMMANDS:%=./cmd/%)

.PHONY: install
install: build ## Install the commands into PREFIX/bin (default: where go install would)
	install -d '$(BINDIR)'
	install -m 0755 $(COMMANDS:%=bin/%) '$(BINDIR)'

.PHONY: plugin
plugin: ## Build the Packer plugin into bin/
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(PLUGIN_VERSION)' -o bin/ ./cmd/packer-plugin-etcd

.PHONY: plugin-install
plugin-install: plugin ## Install the Packer plugin for this user's Packer (1.11 or newer)
	CHECKPOINT_DISABLE=1 '$(PACKER)' plugins install --path bin/packer-plugin-etcd github.com/etcdbake/etcd

.PHONY: plugin-check
plugin-check: plugin ## Check that the plugin is one in Packer's eyes
	cd bin && $(PACKER_SDC) plugin-check packer-plugin-etcd

.PHONY: plugin-release
plugin-release: ## Make the plugin's archives and checksums for a release, in dist/
	$(GO) run ./tools/pluginrelease -version '$(PLUGIN_VERSION)' -out dist

.PHONY: demo
demo: ## From a spec to a verified three-member cluster on this machine
	@echo '# building (the first time takes a minute or two)'
	@$(MAKE) -s build
	@rm -rf $(DEMO)
	@mkdir -p $(DEMO)
	@echo '$$ etcdbake generate -f examples/cluster.yaml'
	@bin/etcdbake generate -f examples/cluster.yaml --pki $(DEMO)/pki --out $(DEMO)/out
	@echo '$$ etcdbake rehearse'
	@bin/etcdbake rehearse --pki $(DEMO)/pki --out $(DEMO)/out

.PHONY: test
test: ## Run every test that needs neither root nor apt
	$(GO) test $(RACE) ./...

# Each version takes about half a minute.
ETCD_VERSIONS ?= 3.5.35,3.6.14,3.7.3
SOAK ?= 200

.PHONY: faults
faults: ## Break real clusters of every etcd version in every way, and verify them
	$(GO) test -count=1 -timeout 20m ./verify -run '^TestEveryFault' -etcd '$(ETCD_VERSIONS)'

.PHONY: soak
soak: ## Verify a healthy cluster under load SOAK times (200): no false alarm
	$(GO) test -count=1 -timeout 30m ./verify -run IsNeverAccused -soak '$(SOAK)' -v

.PHONY: e2e
e2e: ## Boot three real hosts from the user-data and verify them (root, Debian, apt)
	@[ "$$(id -u)" = 0 ] || { echo 'make e2e boots real hosts with systemd-nspawn: run it as root' >&2; exit 1; }
	.ci/packages
	$(GO) test -tags e2e -count=1 -timeout 25m -v ./test/e2e
	@$(MAKE) e2e-packer

# With four cores of its own it takes about ten minutes.
CUTS ?= 50

.PHONY: e2e-cuts
e2e-cuts: ## Cut the power CUTS times (50) at random in first boot, and boot hosts minutes apart
	@[ "$$(id -u)" = 0 ] || { echo 'make e2e-cuts boots real hosts with systemd-nspawn: run it as root' >&2; exit 1; }
	.ci/packages
	$(GO) test -tags e2e -count=1 -timeout 90m -v ./test/e2e -run 'PowerCut|BootsLate' -cuts '$(CUTS)' -late 3m

.PHONY: e2e-packer
e2e-packer: ## Bake real hosts with real Packers, and make a cluster of them (part of e2e)
	@[ "$$(id -u)" = 0 ] || { echo 'make e2e-packer boots real hosts with systemd-nspawn: run it as root' >&2; exit 1; }
	.ci/packages
	$(GO) test -tags e2e -count=1 -timeout 15m -v ./test/packer ./tools/packerbin

.PHONY: e2e-qemu
e2e-qemu: ## From a plain Debian disk to a verified cluster of golden machines in QEMU (root, Debian, apt)
	@[ "$$(id -u)" = 0 ] || { echo 'make e2e-qemu makes disks and networks: run it as root' >&2; exit 1; }
	.ci/packages
	$(GO) test -tags e2e -count=1 -timeout 25m -v ./test/qemu

.PHONY: lint
lint: ## Check formatting, vet, staticcheck and the shell scripts
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	[ -z "$$unformatted" ] || { printf 'make fmt would change:\n%s\n' "$$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags e2e ./test/...
	$(LINT) staticcheck -tags e2e ./...
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run .ci/packages tools/packer-sdc/docs \
		templates/files/{first-boot,data-disk,ready,shred,defrag,backup,image-*}.sh; else echo 'shellcheck: not installed, skipped'; fi

.PHONY: fmt
fmt: ## Format the Go files (the twin of lint's first check)
	git ls-files -z '*.go' | xargs -0 gofmt -w

.PHONY: cross
cross: ## Check that the commands compile for the other systems
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null $(COMMANDS:%=./cmd/%)
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null $(COMMANDS:%=./cmd/%)
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/packer-plugin-etcd
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/packer-plugin-etcd

.PHONY: vuln
vuln: ## Look for known vulnerabilities (needs the network's database, so not part of the CI)
	$(LINT) govulncheck ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each (30s)
	@git grep -E '^func Fuzz' -- '*_test.go' | sed -E 's|^(.*)/[^/]+:func (Fuzz\w+).*|\1 \2|' | while read -r dir name; do \
		echo "# $$dir $$name"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$dir"; done

.PHONY: generate
generate: ## Regenerate what is generated from the code (the twin of check-generated)
	$(GO) generate ./...

# The tree's state, so that check-generated works on a dirty tree too.
TREE = { git diff; git ls-files -z --others --exclude-standard | xargs -0r sha256sum; } | sha256sum

.PHONY: check-generated
check-generated: ## Check that make generate changes nothing
	@before=$$($(TREE)); $(MAKE) generate; \
	[ "$$before" = "$$($(TREE))" ] || { git status --short; echo 'make generate changed these: commit them' >&2; exit 1; }

.PHONY: goldens
goldens: ## Rewrite the golden files (the twin of the tests that compare them)
	$(GO) test $$(git grep -lF 'tools/goldenfile"' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

# cfssl's tools are built with our own flags, which make them start faster than their default ones.
.PHONY: bench
bench: build ## Compare generate with cfssl's tools and bare crypto, and etcd-verify with etcdctl
	CGO_ENABLED=0 $(GO) build -C tools/cfssl -trimpath -ldflags '-s -w' -o '$(CURDIR)/.cache/cfssl/' tool
	$(GO) run ./tools/etcdbin/build 3.6.14 >/dev/null
	$(GO) run ./test/bench -etcdbake bin/etcdbake -cfssl .cache/cfssl -etcd-verify bin/etcd-verify -etcd .cache/etcd/3.6.14

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist .cache
