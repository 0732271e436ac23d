# Two commands do everything on a fresh Debian machine: make serve, make test.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000

.DEFAULT_GOAL := test
.PHONY: serve test check fix docs bench-recall clean

# The studio on http://127.0.0.1:8000
serve: $(VENV)/installed
	$(BIN)/veil serve --port $(PORT)

# Every check: format, lint, types, imports, tests.
test: $(VENV)/installed-dev
	sh scripts/system_packages.sh chromium chromium-driver ffmpeg strace fonts-noto-cjk redis-server
	$(MAKE) --no-print-directory check
	$(BIN)/pytest --numprocesses auto --maxprocesses 2 --dist loadfile

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Format the code and mend what can be mended.
fix: $(VENV)/installed-dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Write the pages that are made from the code.
docs: $(VENV)/installed-dev
	$(BIN)/python scripts/build_docs.py

# How many labelled faces are covered: make bench-recall DATA=folder [ARGS="--limit 20"]; see benchmarks/README.md.
bench-recall: $(VENV)/installed
	@[ -n "$(DATA)" ] || { echo 'Name the folder of labelled pictures: make bench-recall DATA=folder' >&2; exit 2; }
	$(BIN)/pip install --quiet --requirement benchmarks/requirements.txt
	$(BIN)/python benchmarks/recall "$(DATA)" $(ARGS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/installed: pyproject.toml
	sh scripts/make_venv.sh $(PYTHON) $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

# The tests run with the versions in requirements-dev.lock.
$(VENV)/installed-dev: pyproject.toml requirements-dev.lock
	sh scripts/make_venv.sh $(PYTHON) $(VENV)
	$(BIN)/pip install --quiet --requirement requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@
