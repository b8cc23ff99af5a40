# Everything a developer runs. Needs Python 3.11+ with venv, and make; `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := realtime_project gateway audit accounts streams chat moderation og gifts collab
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-find-links --no-emit-index-url
# What the checks need to load production's settings; nothing is connected to and nothing signed.
THROWAWAY := SECRET_KEY=throwaway-key-of-checks-0123456789-abcdefghijklmnopqrstuvwxyz \
	JWT_SIGNING_KEY=throwaway-jwt-key-of-checks-0123456789-abcdefghijkl ALLOWED_HOSTS=example.org \
	AUDIT_KEYS=throwaway-key-of-the-audit-log-0123456789-abcdef \
	FIELD_ENCRYPTION_KEYS=throwaway:dGhyb3dhd2F5LWZpZWxkLWtleS1vZi1jaGVja3MtMDE= FINGERPRINT_KEY=throwaway \
	DATABASE_URL=postgresql://127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0

.DEFAULT_GOAL := help
.PHONY: help run test faults lint lock clean bench bench-quick

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

run: $(VENV)/installed ## Run everything with demo data on http://127.0.0.1:8000 (HOST, PORT, WORKERS)
	@$(BIN)/python -m realtime_project.run

test: $(VENV)/installed-dev ## Run the tests (ARGS="tests/chat -x")
	@$(BIN)/pytest $(ARGS)

faults: $(VENV)/installed-dev ## Kill, cut and flood everything, and print what was counted
	@$(BIN)/pytest tests/faults -s -m "faults or not faults" $(ARGS)

lint: $(VENV)/installed-dev ## Check style, types, layers, migrations and production's settings
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(PACKAGES)
	@$(BIN)/lint-imports
	@DATABASE_URL=django.db.backends.dummy:// $(BIN)/python manage.py makemigrations --check --dry-run
	@$(THROWAWAY) DJANGO_SETTINGS_MODULE=realtime_project.settings.production \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/installed-dev ## Measure against the peers (bench/README.md); needs a C compiler and Node
	@$(BIN)/python -m bench

bench-quick: $(VENV)/installed-dev ## The same in a few short rounds
	@$(BIN)/python -m bench --quick

lock: $(VENV)/installed-dev ## Pin the newest versions pyproject.toml allows
	@$(LOCK) --upgrade --output-file requirements.lock pyproject.toml
	@$(LOCK) --upgrade --allow-unsafe --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml

clean: ## Delete the environment, all local data and every cache
	rm -rf $(VENV) .data staticfiles .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/clients-js/node_modules
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/installed: requirements.lock | $(BIN)/python
	@echo "Installing what requirements.lock pins"
	@$(INSTALL) -r $<
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing what requirements-dev.lock pins"
	@$(INSTALL) -r $<
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) is not there"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V 2>&1); set PYTHON to a newer one"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing; on Debian, install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
