# Everything is one command away. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
RUN := .venv/bin
SAMPLE ?= retailer

.PHONY: help demo serve test check explore engines lint types format bench docs setup setup-test clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: setup ## Set up, fill a sample company (SAMPLE=retailer or software), score it, serve it
	$(RUN)/rapport demo --sample $(SAMPLE)

serve: setup ## Serve the workspace in ./var
	$(RUN)/rapport serve

test: setup-test ## Set up and run every test, on SQLite and PostgreSQL
	tools/test.sh all

check: setup-test lint ## Lint, types, layers and the quick tests (under 3 minutes)
	tools/test.sh quick

explore: setup-test ## The tests that draw examples, with examples of their own each time
	HYPOTHESIS_PROFILE=explore $(RUN)/pytest -q -n 2 --dist loadfile $$(grep -rlE "^from hypothesis" tests --include="test_*.py")

engines: setup-test ## Every metric, segment, goal and forecast on DuckDB and on Spark (long)
	$(RUN)/pytest -q tests/parity/catalogue

lint: ## Style, types and layers
	$(RUN)/ruff format --check src tests tools
	$(RUN)/ruff check src tests tools
	$(RUN)/mypy src
	$(RUN)/lint-imports --no-cache

format: ## Format the code
	$(RUN)/ruff format src tests tools
	$(RUN)/ruff check --fix src tests tools

bench: setup-test ## Measure against peers and limits (tests/load), as ratios in one run
	tools/bench.sh

docs: setup-test ## Make the generated pages of docs/ again
	$(RUN)/python tools/make_docs.py

setup: ## Install what the product needs
	tools/setup.sh

setup-test: ## Install what the tests need too
	tools/setup.sh test

clean: ## Remove the environment and caches, not ./var
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis
