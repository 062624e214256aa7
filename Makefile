# Every target does its own set-up: a virtual environment in .venv, from the hash-locked requirements.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: help demo training test quick check fix docs bench mutations soak lock release setup

PYTHON ?=
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade
# Mutations take hours, and speak of the tests: `make mutations`.
BENCHMARKS := $(filter-out benchmarks/mutations.py,$(sort $(wildcard benchmarks/*.py)))
# Every test starts programs; what was compiled is kept, even where an environment (a container image) says otherwise.
export PYTHONDONTWRITEBYTECODE :=

CODE := $(wildcard src tests demo benchmarks docs/generator journeys probes release .ci hatch_build.py)
FRONTEND := hatch_build.py $(wildcard frontend/*.json frontend/*.mjs frontend/src/* frontend/src/*/*)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## Watch the demo shop drift, break and recover; see the mails, dashboard and weekly report (KEEP=1 leaves it open)
	$(BIN)/outrider browser --install
	$(BIN)/python -m demo.tour $(if $(KEEP),--keep)

training: setup ## Play a game day: something breaks in secret, and you find the cause (ARGS="--scenario 4 --team shop")
	$(BIN)/outrider browser --install
	$(BIN)/python -m demo.training $(ARGS)

test: setup ## Run all tests, with coverage by the cheap ones (ARGS="-k word" picks some)
	$(BIN)/outrider browser --install
	$(BIN)/python hatch_build.py check  # brings axe-core, without which pages are not tried for accessibility
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

quick: setup ## Run the tests that need no browser and are not marked as slow
	$(BIN)/python -m pytest -m "not browser and not slow" --quiet --numprocesses 3 --dist worksteal $(ARGS)

check: setup ## Lint, formatting, types, layers, addresses
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/python hatch_build.py check
	$(BIN)/lint-imports
	$(BIN)/python .ci/addresses.py

fix: setup ## Repair what ruff can repair, and format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: .venv/.docs ## Build the documentation into the package, where "outrider docs" finds it
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs src/outrider
	$(BIN)/python -m docs.generator.build $(ARGS)

release: .venv/.docs .venv/.release ## Build wheel, sdist and bill of materials, twice, and check them (KEY=~/.ssh/id_ed25519 signs a tagged commit)
	$(BIN)/python -m release.build $(if $(KEY),--key $(KEY)) $(ARGS)

bench: setup .venv/.docs ## Run every benchmark of benchmarks/; prints ratios
	$(BIN)/outrider browser --install
	@for file in $(BENCHMARKS); do echo "== $$file"; $(BIN)/python -m "benchmarks.$$(basename $$file .py)"; done

mutations: setup ## Mutate a hundred lines, one at a time: how many do the tests notice (ARGS="--room app --count 20")
	$(BIN)/python -m benchmarks.mutations $(ARGS)

soak: setup ## Run what takes hours: kills, mutated configurations, generated answers
	$(BIN)/outrider browser --install
	$(BIN)/python -m benchmarks.scheduler_crash --no-browser --rounds 300
	$(BIN)/python -m benchmarks.scheduler_crash --rounds 50
	$(BIN)/python -m benchmarks.alerts_crash --rounds 300
	$(BIN)/python -m benchmarks.telemetry_crash --rounds 300
	$(BIN)/python -m benchmarks.error_crash --rounds 300
	$(BIN)/python -m benchmarks.telemetry_fuzz --count 1000000 --engine
	$(BIN)/python -m benchmarks.error_fuzz --count 1000000
	$(BIN)/python -m benchmarks.source_map_fuzz --count 1000000
	$(BIN)/python -m benchmarks.configuration_fuzz --count 100000
	$(BIN)/python -m benchmarks.answer_fuzz --count 1000000
	$(BIN)/python -m benchmarks.beacon_fuzz --count 300000 --engine
	$(BIN)/python -m benchmarks.replay_fuzz --count 300000

lock: ## Renew requirements/ (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	$(LOCK) pyproject.toml --extra auth --extra celery --extra demo --extra otel --extra parquet --extra postgres --extra s3 --extra telemetry --group dev --group build --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --extra auth --extra demo --constraint requirements/dev.txt --output-file requirements/base.txt
	$(LOCK) pyproject.toml --extra auth --extra celery --extra otel --extra parquet --extra postgres --extra s3 --extra telemetry --constraint requirements/dev.txt --output-file requirements/image.txt
	$(LOCK) --group node --output-file requirements/node.txt
	$(LOCK) --group build --constraint requirements/dev.txt --output-file requirements/build.txt
	$(LOCK) --group docs --constraint requirements/dev.txt --output-file requirements/docs.txt
	$(LOCK) --group release --constraint requirements/dev.txt --constraint requirements/docs.txt --output-file requirements/release.txt

setup: .venv/.installed

.venv/.installed: .venv/.locked pyproject.toml $(FRONTEND)
	@[ "$${OUTRIDER_FRONTEND-}" = off ] || \
		$(BIN)/python -c "import hatch_build, sys; sys.exit(not hatch_build.npm_of_machine())" || \
		$(PIP) install --require-hashes --requirement requirements/node.txt || { \
		echo "Outrider's pages are built with Node, and there is none here, nor could pip get it. Install Node 18 or newer with npm," >&2; \
		echo "  or build without, for reports whose charts stand still: OUTRIDER_FRONTEND=off make $(MAKECMDGOALS)" >&2; \
		exit 1; \
	}
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.docs: requirements/docs.txt .venv/.installed
	@$(PIP) install --require-hashes --requirement $< || { \
		echo "make docs needs the packages of $< once, and pip could not get them here. Without a network, bring them:" >&2; \
		echo "  elsewhere: pip download --require-hashes --requirement $< --dest wheels" >&2; \
		echo "  here:      PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make docs" >&2; \
		exit 1; \
	}
	@touch $@

.venv/.release: requirements/release.txt .venv/.installed
	$(PIP) install --require-hashes --requirement $<
	@touch $@

.venv/.locked: requirements/dev.txt
	@python="$(PYTHON)"; \
	usable() { "$$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }; \
	for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
		if [ -z "$$python" ] && usable "$$name"; then python="$$name"; fi; \
	done; \
	if [ -z "$$python" ] || ! usable "$$python"; then \
		echo "Outrider needs Python 3.11 or newer, with its venv module, and found none." >&2; \
		echo "  install one (Debian, Ubuntu: apt-get install python3-venv) or name it: make PYTHON=/path/to/python3.12" >&2; \
		exit 1; \
	fi; \
	echo "making .venv with $$("$$python" --version)"; \
	"$$python" -m venv --clear .venv
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@
