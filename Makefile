# run: install the server alone and serve. test: every test. check: everything a change must pass. test-oldest: the tests with the lowest
# releases that setup.cfg admits; test-newest: with the newest Python that is there. schema: regenerate what is generated.
# agreement: our verdicts beside those of HAPI's validator (ARGS='--documents 10000 --seed 7'; Java and Maven).
# contract: Schemathesis against the OpenAPI document, for a minute. examples: run the example clients against a sandbox with
# faults in force. bench: the sandbox beside a bare aiohttp application; profile: where its time goes (both take ARGS=--help).
# worst-cases: what hostile bodies cost. fuzz: random requests (ARGS='--requests 1000000 --seed 1'). crowd: 5,000 connections.
# image: build the container image and test it (a Docker engine, or root and apt). dist: a wheel and an sdist. lock: refresh requirements.lock. sbom: what
# the lock names, as CycloneDX. site: the documentation as a site. workflows: check .github/.
# collection: write the Bruno collection anew from the OpenAPI document, and run it (Node).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-oldest test-newest check agreement contract examples schema bench profile worst-cases fuzz crowd image dist lock sbom site workflows collection clean

run: .venv/server
	@$(BIN)/registry-sandbox $(ARGS)

test: .venv/ready
	$(BIN)/pytest -n auto $(ARGS)

# What is built and installed anew by the tests of the distribution has the newest dependencies: that is not for here.
test-oldest: .venv-oldest/ready
	.venv-oldest/bin/python -m pytest -q -n auto --ignore tests/house/distribution $(ARGS)

test-newest:
	@newest=$$(.ci/newest-python); if [ -z "$$newest" ]; then \
		echo "test-newest: SKIPPED: this machine has no Python from 3.12 on"; \
	else \
		echo "test-newest: $$($$newest --version)"; \
		$(MAKE) --no-print-directory .venv-newest/ready NEWEST=$$newest && \
		.venv-newest/bin/python -m pytest -q -n auto $(ARGS); \
	fi

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

agreement: .venv/ready
	$(BIN)/python -m tests.oracle $(ARGS)

contract: .venv-contract/ready
	.ci/contract

examples: .venv/ready
	$(BIN)/python examples/run $(ARGS)

image: .venv/ready
	.ci/image

# A stale build folder would put files that are gone into the wheel.
dist: .venv/ready
	rm -rf build dist
	$(BIN)/python -m build --no-isolation

lock: .venv/ready
	.ci/lock

sbom: .venv-release/ready
	.venv-release/bin/cyclonedx-py requirements requirements.lock --output-format JSON --output-file sbom.cdx.json

site: .venv-release/ready
	NO_MKDOCS_2_WARNING=1 .venv-release/bin/mkdocs build --strict

workflows: .venv-release/ready
	.ci/workflows

collection: .venv/ready
	$(BIN)/python examples/bruno/generate
	.ci/collection

schema: .venv/ready
	$(BIN)/python -m registry_sandbox.validation.generate

bench: .venv/ready
	$(BIN)/python -m bench $(ARGS)

profile: .venv/ready
	$(BIN)/python -m bench.profile $(ARGS)

worst-cases: .venv/ready
	$(BIN)/python -m bench.worst_cases $(ARGS)

crowd: .venv/ready
	$(BIN)/python -m bench.crowd $(ARGS)

fuzz: .venv/ready
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

clean:
	rm -rf .venv .venv-oldest .venv-newest .venv-contract .venv-release build site sbom.cdx.json dist sandbox/*.egg-info
