# What CI runs before the tests is "make check", and nothing else.
.DEFAULT_GOAL := help
.PHONY: help install check format build run test bench clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

install: ## Install the packages that package-lock.json names
	@node scripts/install.mjs

check: install ## Check format, lint, types and boundaries
	npm run --silent format:check
	npm run --silent lint
	npm run --silent types
	npm run --silent boundaries

format: install ## Format every file
	npm run --silent format

build: install ## Compile into dist
	npm run --silent build

run: ## Start a cluster on this machine
	npm start

test: ## Run every test; sets itself up
	npm test

bench: ## Measure the cluster against its engine
	npm run bench

clean: ## Remove what was built and downloaded
	rm -rf dist .cache coverage node_modules
