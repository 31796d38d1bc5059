SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# One part after the other, also under -j: the first that fails is the last that
# runs.
.NOTPARALLEL:

include scripts/cluster.mk

begin = @printf '\n=== %s\n' '$(1)'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## check a careless and a graceful service on a cluster; reports in out/demo
	scripts/demo

.PHONY: test
test: vet lint unit browser e2e-third ## all that a change is held to: the five parts below
	@printf '\n=== all passed\n'

# Which third and which quarter have their turn: it is another one with each commit, so that
# a failure comes again.
turn = $(shell git rev-list --count HEAD)

# Where people run the program.
systems := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: vet
vet: ## go vet, in the nested modules too as far as they compile in seconds, and the builds for other systems
	$(call begin,vet)
	go vet ./...
	go vet -tags e2e,browser ./e2e/... ./report/render ./scripts/cmd/annotate
	go -C scripts/node-image/kubernetes vet ./pause
	export CGO_ENABLED=0; for system in $(systems); do \
	  echo "build for $$system"; export GOOS=$${system%/*} GOARCH=$${system#*/}; \
	  go build -o /dev/null ./cmd/shutdowncheck; \
	  if [[ $$GOARCH == amd64 ]]; then go vet ./cmd/shutdowncheck; fi; \
	done

.PHONY: lint
lint: ## golangci-lint as pinned in tools/go.mod
	$(call begin,lint)
	linter=$$(scripts/tool golangci-lint); "$$linter" run --allow-serial-runners ./...

# What memory takes is measured without the race detector, which takes more.
.PHONY: unit
unit: c-compiler ## the tests that need no cluster, with the race detector
	$(call begin,unit tests)
	go test -race ./...
	go test -run 'UnderWayAreSmall' ./attack

# What is committed has to be what its sources give.
.PHONY: page
page: ## bundle the script of the HTML report anew, with ECharts in it
	scripts/page

.PHONY: browser
browser: ## the HTML report in a real Chromium without a network; screenshots in out/page
	$(call begin,HTML report in Chromium)
	scripts/page --check
	scripts/browser
	go test -tags browser -count 1 -timeout 10m ./report/render

# A verbose test of one package at a time is printed as it goes on.
.PHONY: e2e
e2e: ## the tests on the cluster, which is brought up if it is not there
	$(call begin,end-to-end tests)
	scripts/cluster-up
	env=$$(scripts/cluster-env); eval "$$env"; go test -tags e2e -v -p 1 -count 1 -timeout 65m $${E2E:+-run "$$E2E"} ./e2e/...

.PHONY: e2e-third
e2e-third: ## every third test on the cluster, from another one on with each commit
	names=$$(sed -n 's/^func \(Test[A-Za-z0-9]*\)(t .*/\1/p' e2e/*_test.go | awk -v turn=$(turn) 'NR % 3 == turn % 3' | paste -sd '|'); \
	  E2E="^($$names)\$$" $(MAKE) e2e

# The lock is the one of the end-to-end tests: neither is to load the machine
# while the other runs.
.PHONY: matrix
matrix: ## services that end badly in every known way, and what the tool says of them: out/matrix.json
	$(call begin,sensitivity matrix)
	scripts/cluster-up
	scripts/image-victim
	scripts/image-flask
	scripts/image-shutdowncheck
	scripts/load-image shutdowncheck-victim:dev shutdowncheck-flask:dev shutdowncheck:dev
	env=$$(scripts/cluster-env); eval "$$env"; . scripts/paths.sh; \
	  flock "$$cache/e2e.lock" go run ./matrix/cmd/matrix -shared "$$out" -keep out/matrix $(MATRIX)

.PHONY: field
field: ## servers that others wrote, as people run them, and what the tool says of them: out/field.json
	$(call begin,servers of the field)
	scripts/cluster-up
	scripts/image-victim
	scripts/image-field
	scripts/image-shutdowncheck
	scripts/load-image shutdowncheck-victim:dev shutdowncheck-field:dev shutdowncheck:dev
	env=$$(scripts/cluster-env); eval "$$env"; . scripts/paths.sh; \
	  flock "$$cache/e2e.lock" go run ./matrix/cmd/matrix -table field -shared "$$out" -keep out/field $(FIELD)

.PHONY: field-quarter
field-quarter: ## every fourth server of the field, from another one on with each commit
	$(MAKE) field FIELD="-quarter $$(($(turn) % 4 + 1)) $(FIELD)"

.PHONY: bench
bench: ## the engine beside vegeta and wrk, and senders on the cluster, on a quiet machine: out/bench.json
	$(call begin,bench)
	scripts/bench $(BENCH)

# No part of "make test": the database lies in the network, and changes without us.
.PHONY: vuln
vuln: ## known vulnerabilities that the program reaches, from vuln.go.dev (Error 3: some, Error 4: not checked)
	$(call begin,vulnerabilities)
	scripts/vuln

# Static, so that an image can be made of it.
.PHONY: build
build: ## build bin/shutdowncheck
	CGO_ENABLED=0 go build -o bin/shutdowncheck ./cmd/shutdowncheck

.PHONY: image
image: ## the tool's image as an archive, and its bill of materials: out/image
	scripts/image

cluster-up: ## bring up the cluster of kind-config.yaml
cluster-down: ## delete it again, and stop the Docker engine if it is ours

# The race detector needs a C compiler with its library.
.PHONY: c-compiler
c-compiler:
	@echo '#include <stdlib.h>' | $$(go env CC) -x c -fsyntax-only - 2>/dev/null || { \
		. scripts/paths.sh; . scripts/progress.sh; . scripts/debian.sh; \
		is_debian && ((EUID == 0)) || die 'the race detector needs a C compiler: install gcc, or name one in CC'; \
		log_to c-compiler; \
		need_packages gcc libc6-dev; \
	}
