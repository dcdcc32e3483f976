# make run    the whole of Disha with demo data, on http://127.0.0.1:8000 (PORT=, DATA_DIR=, APP_ENV= change it)
# make test   everything a change must pass      make lint    only the checks that run nothing
# make bench  the measurements                   make format  put the code in shape
# make chaos  everything killed in turn under load: is nothing lost, is it back by itself? (CHAOS_ROUNDS=)
# make soak   mixed use for half an hour: does anything grow? (SOAK_MINUTES=)
# make fuzz   20,000 requests of nonsense to every form and parameter (FUZZ_REQUESTS=)
# make requirements   compile requirements*.in anew
# make sbom   what Disha is made of, as CycloneDX, in sbom.cdx.json

PY := .venv/bin/python
# Of the tests: one more than there are cores; who waits for a browser or a process leaves his core to another.
WORKERS ?= 3
APP_ENV ?= demo
COMPILE := $(PY) -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

unexport PYTHONDONTWRITEBYTECODE  # some machines set it, and every process would compile the whole house anew

CHECKS = $(MAKE) --no-print-directory lint

.PHONY: run test lint format bench chaos soak fuzz requirements sbom setup setup-demo
.DEFAULT_GOAL := run

run: export APP_ENV := $(APP_ENV)
run: setup-demo
	@exec $(PY) -m webapp

test: setup
	@.ci/chromium
	@$(PY) -m webapp.core.assets
	@said=$$(mktemp); $(CHECKS) >"$$said" 2>&1 & checks=$$!; \
	trap 'rm -f "$$said"' EXIT; \
	echo "$(PY) -m pytest -n $(WORKERS) --dist worksteal   (lint beside it; what it says comes after)"; \
	$(PY) -m pytest -n $(WORKERS) --dist worksteal; tests=$$?; \
	wait $$checks; lint=$$?; cat "$$said"; \
	[ $$lint = 0 ] || echo "make test: lint failed, see above"; \
	[ $$tests = 0 ] || echo "make test: tests failed, see above lint"; \
	exit $$((tests || lint))

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	@$(PY) .ci/audit.py

format: setup
	$(PY) -m ruff check --fix --select I .
	$(PY) -m ruff format .

sbom: setup
	@$(PY) .ci/sbom.py

bench: setup
	@$(PY) -m webapp.core.assets
	$(PY) -m bench

chaos: setup
	@$(PY) -m webapp.core.assets
	$(PY) -m proof.chaos --rounds $${CHAOS_ROUNDS:-3}

soak: setup
	@$(PY) -m webapp.core.assets
	$(PY) -m proof.soak --minutes $${SOAK_MINUTES:-30}

fuzz: setup
	@$(PY) -m webapp.core.assets
	FUZZ_REQUESTS=$${FUZZ_REQUESTS:-20000} $(PY) -m pytest -q tests/safety/test_fuzz.py

requirements: setup
	$(COMPILE) --output-file requirements.txt requirements.in
	$(COMPILE) --output-file requirements-demo.txt requirements-demo.in
	$(COMPILE) --output-file requirements-dev.txt requirements-dev.in

setup:
	@.ci/setup

setup-demo:
	@.ci/setup demo
