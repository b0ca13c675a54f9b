# `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin

# A run of the tests starts a hundred processes: each module is compiled by the first, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=
# Tests of one module mostly run in one process, which makes their fixture once; at the end, whoever is ready helps.
IN_PARALLEL := -n auto --dist worksteal

.PHONY: help $(shell sed -n 's/^\([a-z-]*\):.*## .*/\1/p' Makefile)

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

run: .venv/server ## install the server alone, and serve (ARGS='--port 0')
	@$(BIN)/registry-sandbox $(ARGS)

test: .venv/ready ## every test
	$(BIN)/pytest $(IN_PARALLEL) $(ARGS)

# What is built and installed anew by the tests of the distribution has the newest dependencies: that is not for here.
test-oldest: .venv-oldest/ready ## the tests with the oldest dependencies that setup.cfg admits
	.venv-oldest/bin/python -m pytest -q $(IN_PARALLEL) --ignore tests/house/distribution $(ARGS)

test-newest: ## the tests with the newest Python that is there
	@newest=$$(.ci/newest-python); if [ -z "$$newest" ]; then \
		echo "test-newest: SKIPPED: this machine has no Python from 3.12 on"; \
	else \
		echo "test-newest: $$($$newest --version)"; \
		$(MAKE) --no-print-directory .venv-newest/ready NEWEST=$$newest && \
		.venv-newest/bin/python -m pytest -q $(IN_PARALLEL) $(ARGS); \
	fi

check: .venv/ready ## format, lint, types, the floors of the rooms, and the tests with their coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	.ci/javascript/check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q $(IN_PARALLEL)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

browser: .venv/ready ## the console in a real browser, with axe (Chromium, or root and apt; ARGS go to pytest)
	.ci/browser $(ARGS)

agreement: .venv/ready ## our verdicts beside those of HAPI's validator (ARGS='--documents 10000 --seed 7'; Java and Maven)
	$(BIN)/python -m tests.oracle $(ARGS)

contract: .venv-contract/ready ## Schemathesis against the OpenAPI document, for a minute
	.ci/contract

replicas: .venv/ready ## replicas behind HAProxy, killed and cut off while used, and the histories checked (ARGS=--help)
	.ci/replicas $(ARGS)

examples: .venv/ready ## the example clients, against a sandbox with faults in force
	$(BIN)/python examples/run $(ARGS)

image: .venv/ready ## build the container image and test it (a Docker engine, or root and apt)
	.ci/image

# A stale build folder would put files that are gone into the wheel.
dist: .venv/ready ## a wheel and an sdist
	rm -rf build dist
	$(BIN)/python -m build --no-isolation

wheel: .venv/ready ## install the wheel on the oldest and the newest Python that are here, and use it
	.ci/wheel

lock: .venv/ready ## refresh requirements.lock, from which the image is built
	.ci/lock

sbom: .venv-release/ready ## what the lock names, as CycloneDX
	.venv-release/bin/cyclonedx-py requirements requirements.lock --output-format JSON --output-file sbom.cdx.json

site: .venv-release/ready ## the documentation as a site
	NO_MKDOCS_2_WARNING=1 .venv-release/bin/mkdocs build --strict

workflows: .venv-release/ready ## check .github/
	.ci/workflows

collection: .venv/ready ## write the Bruno collection anew from the OpenAPI document, and run it (Node)
	$(BIN)/python examples/bruno/generate
	.ci/collection

schema: .venv/ready ## regenerate what is generated from the definitions
	$(BIN)/python -m registry_sandbox.validation.generate

docs-schemas: .venv/ready ## write the JSON Schemas in docs/ anew: of settings, faults, scenarios and seeds
	for kind in config faults scenario story; do $(BIN)/registry-sandbox schema $$kind > docs/$$kind.schema.json || exit 1; done

bench: .venv/ready ## the sandbox beside a bare aiohttp application (ARGS=--help)
	$(BIN)/python -m bench $(ARGS)

peers: .venv/ready ## the sandbox beside WireMock, MockServer, HAPI, mountebank and Prism (Java, Maven, Node, wrk; ARGS=--help)
	$(BIN)/python -m bench.peers $(ARGS)

profile: .venv/ready ## where its time goes (ARGS=--help)
	$(BIN)/python -m bench.profile $(ARGS)

bytecodes: .venv/ready ## how many bytecodes an exchange takes, by function: the same on a busy machine (ARGS=--help)
	$(BIN)/python -m bench.bytecodes $(ARGS)

instructions: .venv/ready ## how many instructions an exchange takes, by function in C: needs valgrind (ARGS=--help)
	$(BIN)/python -m bench.instructions $(ARGS)

worst-cases: .venv/ready ## what hostile bodies cost
	$(BIN)/python -m bench.worst_cases $(ARGS)

crowd: .venv/ready ## 5,000 connections: slow, hanging up or well behaved
	$(BIN)/python -m bench.crowd $(ARGS)

fuzz: .venv/ready ## random requests (ARGS='--requests 1000000 --seed 1')
	$(BIN)/python -m bench.fuzz $(ARGS)

# Only what the server needs, with pip's own progress.
.venv/server: setup.cfg pyproject.toml
	@test -x $(BIN)/python || { echo "Creating the environment .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing the server into .venv ..."
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --disable-pip-version-check --editable .
	@touch $@

.venv-release/ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet --upgrade pip
	.venv-release/bin/python -m pip install --quiet --editable '.[release]'
	@touch $@

.venv/ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/server

.venv-oldest/ready: setup.cfg pyproject.toml .venv/ready
	$(BIN)/uv venv --quiet --clear --seed --python $(PYTHON) .venv-oldest
	$(BIN)/uv pip install --quiet --python .venv-oldest/bin/python --resolution lowest-direct --editable '.[dev]'
	touch $@

# Not in .venv: Schemathesis is a plugin of pytest too, and would be loaded with every test run.
.venv-contract/ready: setup.cfg pyproject.toml .venv/ready
	$(BIN)/uv venv --quiet --clear --seed --python $(PYTHON) .venv-contract
	$(BIN)/uv pip install --quiet --python .venv-contract/bin/python --editable '.[contract]'
	touch $@

.venv-newest/ready: setup.cfg pyproject.toml .venv/ready
	$(BIN)/uv venv --quiet --clear --seed --python $(NEWEST) .venv-newest
	$(BIN)/uv pip install --quiet --python .venv-newest/bin/python --editable '.[dev]'
	touch $@

clean: ## remove what make has made
	rm -rf .venv .venv-oldest .venv-newest .venv-contract .venv-release build site sbom.cdx.json dist sandbox/*.egg-info
