# make book   the executed book in _build/html          make test   everything that CI checks, except the browser
# make check  results older than the code they came from  make bench  speed against the peers          make clean
PYTHON ?= python3
VENV ?= .venv
SCALE ?= laptop
JOBS ?= 2
BIN := $(VENV)/bin
LYCHEE := $(BIN)/lychee --offline --include-fragments --no-progress --exclude-path _static

.NOTPARALLEL:
.PHONY: book test check bench clean env env-all runs notebooks html links links-smoke lint types unit smoke browser

book: env runs notebooks html links

test: env-all lint types unit smoke links-smoke

# --- environment: made once, brought up to date when pyproject.toml changes ---
env: $(VENV)/.stamp-book
env-all: $(VENV)/.stamp-all

$(BIN)/python:
	$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 10) else 'Python 3.10 or newer is needed, this is ' + sys.version.split()[0] + '; try: make PYTHON=python3.12 …')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.stamp-book: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e '.[notebooks,book,test]'
	@touch $@

$(VENV)/.stamp-all: pyproject.toml $(VENV)/.stamp-book
	$(BIN)/python -m pip install -q -e '.[all]'
	@touch $@

# --- the book ---
runs: env
	$(BIN)/rbcl-lite experiment shared-runs --scale $(SCALE) --workers $(JOBS)

notebooks: runs
	$(BIN)/python tools/execute.py $(SCALE) --jobs $(JOBS)

html: notebooks
	$(BIN)/python tools/build.py $(SCALE)

links: html
	$(LYCHEE) README.md CONTRIBUTING.md '_build/html/**/*.html'

# --- tests ---
lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

unit: env-all
	$(BIN)/python -m pytest -n $(JOBS)

smoke: env
	$(BIN)/python tools/execute.py smoke --jobs $(JOBS)
	$(BIN)/python tools/build.py smoke

links-smoke: smoke
	$(LYCHEE) README.md CONTRIBUTING.md '_build/smoke/html/**/*.html'

browser:
	$(BIN)/python -m pytest -o addopts= -p no:cacheprovider -q -n $(JOBS) tools/check_pages.py

check: env
	$(BIN)/ruff check .
	$(BIN)/rbcl-lite experiment check

bench: env-all
	for script in $(filter-out benchmarks/common.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf _build .cache/notebooks .pytest_cache .mypy_cache .ruff_cache
