.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit property thorough programs lab-test soak bench lab-up lab-down lock docs
BIN := .venv/bin
WORKFLOWS := .github/workflows/*.yaml examples/feature-branch.yaml
# Tests and lab start many processes of Python, each of which would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 — \2/p' $(MAKEFILE_LIST)

setup: ## The development environment in .venv
	@tools/bootstrap

demo: setup ## The whole model, for real: build, TEST, SANDBOX, PROD, rollback, on two clusters of this machine
	@$(BIN)/python -m tests.lab.demo

test: lint unit property programs lab-test ## Everything: lint, types, layers, workflows, and every test

lint: setup ## Style, types, layers, workflows
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	@$(BIN)/zizmor --quiet --persona pedantic --offline .github/workflows actions examples/feature-branch.yaml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions actions/*/action.yml
	@$$($(BIN)/python -m tests.lab build actionlint) $(WORKFLOWS)

unit: setup ## The tests that need nothing: a third of a minute
	@$(BIN)/pytest -m 'not lab and not program and not hypothesis' -n auto

property: setup ## The properties, on examples that are new each time
	@$(BIN)/pytest -m 'hypothesis and not program and not lab' -n auto

thorough: setup ## The properties on ten times as many examples
	@$(BIN)/pytest -m 'hypothesis and not program and not lab' -n auto --hypothesis-profile thorough

programs: setup ## The tests that bring or start a program: the launcher's installers, a registry, npm, act
	@$(BIN)/pytest -m 'program and not lab'

lab-test: setup ## What needs the lab; starts it, and ends what it started
	@$(BIN)/pytest -m lab tests/lab

soak: setup ## Every case of a rollout under every fault on the lab, up to an hour, and a table of what failed
	@$(BIN)/python -m tests.lab.soak

bench: setup ## What is measured, as docs/benchmarks.md has it; needs root, and the machine to itself for an hour
	@$(BIN)/python -m tests.bench

lab-up: setup ## Two real clusters, a registry, buildkit, PostgreSQL and the doubles, on loopback
	@$(BIN)/python -m tests.lab up

lab-down: setup ## End the lab; nothing stays running or mounted
	@$(BIN)/python -m tests.lab down

lock: setup ## The locks: uv.lock, and the actions' own
	@tools/lock

docs: setup ## The README's tables, from the actions and the program
	@$(BIN)/python -m tests.documentation
