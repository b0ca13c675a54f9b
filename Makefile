# run: set up and serve. test: every test. check: everything a change must pass. schema: regenerate what is generated.
# image: build the container image and test it (a Docker engine, or root and apt). dist: a wheel and an sdist.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check image dist schema clean

run: .venv/ready
	$(BIN)/registry-sandbox $(ARGS)

test: .venv/ready
	$(BIN)/pytest $(ARGS)

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

image: .venv/ready
	.ci/image

# A stale build folder would put files that are gone into the wheel.
dist: .venv/ready
	rm -rf build dist
	$(BIN)/python -m build --no-isolation

schema: .venv/ready
	$(BIN)/python -m sandbox.validation.generate

.venv/ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
