# The development guide: `make help` lists what there is. Everything happens in .venv.
#
# Needs make and a Python of 3.11 or newer with its venv module; uses uv where it is installed.

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$python >/dev/null 2>&1 \
	&& $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$python; break; }; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
INSTALLED := .venv/.installed

PAIRS ?= 10000

.DEFAULT_GOAL := install
.PHONY: help install up demo test soak chaos year fuzz mutants pictures bench check format lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /	/'

install: $(INSTALLED) ## make the environment in .venv, from the locked versions

up: $(INSTALLED) ## run the whole system with the configuration found here
	$(BIN)/recwatch up

demo: $(INSTALLED) ## a scripted tour: no account and no network needed
	$(BIN)/recwatch demo

test: $(INSTALLED) ## run the tests
	$(BIN)/pytest -n auto --dist worksteal

year: $(INSTALLED) ## a simulated year of polls, and what is held at its end (some minutes)
	$(BIN)/python -m tests.simulated.year 2>/dev/null

chaos: $(INSTALLED) ## kill everything at random while 10,000 messages go out (SIZE=, SEED=, DATABASE=)
	SIZE="$(SIZE)" SEED="$(SEED)" DATABASE="$(DATABASE)" $(BIN)/python -m tests.chaos

soak: $(INSTALLED) ## generated pairs of captures by the ten thousand, counted by format and edit (PAIRS=10000)
	RECWATCH_SOAK=$(PAIRS) $(BIN)/pytest -n 2 -q tests/soak

check: $(INSTALLED) ## lint, formatting, types, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) ## measure, beside the floor and beside other programs (benchmarks/README.md)
	$(BIN)/python -m benchmarks

mutants: $(INSTALLED) ## test the tests of fold, key, gate and detection (minutes; not in CI)
	$(call tools,mutmut cosmic-ray)
	$(BIN)/python -m tests.mutants --tools .venv/tools

fuzz: $(INSTALLED) ## feed damaged pages to everything that reads pages (minutes; not in CI)
	-$(call tools,atheris)
	$(BIN)/python -m tests.fuzz --tools .venv/tools

format: $(INSTALLED) ## format the code
	$(BIN)/ruff format

pictures: $(INSTALLED) ## take the README's pictures anew (needs Chromium)
	$(BIN)/python -m tests.pictures docs/images

lock: ## write the lock files anew (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	uv pip compile --quiet --universal --generate-hashes --no-header --upgrade --python-version 3.11 \
		pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --upgrade --python-version 3.11 \
		pyproject.toml --group dev --output-file requirements-dev.lock

clean: ## remove the environment and everything that tools have left
	rm -rf .venv .bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	find monitor workers recwatch tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Tools beside the locked environment, not in it: they are searched after it and change nothing there.
ifneq ($(UV),)
tools = uv pip install --quiet --python $(BIN)/python --target .venv/tools $(1)
else
tools = $(BIN)/python -m pip install --quiet --disable-pip-version-check --target .venv/tools $(1)
endif

# The checkout is installed with the locked build backend, not with one that is fetched for the occasion.
$(INSTALLED): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "recwatch needs Python 3.11 or newer, and none was found;" \
		"install one, or say which: make PYTHON=/path/to/python3.12"; exit 1; }
ifneq ($(UV),)
	test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) .venv
	uv pip sync --quiet --require-hashes --python $(BIN)/python requirements-dev.lock
	uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
else
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@touch $@
