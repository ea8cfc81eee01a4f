# Everything that CI does, a person can do: `make` alone says what there is.
# Only Python 3.11, Java 17 (or newer) and Maven have to be there; the rest is put into .local.

PYTHON3 ?= python3
PYTHON  := .local/venv/bin/python
LOCAL   := PYTHONPATH=deploy/local/src $(PYTHON3) -m local

.DEFAULT_GOAL := help
.PHONY: help run token clients rebuild setup clean check format test bench schemas chaos

help: ## This page
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-26s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Run
run: setup ## Start Kafka, PostgreSQL, the token issuer and every service; Ctrl-C stops them
	@$(PYTHON) -m local.run

token: ## Print a bearer token: make -s token CLIENT=yibao
	@$(LOCAL).token $(CLIENT)

clients: ## Who can get a token, and what each may do
	@$(LOCAL).clients

rebuild: setup ## Build a read model of the running system anew: make rebuild SERVICE=audit
	@$(PYTHON) -m local.services $(SERVICE) -m $(SERVICE).rebuild

##@ Check
check: setup ## Format, lint, types, the laws of the architecture, the files for Docker and Kubernetes
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.local/venv/bin/lint-imports
	$(PYTHON) -m pytest -q tests/deployment tests/laws/test_size.py tests/laws/test_tree.py

test: setup ## Every test, against servers of its own; also beside a running system
	$(PYTHON) -m pytest

chaos: setup ## Break every part of a system of its own, and count what was lost (20 minutes)
	$(PYTHON) -m tests.chaos

##@ Measure
bench: setup ## Every figure beside its limit, in one table; takes a quarter of an hour
	@$(PYTHON) -m tests.bench

##@ Change
format: setup ## Put the code into its form
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

schemas: setup ## Write the JSON Schemas of the events anew
	$(PYTHON) -m common.schemas

##@ Begin and end
setup: ## Make the virtual environment, if anything in it has changed
	@$(LOCAL).setup

clean: ## Forget everything: data, passwords, virtual environment
	@$(LOCAL).setup --forget
