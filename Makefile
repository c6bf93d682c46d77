# make setup | demo | test | bench. Each calls setup when needed; a bare Debian 12 with python3, make and a
# compiler is enough. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.refergate-ready

.PHONY: setup demo test lint unit bench captures clean
.DEFAULT_GOAL := help
help:
	@sed -n '1,2p' Makefile

setup: $(STAMP)

$(STAMP): pyproject.toml tests/peers/install.sh
	sh tests/peers/install.sh $(PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[phones]'
	touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup
	$(BIN)/pytest -n 3

test: lint unit

captures: setup
	$(BIN)/python -m tests.peers.record

demo: setup
	$(BIN)/refergate demo

bench: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m bench

clean:
	rm -rf .venv build dist
