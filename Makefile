.DEFAULT_GOAL := help
.PHONY: help setup

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 — \2/p' $(MAKEFILE_LIST)

setup: ## The development environment in .venv
	@tools/bootstrap
