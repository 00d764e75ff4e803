# What people type daily. Each target runs ./boutique, which has every command: ./boutique --help

PYTHON ?= python3
STACK ?= local
BOUTIQUE := $(PYTHON) ./boutique

.DEFAULT_GOAL := help
.PHONY: help up down preview refresh rehearse status logs shop doctor test e2e bench format

help: ## Show this list
	@sed -nE 's/^([a-z0-9]+):[^#]*## (.*)/\1\t\2/p' Makefile | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo "  ./boutique --help has all commands"

up: ## Set up everything, deploy the shop to STACK, and print its addresses
	@$(BOUTIQUE) up $(STACK)

down: ## Remove STACK and everything that `up` started
	@$(BOUTIQUE) down $(STACK)

preview: ## Show what `up` would change
	@$(BOUTIQUE) preview $(STACK)

refresh: ## Show what was changed outside Pulumi
	@$(BOUTIQUE) refresh $(STACK)

rehearse: ## Run a STACK on AWS on this machine, with no account
	@$(BOUTIQUE) rehearse $(STACK)

status: ## Show the pods of the shop
	@$(BOUTIQUE) status

logs: ## Follow the logs of SERVICE
	@$(BOUTIQUE) logs $(SERVICE)

shop: ## Run the shop as plain processes: no root, no Docker, no cluster
	@$(BOUTIQUE) shop

doctor: ## Show which tools and which cluster are used, and why
	@$(BOUTIQUE) doctor

test: ## Check style, types, and imports, and run every test that needs no cluster
	@$(BOUTIQUE) check
	@$(BOUTIQUE) test

e2e: ## Test with the real engine, a real cluster, and a real browser
	@$(BOUTIQUE) e2e

bench: ## Measure the figures to watch
	@$(BOUTIQUE) bench

format: ## Format the code
	@$(BOUTIQUE) dev format
