# What CI runs before the tests is "make check", and nothing else.
.DEFAULT_GOAL := help
.PHONY: help install check lint format build run test integration-tests e2e bench chaos docs check-deploy validate-all \
	docker-build docker-build-all docker-run docker-up docker-down helm-template release-tag clean

REPO ?= longshore/longshore
TAG ?= dev
VARIANT ?= cpu
PORT ?= 12434
MODELS_PATH ?=
DMR_ORIGINS ?=

bake = set -a; . deploy/versions.env; set +a; REPO=$(REPO) TAG=$(TAG) docker buildx bake --file deploy/docker-bake.hcl --load \
	--set '*.platform=' --set '*.attest='
compose = REPO=$(REPO) TAG=$(TAG) PORT=$(PORT) DMR_ORIGINS='$(DMR_ORIGINS)' MODELS_PATH='$(abspath $(MODELS_PATH))' docker compose \
	$(if $(MODELS_PATH),--file docker-compose.yml --file deploy/compose/models-path.yml) \
	$(if $(filter-out cpu,$(VARIANT)),--profile $(VARIANT))

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

install: ## Install the packages that package-lock.json names
	@node scripts/install.mjs

check: install ## Check format, lint, types and boundaries
	npm run --silent format:check
	npm run --silent lint
	npm run --silent types
	npm run --silent boundaries

lint: install ## Check lint only
	npm run --silent lint

format: install ## Format every file
	npm run --silent format

build: install ## Compile into dist
	npm run --silent build

run: ## Start a cluster on this machine
	npm start

test: ## Run every test; sets itself up
	npm test

integration-tests: ## Run the tests with a real Redis and registry
	npm test integration

e2e: ## Run the tests with real processes and engines
	npm test e2e

bench: ## Measure the cluster against its engine
	npm run bench

chaos: ## Break a running cluster part by part and keep the score
	npm run chaos

docs: install ## Write the pages that are made from the code
	npm run --silent docs

check-deploy: ## Check images, compose files, chart, workflows and alerts
	npm run --silent check:deploy

validate-all: check test ## Everything that must hold before a change is taken

docker-build: ## Build the images of gateway and worker: VARIANT=cpu REPO= TAG=
	$(bake) gateway $(VARIANT)

docker-build-all: ## Build the images of the gateway and every variant
	$(bake) released optional

docker-run: docker-build docker-up ## Build and start a cluster: PORT= VARIANT= MODELS_PATH= DMR_ORIGINS=

docker-up: ## Start a cluster from images that are there, with the same settings
	$(compose) up --detach --wait

docker-down: ## Stop what docker-run started; the models stay
	$(compose) down

helm-template: ## Render the static files of deploy/static from the chart
	node scripts/render-static.mjs

release-tag: ## Make the tag of a release: TAG=v1.2.3
	@node scripts/release/tag.mjs $(TAG)

clean: ## Remove what was built and downloaded
	rm -rf dist .cache coverage node_modules
