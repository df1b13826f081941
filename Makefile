# Peerloom. `make` explains itself.
PYTHON ?= python3
STACK ?= embedded
TEST_PROCESSES ?= 2
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV := .venv-$(VERSION)
BIN := $(VENV)/bin
CODE := libs services infra clients
PARTS := $(patsubst %/pyproject.toml,%,$(sort $(wildcard $(addsuffix /*/pyproject.toml,$(CODE)))))
EMPTY :=

.DEFAULT_GOAL := help
.PHONY: help demo up down test test-fast lint style types imports contracts contracts-accept restore-drill wheels k8s-check telemetry-check bench bench-matching clean constraints

help: ## show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/warm ## a company's people, matched: the whole way, once (STACK=compose: in containers)
	@$(BIN)/peerloom demo --stack $(STACK)

up: $(VENV)/warm ## start the stack and keep it running; prints addresses and a client credential
	@$(BIN)/peerloom up

down: $(VENV)/run ## stop it and leave nothing behind
	@$(BIN)/peerloom down

test: $(VENV)/dev $(VENV)/warm ## every test, on real PostgreSQL and a real Kafka protocol
	@$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/dev ## the tests that need no server
	@$(BIN)/python -m pytest tests/architecture tests/contracts tests/events tests/matching/engine tests/profile/test_people_file.py \
	  $(wildcard tests/*/test_domain.py)

lint: style types imports ## style, types, import contracts, dead code, duplicates
	@$(BIN)/python tests/architecture/dead_code.py
	@$(BIN)/python tests/architecture/duplicates.py

style: $(VENV)/dev ## the style of the code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/dev ## the types of the code
	@MYPYPATH=$(subst $(EMPTY) $(EMPTY),:,$(PARTS)) $(BIN)/mypy $(CODE)

imports: $(VENV)/dev ## who may import whom
	@$(BIN)/python -m tests.architecture.imports

contracts: $(VENV)/dev ## events against every snapshot and sample; generated documents against the code
	@$(BIN)/python -m peerloom_events.contracts check
	@$(BIN)/python -m peerloom_events.contracts docs --check
	@$(BIN)/python -m tests.contracts.openapi --check
	@$(BIN)/python -m peerloom_dev.compose_file --check
	@$(BIN)/python -m peerloom_deploy --check
	@$(BIN)/python -m tests.contracts.problems --check

contracts-accept: $(VENV)/dev ## write snapshots of new events and the generated documents
	@$(BIN)/python -m peerloom_events.contracts accept
	@$(BIN)/python -m peerloom_events.contracts docs
	@$(BIN)/python -m tests.contracts.openapi
	@$(BIN)/python -m peerloom_dev.compose_file
	@$(BIN)/python -m peerloom_deploy
	@$(BIN)/python -m tests.contracts.problems

restore-drill: $(VENV)/warm ## back a database up, lose it, restore it, replay, prove equality (on a stack of its own)
	@$(BIN)/peerloom restore-drill

wheels: $(VENV)/dev ## build a wheel of every package, and try each alone in an environment of its own (PARTS_TRIED="events …")
	@$(BIN)/python -m peerloom_deploy.wheels $(PARTS_TRIED)

k8s-check: $(VENV)/dev ## ask a real API server whether it takes every overlay (KUBECONFIG of a cluster made for trying)
	@$(BIN)/python -m peerloom_deploy.server

telemetry-check: ## Prometheus checks the rules and causes every alert once (promtool, or its image)
	@if command -v promtool >/dev/null; then promtool check rules infra/telemetry/rules.yaml; promtool test rules infra/telemetry/rules.test.yaml; \
	else for command in "check rules rules.yaml" "test rules rules.test.yaml"; do \
	  docker run --rm --volume $(CURDIR)/infra/telemetry:/rules:ro --workdir /rules --entrypoint promtool prom/prometheus $$command || exit 1; done; fi

bench: $(VENV)/dev ## figures as JSON lines, and docs/benchmarks.md (FIGURES="key …", BASE=<older commit>)
	@$(BIN)/python -m tests.benchmarks $(FIGURES) $(addprefix --base ,$(BASE))

bench-matching: $(VENV)/dev ## figures of the matching engine, and docs/benchmarks-matching.md (FIGURES="key …", BASE=<older commit>)
	@$(BIN)/python -m tests.benchmarks.matching $(FIGURES) $(addprefix --base ,$(BASE))

clean: ## remove environments and everything built
	rm -rf .venv-* build .mypy_cache .ruff_cache .hypothesis

constraints: ## pin the newest versions of everything (takes a fresh environment)
	rm -rf build/constraints && $(PYTHON) -m venv build/constraints
	build/constraints/bin/pip install --quiet --upgrade pip
	build/constraints/bin/pip install --quiet --group dev $(addprefix -e ,$(PARTS))
	( echo '# Every version that is installed, on Python 3.11 and 3.13 alike. `make constraints` writes it anew.'; \
	  build/constraints/bin/pip freeze --exclude-editable ) > constraints.txt

$(VENV)/run: pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PARTS))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Peerloom needs Python 3.11 or newer; $(PYTHON) is $(VERSION). Try: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@echo "installing into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip setuptools wheel
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -c constraints.txt $(addprefix -e ,$(PARTS))
	@touch $@

$(VENV)/warm: $(VENV)/run
	@echo "compiling the matching engine's kernels"
	@$(BIN)/python -m matching_service.engine.warm
	@touch $@

$(VENV)/dev: $(VENV)/run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev
	@touch $@
