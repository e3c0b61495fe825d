# Every target does all of its own set-up; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PORT ?= 8000
ARGS ?=

IN_VENV := .venv/bin/python -m
.NOTPARALLEL:
.DEFAULT_GOAL := help

.PHONY: help
help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

# What is installed is written down beside it, so that set-up runs again when the list changes.
.venv/%.installed: %.txt scripts/setup.sh
	@sh scripts/setup.sh '$(PYTHON)' $<

.venv/requirements-dev.installed: requirements.txt requirements-celery.txt

# npm writes this file when all of the lock is installed. Both node and npm are those of .venv, and
# trust the certificates that the machine trusts, as pip does.
node_modules/.package-lock.json: package-lock.json | .venv/requirements-dev.installed
	@echo "Installing package-lock.json into node_modules"
	@PATH="$$PWD/.venv/bin:$$PATH" NODE_USE_SYSTEM_CA=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --no-update-notifier

.PHONY: setup
setup: .venv/requirements-dev.installed node_modules/.package-lock.json  ## make .venv with everything that development needs

.PHONY: demo
demo: .venv/requirements.installed  ## run a real workflow to its end, and print how to log in
	@$(IN_VENV) scripts.demo

.PHONY: serve
serve: .venv/requirements.installed  ## the site and the local runner together, until Ctrl-C (PORT=8000)
	@$(IN_VENV) scripts.serve $(PORT)

.PHONY: test
test: setup  ## the whole suite, on SQLite and on PostgreSQL (ARGS="-k join")
	@$(IN_VENV) scripts.test $(ARGS)

.PHONY: test-quick
test-quick: setup  ## the tests that take less than a minute: SQLite, no browser, no processes
	@$(IN_VENV) scripts.test --quick $(ARGS)

.PHONY: coverage
coverage: setup  ## the suite on both databases, and the lines and branches that it never reaches
	@rm -f .coverage; $(IN_VENV) scripts.test --cov --cov-append --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: prove
prove: setup  ## a million random steps beside a naive model (ORACLE_SEED=7 repeats them, ORACLE_STEPS=100000)
	@export ORACLE_STEPS=$${ORACLE_STEPS:-1000000} ORACLE_SEED=$${ORACLE_SEED:-$$(date +%s)}; \
	echo "ORACLE_SEED=$$ORACLE_SEED"; $(IN_VENV) pytest -n 2 tests/oracle $(ARGS)

.PHONY: prove-gates
prove-gates: setup  ## try every act of every role at every gate, and 2000 random walks (GATE_SEED=7 GATE_WALKS=500)
	@export GATE_ACTS=$${GATE_ACTS:-1000} GATE_WALKS=$${GATE_WALKS:-2000} GATE_SEED=$${GATE_SEED:-$$(date +%s)}; \
	echo "GATE_SEED=$$GATE_SEED"; $(IN_VENV) pytest -n 2 --timeout 0 tests/gates $(ARGS)

.PHONY: prove-audit
prove-audit: setup  ## edit 1,000 random columns of runs on both databases; verify_run finds all it should (AUDIT_SEED=7)
	AUDIT_EDITS=$(or $(AUDIT_EDITS),1000) .venv/bin/python -m pytest -q tests/audit/test_edits.py
	AUDIT_EDITS=$(or $(AUDIT_EDITS),1000) .venv/bin/python -m tests.support.postgres .venv/bin/python -m pytest -q tests/audit/test_edits.py

.PHONY: prove-client
prove-client: setup  ## generate a client from the OpenAPI document as docs/recipes.md says, and start a run with it
	CLIENT=1 $(IN_VENV) pytest tests/pages/test_recipes.py -k generated_client $(ARGS)

.PHONY: prove-trees
prove-trees: setup  ## end 500 trees of processes in each of seven ways; none is left (STORM_ROUNDS=25 STORM_AT_ONCE=20)
	@export STORM_ROUNDS=$${STORM_ROUNDS:-25} STORM_AT_ONCE=$${STORM_AT_ONCE:-20} STORM_ATTEMPTS=$${STORM_ATTEMPTS:-20000}; \
	export STORM_SECONDS=$${STORM_SECONDS:-120} STORM_SEED=$${STORM_SEED:-$$(date +%s)}; echo "STORM_SEED=$$STORM_SEED"; \
	$(IN_VENV) pytest tests/storms $(ARGS)

.PHONY: prove-fuzz
prove-fuzz: setup  ## 100,000 random expressions, 10,000 templates and answers of hosts; nothing but sentences (FUZZ_SEED=11)
	@export FUZZ_EXPRESSIONS=$${FUZZ_EXPRESSIONS:-100000} FUZZ_TEMPLATES=$${FUZZ_TEMPLATES:-10000}; \
	export FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)}; echo "FUZZ_SEED=$$FUZZ_SEED"; \
	$(IN_VENV) pytest -n 2 -rP tests/fuzz/test_expressions.py tests/fuzz/test_templates.py $(ARGS)

