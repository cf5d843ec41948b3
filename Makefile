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

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | \
	    while IFS=$$'\t' read -r target text; do printf '  make %-12s %s\n' "$$target" "$$text"; done

.PHONY: clean
clean: ## everything that the targets above have made, but what cargo has downloaded
	rm -rf build target
