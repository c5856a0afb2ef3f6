# Two commands do everything on a fresh machine with Python 3.11+ and make: `make demo`, `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run
DEV    := $(VENV)/.dev
FUZZ   := $(VENV)/.torture
PEERS  := .venv-peers
TESTS  ?= tests
URL    ?=
SECONDS ?= 60
KILLS  ?= 500
TARGETS ?=

.PHONY: help demo demo-real serve test lint format bench bench-peers judge torture lock clean

help: ## show what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUN) ## ask real questions through the whole path; URL=… uses your own API
	@$(BIN)/dragoman demo $(if $(URL),--url $(URL))

demo-real: $(RUN) ## use a program of others, a Jupyter server, from its own description
	@$(BIN)/python -m judge real

serve: $(RUN) ## run the three sample APIs until Ctrl-C
	@$(BIN)/python -m dragoman.demo

test: $(DEV) ## run all tests, with line and branch coverage
	$(BIN)/pytest -q -n auto --cov --cov-report=term:skip-covered $(TESTS)

lint: $(DEV) ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## put the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## measure, as ratios in one run
	$(BIN)/python -m bench

bench-peers: $(DEV) $(PEERS)/.installed ## measure side by side with FastMCP; writes docs/evidence
	$(BIN)/python -m bench.peers $(PEERS)/bin/python

judge: $(DEV) ## let Prism and an emulator of others judge our requests; writes docs/evidence
	$(BIN)/python -m judge prism
	$(BIN)/python -m judge emulate
	$(BIN)/python -m judge actions
	$(BIN)/python -m judge mcp

torture: $(FUZZ) ## kill workers KILLS=500 times a store; fuzz for SECONDS=60 each of TARGETS=…; writes docs/evidence
	$(BIN)/python -m torture.kills --kills $(KILLS)
	$(BIN)/python -m torture --seconds $(SECONDS) $(TARGETS)

lock: $(DEV) ## write the lock files anew from pyproject.toml
	$(BIN)/python tools/lock.py

clean: ## remove what was made
	rm -rf $(VENV) .venv-real $(PEERS) .torture .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# What is installed is what the lock files say, hash by hash; they are complete, so pip resolves
# nothing: it would look past them for a newer release where a package is wanted with extras.
$(RUN): requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(RUN)

$(FUZZ): requirements/torture.txt pyproject.toml | $(DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/torture.txt
	@touch $@

# A program of others in an environment of its own: nothing of it reaches ours.
$(PEERS)/.installed: requirements/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/peers.txt
	@touch $@
