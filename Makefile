# make book   the executed book in _build/html          make test   everything that CI checks, except the browser
# make check  results older than the code they came from  make bench  speed against the peers          make clean
PYTHON ?= python3
VENV ?= .venv
SCALE ?= laptop
JOBS ?= 2
BIN := $(VENV)/bin
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install -q --no-warn-script-location
LYCHEE := $(BIN)/lychee -q --offline --include-fragments --no-progress --exclude-path _static
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_ROOT_USER_ACTION = ignore

.NOTPARALLEL:
.PHONY: book test check bench clean env env-all runs notebooks html links links-smoke lint types unit smoke browser milvus

book: env runs notebooks html links

test: env-all lint types unit smoke links-smoke

# --- environment: made once, brought up to date when pyproject.toml changes ---
env: $(VENV)/.stamp-book
env-all: $(VENV)/.stamp-all

$(BIN)/python:
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 10) else 'Python 3.10 or newer is needed, this is ' + sys.version.split()[0] + '; try: make PYTHON=python3.12 …')"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade pip

$(VENV)/.stamp-book: pyproject.toml | $(BIN)/python
	@echo "installing the package and the book's tools into $(VENV) (about 5 minutes the first time; 5 GB, 2 GB with PyTorch for the CPU)…"
	@$(PIP) -e '.[notebooks,book,test]'
	@touch $@

$(VENV)/.stamp-all: pyproject.toml $(VENV)/.stamp-book
	@echo "installing what the benchmarks compare with (about a minute)…"
	@$(PIP) -e '.[all]'
	@touch $@

# --- the book ---
runs: env
	@echo "training the runs that chapters share at scale $(SCALE), $(JOBS) at a time (the first time minutes each on a CPU; later runs are loaded)…"
	@$(BIN)/rbcl-lite experiment shared-runs --scale $(SCALE) --workers $(JOBS)

notebooks: runs
	@$(BIN)/python tools/execute.py $(SCALE) --jobs $(JOBS)

html: notebooks
	@$(BIN)/python tools/build.py $(SCALE)

links: html
	@$(LYCHEE) README.md CONTRIBUTING.md '_build/html/**/*.html'

# --- tests ---
lint: env
	@echo "style: ruff…"
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .

types: env
	@echo "types: mypy (a minute the first time)…"
	@$(BIN)/mypy --no-error-summary

unit: env-all
	@echo "tests: pytest in $(JOBS) processes (some minutes)…"
	@$(BIN)/python -m pytest -n $(JOBS)

smoke: env
	@$(BIN)/python tools/execute.py smoke --jobs $(JOBS)
	@$(BIN)/python tools/build.py smoke

links-smoke: smoke
	@$(LYCHEE) README.md CONTRIBUTING.md '_build/smoke/html/**/*.html'

# a server in an environment of its own, Linux x86-64; everywhere else these tests are skipped
MILVUS := .cache/milvus
$(MILVUS)/bin/milvus-server: | env-all
	@echo "installing a Milvus server into $(MILVUS) (about 80 MB)…"
	@$(BIN)/python -m venv $(MILVUS)
	@PYTHONWARNINGS=ignore $(MILVUS)/bin/python -m pip install -q milvus==2.3.5

milvus: $(MILVUS)/bin/milvus-server
	@echo "gallery: the same tests against a real Milvus server (some minutes)…"
	@RBCL_MILVUS=$(abspath $<) RBCL_MILVUS_REQUIRED=1 $(BIN)/python -m pytest -q tests/gallery/test_milvus.py

browser:
	@echo "pages: every one in Chromium, wide, dark and as on a phone (some minutes)…"
	@$(BIN)/python -m pytest -o addopts= -p no:cacheprovider -q -n $(JOBS) tools/check_pages.py

check: env
	@$(BIN)/ruff check -q .
	@$(BIN)/rbcl-lite experiment check

bench: env-all
	@for script in $(filter-out benchmarks/common.py benchmarks/step_probe.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	@rm -rf _build .cache/notebooks .pytest_cache .mypy_cache .ruff_cache
