# JustPaid: two commands. `make demo` shows it, `make test` proves it; each does its own set-up.
# Needs only Python 3.11+ with venv, git and make, and the package registry.

PYTHON ?= python3
UV     := .boot/bin/uv
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
WORKERS ?= auto
KILLS   ?= 50
# make bench BENCHMARKS=ingest BENCH_OPTIONS=--quick
BENCHMARKS    ?= ingest freshness query growth billing backtest
BENCH_OPTIONS ?=

NODE        := tools/node.sh
WEB_PACKAGES := web/node_modules/.installed
WEB         := src/justpaid/web/index.html
WEB_SOURCES := $(shell find web -name node_modules -prune -o -type f -print)

export UV_PROJECT_ENVIRONMENT := $(VENV)
# Every start of the server imports 1,500 modules: compiling them anew, where the environment says so, trebles its time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup web demo serve test soak bench lint format openapi web-types web-test wheel clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) web ## Make .venv with the `justpaid` command, and the web UI

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "JustPaid needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .boot
	@.boot/bin/pip --quiet --disable-pip-version-check install 'uv>=0.9'

$(STAMP): $(UV) pyproject.toml uv.lock
	@$(UV) sync --quiet --frozen --python $(PYTHON)
	@touch $@

web: $(WEB) ## Build the web UI into the package (quick when nothing changed)

$(WEB_PACKAGES): web/package.json web/package-lock.json | $(UV)
	@cd web && ../$(NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB): $(WEB_PACKAGES) $(WEB_SOURCES)
	@cd web && ../$(NODE) npm run --silent build -- --logLevel warn
	@touch $@

demo: setup ## Start an AI company with a month of real usage, invoices issued, traffic flowing
	@$(BIN)/justpaid demo

serve: setup ## Start the server (JUSTPAID_PORT, JUSTPAID_DATA_DIR, JUSTPAID_BOOTSTRAP_API_KEY)
	@$(BIN)/justpaid serve

test: lint web web-test ## Lint, types, import contracts, and every test on the real engines
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile tests

bench: $(UV) ## Speed, memory and disk beside a baseline, each result checked (under 30 minutes; quiet machine)
	@$(UV) sync --quiet --frozen --group bench --python $(PYTHON)
	@failed=; for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name $(BENCH_OPTIONS) || failed="$$failed $$name"; done; \
		[ -z "$$failed" ] || { echo "wrong results:$$failed"; exit 1; }

soak: setup ## Kill a loaded server at random moments, again and again (KILLS=50), and count every event
	@$(BIN)/python -m tests.soak.crash_loop --kills $(KILLS)

lint: $(STAMP) $(WEB_PACKAGES) ## Ruff, mypy --strict, import-linter; Biome and TypeScript for the web UI
	@$(BIN)/ruff check src tests benchmarks tools
	@$(BIN)/ruff format --check src tests benchmarks tools
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@cd web && ../$(NODE) npm run --silent lint
	@cd web && ../$(NODE) npm run --silent typecheck
	@cd web && ../$(NODE) npm run --silent check-types

web-test: $(WEB_PACKAGES) ## The tests of the web UI's parts
	@cd web && ../$(NODE) npm run --silent test

format: $(STAMP) $(WEB_PACKAGES) ## Put the code in its canonical format
	@$(BIN)/ruff check --fix src tests benchmarks tools
	@$(BIN)/ruff format src tests benchmarks tools
	@cd web && ../$(NODE) npm run --silent format

openapi: $(STAMP) ## Write schemas/openapi.json from the routes
	@$(BIN)/python tools/write_openapi.py

web-types: $(WEB_PACKAGES) ## Write the web UI's types from schemas/openapi.json
	@cd web && ../$(NODE) npm run --silent types

wheel: $(STAMP) web ## Build dist/justpaid-*.whl, with the web UI in it
	@$(UV) build --quiet --wheel

clean: ## Remove what the targets made (never your data)
	rm -rf .venv .boot .node .mypy_cache .ruff_cache .hypothesis dist build web/node_modules src/justpaid/web
