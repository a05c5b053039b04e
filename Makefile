# Every target installs what it needs. `make` alone lists them.
PORT ?= 8000
SERVE ?= 1
DATA ?=
ONLY ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py

.PHONY: help demo test check bench up setup setup-dev format requirements

help:
	@echo "make demo    play the bundled demo set and serve the site (PORT, SERVE=0, DATA=DIR)"
	@echo "make test    the whole test-suite, on SQLite and on Postgres + Redis + Chromium"
	@echo "make check   format, lint, types, import rules, migrations, deploy check, audit"
	@echo "make bench   every figure we claim, as tables (ONLY=name)"
	@echo "make up      the stack on DATABASE_URL and REDIS_URL: web, workers, beat"

demo: setup
	@$(MANAGE) arena_demo $(if $(DATA),--data "$(DATA)")
	@if [ "$(SERVE)" != 0 ]; then exec $(MANAGE) arena_up --port $(PORT); \
	else echo "To see it: $(MANAGE) arena_up --port $(PORT)"; fi

up: setup
	@exec $(MANAGE) arena_stack --port $(PORT)

test: setup-dev
	@sh tests/system_packages.sh
	$(BIN)/python -m pytest -q -n auto -m "not stack and not e2e"
	$(BIN)/python tests/servers.py $(BIN)/python -m pytest -q -n auto -m "(stack or not pure) and not e2e"
	$(BIN)/python tests/servers.py $(BIN)/python -m pytest -q -m e2e

check: setup-dev
	@sh .ci/check $(BIN)

bench: setup-dev
	@$(BIN)/python -m bench $(ONLY)

setup: $(VENV)/installed
setup-dev: $(VENV)/installed-dev

# uv installs in seconds; pip is the way out where only pip knows the package index.
$(VENV)/installed: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python"; rm -rf $(VENV); exit 1; }
	@test -x $(BIN)/uv || $(BIN)/pip install -q --disable-pip-version-check uv || true
	@echo "Installing the requirements ..."
	@$(BIN)/uv pip install -q -p $(BIN)/python -r $< 2>/dev/null || \
		$(BIN)/pip install -q --disable-pip-version-check -r $<
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(BIN)/uv pip install -q -p $(BIN)/python -r $< 2>/dev/null || \
		$(BIN)/pip install -q --disable-pip-version-check -r $<
	@touch $@

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: setup
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev -c requirements.txt -o requirements-dev.txt
