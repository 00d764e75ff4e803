# The one door. Targets need python3 and make alone; what else they need they fetch, build, or explain.

PYTHON ?= python3
STACK ?= local
E2E ?= charts cli dev infra offline services tests/e2e
BOUTIQUE := $(PYTHON) -m cli
BIN := .venv/bin
# A file's tests share servers, so they stay together.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile
empty :=
export MYPYPATH := $(subst $(empty) $(empty),:,$(wildcard offline/src services/*/src services/lib/*/src))

.DEFAULT_GOAL := help
.PHONY: help up down preview refresh rehearse status logs shop doctor images plan cost scan bootstrap teardown orphans comment drift smoke continuation ci-local versions release expire vulnerabilities test style applications units types e2e bench environment format lock protos pictures diagram

help: ## Shows this list
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-15s %s\n", $$1, $$2}'

up: ## Sets everything up, deploys the shop to STACK, prints its address
	@$(BOUTIQUE) up $(STACK)

down: ## Removes STACK and everything that `up` started
	@$(BOUTIQUE) down $(STACK)

preview: ## Shows what `up` would change
	@$(BOUTIQUE) preview $(STACK)

refresh: ## Shows what was changed behind Pulumi's back; `up` then mends it
	@$(BOUTIQUE) refresh $(STACK)

rehearse: ## Runs a STACK on AWS here, with no account: emulated AWS and Cloudflare, the shop for real
	@$(BOUTIQUE) rehearse $(STACK)

status: ## Shows what runs
	@$(BOUTIQUE) status

logs: ## Follows the logs of SERVICE=<name>
	@$(BOUTIQUE) logs $(SERVICE)

shop: ## Runs the shop as plain processes: no root, no Docker, no cluster
	@$(BOUTIQUE) shop

doctor: ## Says which tools and which cluster are used, and why
	@$(BOUTIQUE) doctor

images: ## Builds the images without deploying them; for a STACK on AWS, pushes them to its registry
	@$(BOUTIQUE) images $(STACK)

plan: ## Writes what `up` would make to build/plan-STACK.json
	@$(BOUTIQUE) plan $(STACK)

cost: environment ## Lists what STACK would be paid for, by the hour, the gigabyte and the call
	@$(BOUTIQUE) plan $(STACK)
	@$(BIN)/python -m cli.operations cost $(STACK)

scan: environment ## Has Checkov look through what STACK would be
	@$(BOUTIQUE) plan $(STACK)
	@$(BIN)/python -m cli.scan build/plan-$(STACK).json

bootstrap: environment ## Prepares the account of STACK: where Pulumi's state and its secrets' key are
	@$(BIN)/python -m cli.operations bootstrap $(STACK)

teardown: environment ## Destroys STACK in its account, and sweeps up what is left
	@$(BIN)/python -m cli.operations teardown $(STACK)

orphans: environment ## List the orphans of STACK in its account
	@$(BIN)/python -m cli.operations orphans $(STACK)

comment: environment ## Tells what `make plan` said of STACKS: in the comment of PULL_REQUEST, or here
	@$(BIN)/python -m cli.operations comment $(if $(PULL_REQUEST),--repository $(REPOSITORY) --pull-request $(PULL_REQUEST),--print) \
	    $(if $(FORK),--fork,$(STACKS))

drift: environment ## Tells what was changed behind Pulumi's back in the account of STACK
	@$(BIN)/python -m cli.operations drift $(if $(REPOSITORY),--repository $(REPOSITORY)) $(STACK)

smoke: environment ## Buys something at each address of STACK
	@$(BIN)/python -m cli.operations smoke $$($(BIN)/python -m cli.ci addresses $(STACK))

continuation: environment ## Finds what a pipeline of CircleCI's is to do, and has it go on with that
	@$(BIN)/python -m cli.ci continue

ci-local: environment ## Runs the commands of a pipeline's JOB here
	@$(BIN)/python -m cli.ci local $(JOB)

versions: environment ## Writes down which images a preview of STACK is about
	@$(BIN)/python -m cli.ci versions $(if $(RUNNING),--running) $(STACK)

release: environment ## Notes in the file of STACK the IMAGE of a SERVICE whose source is elsewhere
	@$(BIN)/python -m cli.ci release --service "$(SERVICE)" --image "$(IMAGE)" $(STACK)

expire: environment ## Takes STACK down once the day in its settings has come
	@$(BIN)/python -m cli.ci expire $(STACK)

vulnerabilities: environment ## Builds the images of SERVICES, and has Trivy look through them
	@$(BIN)/python -m cli.ci vulnerabilities $(SERVICES)

test: style types applications units ## Style, types, and every test that needs neither engine nor cluster

style: environment ## Format, lint, and whether what the documents say is so
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/pytest --quiet tests/test_documentation.py

applications: environment ## Style, types and tests of the web applications
	@$(BOUTIQUE) applications

units: environment ## The tests of the folders TESTS that need neither engine nor cluster; without, all
	@$(BIN)/pytest $(SIDE_BY_SIDE) $(TESTS)

types: environment
	@$(BIN)/mypy

e2e: environment ## The real engine, a real cluster, a real browser: up, buy, change, break, mend, down
	@$(BIN)/pytest -m cluster --exitfirst $(E2E)

bench: environment ## Prints the figures to watch, and writes them to build/bench.json
	@$(BIN)/python -m tests.bench

environment:
	@$(BOUTIQUE) environment

format: environment ## Formats the code and mends what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: environment ## Resolves the dependencies anew into the lock files
	@$(BOUTIQUE) lock

protos: environment ## Generates the stubs from the protos
	@$(BIN)/python -m grpc_tools.protoc --proto_path services/lib/contract/protos \
	    --plugin protoc-gen-mypy=$(BIN)/protoc-gen-mypy --plugin protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	    --python_out services/lib/contract/src --grpc_python_out services/lib/contract/src \
	    --mypy_out services/lib/contract/src --mypy_grpc_out services/lib/contract/src hipstershop/shop.proto

pictures: environment ## Takes the README's pictures anew, in the browser test of `make shop`
	@BOUTIQUE_PICTURES=docs/pictures $(BIN)/pytest --quiet -m cluster tests/e2e/test_shop.py

diagram: environment ## Draws the architecture from the service files
	@$(BIN)/python docs/architecture.py
