.DEFAULT_GOAL := help
.PHONY: help setup lab-up lab-down

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 — \2/p' $(MAKEFILE_LIST)

setup: ## The development environment in .venv
	@tools/bootstrap

lab-up: setup ## Start the lab: two clusters, registry, buildkit, PostgreSQL (root; builds them once)
	@.venv/bin/python -m tests.lab up

lab-down: setup ## End the lab; nothing stays but the built programs
	@.venv/bin/python -m tests.lab down
