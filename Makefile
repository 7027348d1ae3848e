# `make` lists what can be done. Needs python3 (3.11 or later), pip, make and a C compiler; all else goes into .venv/.

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is new enough, unless PYTHON names one.
PYTHON ?= $(or $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null))),python3)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# Of the system where it has a pip that can install elsewhere (22.3), else the environment's own.
PIP = $$($(PYTHON) -m pip --python $(BIN)/python --version >/dev/null 2>&1 && echo $(PYTHON) || echo $(BIN)/python) \
	-m pip --python $(BIN)/python --disable-pip-version-check
CONFIG ?= config/steelyard.yaml

# Where an environment forbids bytecode files, each process that a test starts compiles all its imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup build demo run test lint format bench bench-peers docs dashboards lock image-test clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: build $(VENV)/.project ## make .venv with everything in it, from requirements.lock

demo: setup ## run the service on simulated venues, page on http://127.0.0.1:8080
	@$(BIN)/steelyard demo

run: setup ## run the service on the live venues of config/steelyard.yaml (CONFIG=…)
	@$(BIN)/steelyard run --config $(CONFIG)

test: setup ## run all tests on all cores (ARGS=… goes to pytest; ARGS=-n0 for one process)
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup $(ARGS)

lint: setup ## ruff, its formatter, and mypy
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check --quiet . || { echo "not in ruff's form: make format"; failed=1; }; \
	$(BIN)/mypy || failed=1; \
	exit $$failed

format: setup ## bring the sources into ruff's form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

build: $(VENV)/.locked ## compile what changed of the modules that import cython
	@$(BIN)/python setup.py --quiet build_ext --inplace

bench: setup ## the project's own benchmark
	@$(BIN)/steelyard bench

bench-peers: ## make the environment in which Steelyard is compared with its peers
	@$(PYTHON) -m benchmarks.make_environment

docs: setup ## write docs/venues.md, docs/metrics.md, Prometheus rules and dashboards anew from what they are derived from
	@$(BIN)/python -m service.venue_table
	@$(BIN)/python -m service.metric_table
	@$(BIN)/python -m service.alerts.prometheus
	@$(BIN)/python -m grafana.source

dashboards: setup ## write grafana/dashboards/*.json anew from grafana/source
	@$(BIN)/python -m grafana.source

costs: setup ## measure what each family of metrics costs a message, for docs/metrics.md
	@$(BIN)/python -m service.bench_families
	@$(BIN)/python -m service.metric_table

lock: $(VENV)/.uv ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --all-extras \
		pyproject.toml --output-file requirements.lock

image-test: ## build the image without a Docker engine and start it (Debian; some minutes, 2 GB while it lasts)
	@.ci/image-test

clean: ## remove what was built and installed here
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	@find connectors service \( -name '*.so' -o -name '*.c' \) -delete
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv installs in a third of pip's time. Where it does not get through (an index that only pip is told of), pip does it.
$(VENV)/.uv:
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "steelyard: Python 3.11 or later is needed; $(PYTHON) is older or missing. Name one: make PYTHON=python3.12" >&2; \
		exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --without-pip --clear $(VENV)
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > $(VENV)/uv.txt
	@$(PYTHON) -m pip --python $(BIN)/python --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null || { \
		echo "steelyard: pip is needed (Debian: apt install python3-pip)" >&2; exit 1; }
	@$(PIP) install --quiet --require-hashes -r $(VENV)/uv.txt
	@touch $@

$(VENV)/.locked: requirements.lock $(VENV)/.uv
	@echo "Installing what requirements.lock names"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
		|| $(PIP) install --quiet --require-hashes -r requirements.lock
	@echo "Compiling the hot path (some minutes the first time)"
	@touch $@

# Editable: the sources here are what runs. The extension modules are there by then, so nothing is compiled twice.
$(VENV)/.project: pyproject.toml | build
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable . \
		|| $(PIP) install --quiet --no-build-isolation --no-deps --editable .
	@touch $@
