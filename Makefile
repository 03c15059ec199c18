# Needs make and Python 3.11 or newer with its venv module. Everything else is put
# into .venv, at the versions of constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test docs lint types package clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) ## train the five methods on data that ships with scikit-learn
	$(BIN)/python -m benchmarks demo

# One torch thread in each worker (tests/conftest.py): processes scale better than threads.
test: $(INSTALLED) ## run the tests
	$(BIN)/python -m pytest -n auto

docs: $(INSTALLED) ## build the site in docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx --nitpicky --fail-on-warning --keep-going \
	  --doctree-dir docs/_build/doctrees docs docs/_build/html

lint: $(INSTALLED) ## check style, formatting and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell *.md docs

types: $(INSTALLED) ## check types
	$(BIN)/mypy

package: $(INSTALLED) ## build dist/ and try the wheel in an empty environment
	.ci/package $(BIN)/python

clean: ## remove caches and builds; the environment .venv stays
	rm -rf build dist *.egg-info docs/_build docs/auto_examples docs/generated docs/reference
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# The stamp is older than its sources after they change: then pip runs again.
# torch goes first: the resolver keeps an installed build, and would otherwise be free
# to try a much larger one of the same version.
$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,dev,docs,benchmarks]'
	touch $@

# pip is the last thing that venv writes, so a broken environment is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "sklearn_wbn needs Python 3.11 or newer, but '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1); try: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
