# Every target sets up what it needs; CI calls only these.
PYTHON ?= python3
# Processes that share the default tests: more than there are cores, for half of their time is waiting
WORKERS ?= 4
# Where `make test` notes what failed
TRIED := .pytest_cache/tried
# What test-odoo runs
TESTS ?= tests/odoo_contract tests/integration/odoo
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The system's certificates, as pip and browsers use them: behind a company's proxy uv would know only its own.
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help

help: ## Show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | while IFS='|' read name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hilum needs Python 3.11 or newer; set PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

setup: $(READY) ## Create the environment in .venv from requirements.lock

demo: $(READY) ## Run the hub, a sandbox Odoo and a simulated hospital (ODOO_URL, ODOO_DB, ODOO_KEY: a real Odoo instead)
	@$(BIN)/hilum demo

test: $(READY) browser ## The default tests: minutes, on real PostgreSQL, sockets, files and browser
	@rm -rf $(TRIED)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -o cache_dir=$(TRIED) || $(BIN)/python scripts/run_failed_again.py $(TRIED)

test-all: $(READY) browser ## Also the long ones: 100 kills, fuzzing, soak of 5 minutes (HILUM_SOAK_MINUTES=60: an hour)
	$(BIN)/pytest -m "long or not long" --timeout 3600

test-odoo: $(READY) ## What is said of Odoo and of a hub before it, on a server of yours: HILUM_TEST_ODOO_URL, _DB, _LOGIN, _KEY
	PYTHONPATH=tests $(BIN)/pytest -q -p support.odoo_report -m "long or not long" --timeout 1800 $(TESTS)

check: $(READY) ## Format, lint, types, layers, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python scripts/requirements_matrix.py --check
	$(BIN)/python scripts/generate_docs.py --check

format: $(READY) ## Rewrite the code the way check wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure the figures of docs/performance.md
	$(BIN)/python -m bench

requirements: $(READY) ## Which test proves which capability
	$(BIN)/python scripts/requirements_matrix.py

docs: $(READY) ## Write the reference pages from the code, and build the documentation into site/
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/mkdocs build --strict

lock: $(READY) ## Resolve the dependencies again into requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --upgrade --group dev pyproject.toml -o requirements.lock

browser:
	@scripts/install-browser

clean: ## Remove the environment and everything built
	rm -rf $(VENV) site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help setup demo test test-all test-odoo check format bench requirements docs lock browser clean