.PHONY: prove-input
prove-input: setup  ## half a million random patterns, and every hostile address of every list (PATTERN_ROUNDS, QUERY_ROUNDS)
	@export PATTERN_ROUNDS=$${PATTERN_ROUNDS:-500000} PATTERN_SEED=$${PATTERN_SEED:-$$(date +%s)}; \
	export QUERY_ROUNDS=$${QUERY_ROUNDS:-0} QUERY_SEED=$${QUERY_SEED:-$$(date +%s)}; echo "PATTERN_SEED=$$PATTERN_SEED"; \
	$(IN_VENV) pytest -o timeout=3600 tests/payloads/test_patterns.py tests/admin/test_hostile_queries.py $(ARGS)

.PHONY: prove-faults
prove-faults: setup  ## 30 database faults in random order during 20 runs (FAULTS, FAULT_RUNS; FAULT_SEED=7 repeats them)
	@export FAULTS=$${FAULTS:-30} FAULT_RUNS=$${FAULT_RUNS:-20} FAULT_SEED=$${FAULT_SEED:-$$(date +%s)}; \
	echo "FAULT_SEED=$$FAULT_SEED"; $(IN_VENV) tests.support.postgres \
	.venv/bin/python -m pytest -n 0 tests/storms/test_fault_storm.py $(ARGS)

.PHONY: prove-doors
prove-doors: setup  ## sixteen bodies of 15 MB at once, of each hostile kind: the memory of a worker stays
	@HOSTILE_BODY_BYTES=$${HOSTILE_BODY_BYTES:-15000000} $(IN_VENV) tests.support.postgres \
	.venv/bin/python -m pytest tests/doors/test_hostile_bodies.py $(ARGS)

.PHONY: prove-hosts
prove-hosts: setup  ## put the apps into four other projects, on both databases, by HTTP and in Chromium, and out again
	HOSTS=all $(IN_VENV) pytest -n 2 --timeout 0 tests/hosts tests/embedded tests/packaging $(ARGS)
	HOSTS=all $(IN_VENV) tests.support.postgres .venv/bin/python -m pytest -n 2 --timeout 0 tests/hosts tests/embedded tests/packaging $(ARGS)

.PHONY: chaos
chaos: setup  ## kill a process each second for five minutes, then verify every run (CHAOS_SECONDS=60)
	@CHAOS_SECONDS=$${CHAOS_SECONDS:-300} $(IN_VENV) tests.support.postgres \
	.venv/bin/python -m pytest tests/chaos $(ARGS)

.PHONY: check
check: setup  ## lint, format, types, layers, migrations, JavaScript and CSS
	@sh scripts/check.sh

.PHONY: wheel
wheel: setup  ## build the wheel and the source archive of the two apps, in dist/
	@rm -rf dist && $(IN_VENV) hatchling build

.PHONY: matrix
matrix: setup  ## the wheel and the quick tests with every Python and Django that is supported and found (ARGS="--django 6.1")
	@$(IN_VENV) scripts.matrix $(ARGS)

.PHONY: audit
audit: setup  ## report known vulnerabilities of the installed packages
	@sh scripts/audit.sh

.PHONY: pictures
pictures: setup  ## take the pictures of the documentation again (with Chromium)
	@$(IN_VENV) scripts.pictures

.PHONY: bench
bench: setup  ## measure the speed, beside the least work that a database can do (ARGS="chain40 --repeat 5")
	@$(IN_VENV) benchmarks $(ARGS)

.PHONY: bench-peers
bench-peers: setup  ## the same beside other orchestrators, each in an environment of its own in var/
	@$(IN_VENV) benchmarks.peers $(ARGS)

.PHONY: load
load: setup  ## 50 clients for two minutes, also while 100,000 tasks expand (ARGS="--seconds 30 --clients 20")
	@$(IN_VENV) benchmarks.load $(ARGS)

.PHONY: scale
scale: setup  ## every page and call with a history of a million tasks, beside the same without (ARGS="--tasks 200000")
	@$(IN_VENV) benchmarks.scale $(ARGS)

.PHONY: prove-retention
prove-retention: setup  ## most of a million tasks is removed beside active runs, the command killed; then a whole year
	@$(IN_VENV) benchmarks.retention $(ARGS)
	@$(IN_VENV) benchmarks.year

.PHONY: figures
figures: setup  ## measure everything again, and write it into docs/performance.md
	@$(IN_VENV) benchmarks --publish $(ARGS)
	@$(IN_VENV) benchmarks --database sqlite --publish $(ARGS)
	@$(IN_VENV) benchmarks.peers --publish
