# What a contributor types; `make help` lists it. The work is done by cargo and by scripts/.

# Which nginx `make build` builds for: vendored (crate nginx-src), system (the distribution's), or a
# Debian release (trixie, sid). NGINX_SOURCE_DIR and NGINX_BUILD_DIR name a source tree of your own.
NGINX ?= vendored

SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: build
build: ## the module and the nginx it fits, into build/ (NGINX=system: for the distribution's nginx)
	@scripts/install-deps build
	@scripts/build $(NGINX)

.PHONY: test
test: lint unit integration patterns-test mcp-test oidc-test instructions ## everything that must be green before a commit lands

.PHONY: lint
lint: ## format, clippy, licences and sources of dependencies, the direction of dependencies
	@scripts/install-deps build lint
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo metadata --quiet --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo deny --workspace --locked check bans licenses sources
	scripts/check-dependencies

.PHONY: unit
unit: ## the tests of jwt-core and of the testkit
	@scripts/install-deps build
	cargo test --locked -p jwt-core -p jwt-testkit

.PHONY: integration
integration: ## the suite with a real nginx: the vendored one, and the distribution's own
	@scripts/install-deps build test
	@scripts/integration vendored system

.PHONY: test-matrix
test-matrix: ## the same with the nginx of newer Debian releases (trixie: 1.26, sid: 1.30)
	@scripts/install-deps build test
	@scripts/integration --or-skip trixie sid

.PHONY: demo
demo: ## builds, starts nginx before a small API, shows what passes and what does not (ONCE=1: then ends)
	@scripts/install-deps build demo
	@scripts/build vendored
	@scripts/demo

.PHONY: patterns
patterns: ## decisions and speed beside the two patterns that the module replaces
	@scripts/install-deps build patterns
	@scripts/build vendored
	examples/patterns/run show

.PHONY: patterns-test
patterns-test:
	@scripts/install-deps build patterns
	@scripts/build vendored
	examples/patterns/run test

.PHONY: mcp-test
mcp-test:
	@scripts/install-deps build mcp
	@scripts/build vendored
	examples/mcp/run test

.PHONY: oidc-test
oidc-test:
	@scripts/install-deps build oidc
	@scripts/build vendored
	tests/oidc/run test

.PHONY: bench
bench: ## speed beside nginx without authentication and its peers, into docs/benchmarks (QUICK=1: 5 minutes, into build/bench/quick)
	@scripts/install-deps build bench
	@scripts/build vendored
	@cargo build --quiet --release --locked --package jwt-bench
	@benchmarks/run compare $(if $(QUICK),,scale) report

.PHONY: bench-scale
bench-scale: ## cost of a request with many locations, keys, requirements and large claims (a part of bench)
	@scripts/install-deps build bench
	@scripts/build vendored
	@benchmarks/run scale report

.PHONY: bench-flood
bench-flood: ## what a flood of made-up kids costs where keys are fetched, beside a key file
	@scripts/install-deps build bench
	@scripts/build vendored
	@benchmarks/run flood

.PHONY: bench-core
bench-core: ## what each stage of a verification costs, beside the bare signature check (3 minutes)
	@scripts/install-deps build
	cargo bench --locked --package jwt-core --bench verify

.PHONY: bench-revocation
bench-revocation: ## what a revocation list of 10 to 1,000,000 entries costs: to read, to keep, to look up
	@scripts/install-deps build
	@cargo bench --quiet --locked --package jwt-core --bench revocation

.PHONY: instructions
instructions: ## instructions per request under valgrind: what the module adds, against its budget
	@scripts/install-deps build test
	@scripts/build vendored
	@benchmarks/run instructions

.PHONY: fuzz
fuzz: ## the parsers of jwt-core under libFuzzer, a minute each (SECONDS=N)
	@scripts/install-deps build fuzz
	@scripts/fuzz $(or $(SECONDS),60)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | \
	    while IFS=$$'\t' read -r target text; do printf '  make %-16s %s\n' "$$target" "$$text"; done

.PHONY: clean
clean: ## everything that the targets above have made, but what cargo has downloaded
	rm -rf build target examples/mcp/node_modules tests/oidc/node_modules
