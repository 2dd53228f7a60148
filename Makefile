# Every command of the project. Needs Python 3.13 (.python-version) and make.
PYTHON ?= $(shell command -v python3.13 || echo python3)
PORT ?= 8080
# Where `sam local start-lambda` answers; empty to run the functions without containers.
LAMBDA ?=
TEMPLATE ?= template.yaml
# An environment of samconfig.toml: default, prod, x86_64.
ENV ?= default
# Where the end-to-end tests run: local, emulator, aws (a stack, STACK=…).
TARGET ?= local
ARGS ?=

BIN := .venv/bin
UV := .venv-uv/bin/uv
SAM := .venv-sam/bin/sam
RUN := .venv/.run-installed
DEV := .venv/.dev-installed
SAM_INSTALLED := .venv-sam/.installed
AUDIT := .venv-audit/bin
AUDIT_INSTALLED := .venv-audit/.installed
DEPENDENCY_AUDIT := $(BIN)/python -m tools.scripts.dependency_audit $(AUDIT)/pip-audit \
	layers/dependencies/requirements.txt $(wildcard requirements/*.txt)
TRANSFORMED := .aws-sam/transformed.json
EMULATOR_INSTALLED := .venv-emulator/.installed
E2E_emulator := $(SAM_INSTALLED) $(EMULATOR_INSTALLED)
INSTALL := .venv-uv/bin/python -m tools.scripts.environment

# sam must neither phone home nor look for credentials when it only validates and builds.
SAM_LOCAL := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true \
	AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none

# The build for containers on this machine, apart from the one that is deployed.
LOCAL_BUILD := .aws-sam/local/build
MACHINE := Architecture=$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
FOR_CONTAINERS := --sam-local $(LOCAL_BUILD) --parameter-overrides $(MACHINE)
GATEWAY = $(BIN)/python -m local_gateway --template template.yaml --port $(PORT) \
	--on-ready "$(BIN)/python -m tools.scripts.welcome"

.DEFAULT_GOAL := help
.PHONY: help run gateway feed user e2e revoke test test-fast coverage check audit format bench build
.PHONY: deploy lock clean framework-templates sam-services sam-local-build cost node-and-browser properties

help: ## list the commands
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(RUN) $(if $(LAMBDA),sam-local-build) ## run the bot on http://localhost:8080 (PORT=…), with a demo user
	@exec $(GATEWAY) $(if $(LAMBDA),$(FOR_CONTAINERS) --lambda-endpoint $(LAMBDA)) $(ARGS)

sam-services: $(RUN) sam-local-build ## run the bot, also for the containers of `sam local invoke`
	@exec $(GATEWAY) $(FOR_CONTAINERS) $(ARGS)

sam-local-build: $(SAM_INSTALLED)
	$(SAM_LOCAL) $(SAM) build --build-dir $(LOCAL_BUILD) --cache-dir .aws-sam/local/cache \
		--parameter-overrides $(MACHINE)

gateway: $(RUN) ## run the local gateway on TEMPLATE=… PORT=… ARGS=…
	@exec $(BIN)/python -m local_gateway --template $(TEMPLATE) --port $(PORT) $(ARGS)

feed: $(RUN) ## publish random prices for the exchange demo
	@exec $(BIN)/python -m tools.scripts.feed --url http://localhost:$(PORT)/publish $(ARGS)

user: $(RUN) ## add a user NAME=… to the running bot, or to STACK=… on AWS
	@$(BIN)/python -m tools.scripts.create_user "$(NAME)" --url http://localhost:$(PORT) \
		$(if $(STACK),--stack "$(STACK)") $(if $(REGION),--region "$(REGION)") $(ARGS)

revoke: $(RUN) ## log out and disable a user NAME=… of the running bot, or of STACK=… on AWS
	@PYTHONPATH=layers/sapa $(BIN)/python -m tools.scripts.revoke_user "$(NAME)" --url http://localhost:$(PORT) \
		$(if $(STACK),--stack "$(STACK)") $(if $(REGION),--region "$(REGION)") $(ARGS)

# One file after the other in each worker; files in their order, so that the long ones begin first.
# Tests that start programs wait for them: hence more workers than cores.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))
test: $(DEV) node-and-browser $(SAM_INSTALLED) ## run every test that needs no AWS account
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

FAST := $(BIN)/python -m pytest --no-programs -n 2
RULES_TESTS := tests/unit/local_gateway/core tests/unit/sapa
coverage: $(DEV) ## run the tests of the rules, and require that they run every branch
	$(FAST) $(RULES_TESTS) --cov $(ARGS)

# Apart from the others: measuring makes every line that runs slower, whether it is measured or not.
test-fast: coverage ## run the unit and contract tests that start no programs, with `coverage`
	$(FAST) tests/unit tests/contract $(addprefix --ignore=,$(RULES_TESTS)) $(ARGS)

# What the tests start and Python does not bring: used if it is in PATH, else installed if possible.
node-and-browser: $(DEV)
	@$(BIN)/python -m tools.scripts.node_and_browser

e2e: $(DEV) node-and-browser $(E2E_$(TARGET)) ## run the end-to-end tests on TARGET=local|emulator|aws (STACK=…)
	$(BIN)/python -m pytest tests/e2e --target=$(TARGET) \
		$(if $(STACK),--stack="$(STACK)") $(if $(REGION),--region="$(REGION)") $(ARGS)

check: $(DEV) $(SAM_INSTALLED) $(AUDIT_INSTALLED) ## check format, lint, types, import rules, template, secrets, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	PYTHONPATH=layers/sapa:clients/python:. $(BIN)/lint-imports
	$(SAM_LOCAL) $(SAM) validate --lint
	$(SAM_LOCAL) $(SAM) validate --lint --template observability.yaml
	$(SAM_LOCAL) $(SAM) validate
	@mkdir -p $(dir $(TRANSFORMED))
	$(BIN)/python -m tests.contract.transformed_template > $(TRANSFORMED)
	$(AUDIT)/checkov --config-file .checkov.yaml --file template.yaml observability.yaml $(TRANSFORMED)
	$(BIN)/python -m tools.scripts.generate_resource_properties --check
	$(BIN)/python -m tools.scripts.secret_scan $(AUDIT)/detect-secrets-hook
	$(DEPENDENCY_AUDIT) || [ $$? = 2 ]  # 2: nobody could be asked, which it says

audit: $(DEV) $(AUDIT_INSTALLED) ## look for vulnerabilities of the pinned packages; fails if PyPI cannot be asked
	$(DEPENDENCY_AUDIT)

format: $(DEV) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) $(SAM_INSTALLED) ## run the benchmarks
	$(BIN)/python -m tools.benchmarks $(ARGS)

cost: $(DEV) ## calculate what it costs on AWS, from calls, durations and sizes measured now
	@$(BIN)/python -m tools.cost $(ARGS)

build: $(SAM_INSTALLED) ## run sam build, for ENV=… of samconfig.toml
	$(SAM_LOCAL) $(SAM) build --config-env $(ENV) $(ARGS)

deploy: $(SAM_INSTALLED) ## run sam build and sam deploy, for ENV=…, with your AWS credentials
	$(SAM_LOCAL) $(SAM) build --config-env $(ENV)
	$(SAM) deploy --config-env $(ENV) $(ARGS)

lock: $(DEV) node-and-browser ## pin all dependencies again, with hashes and without index addresses
	$(LOCK) requirements/run.in -o requirements/run.txt
	$(LOCK) layers/dependencies/requirements.in -c requirements/run.txt \
		-o layers/dependencies/requirements.txt
	$(LOCK) requirements/dev.in -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) requirements/sam.in -o requirements/sam.txt
	$(LOCK) requirements/audit.in -o requirements/audit.txt
	$(LOCK) requirements/emulator.in -o requirements/emulator.txt
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) requirements/node.in -o requirements/node.txt
	cd tests/e2e && PATH="$(CURDIR)/.venv-node/programs:$$PATH" npm install --package-lock-only

LOCK := $(UV) pip compile --quiet --upgrade --universal --python $(BIN)/python \
	--python-version 3.13 --generate-hashes --no-header --no-emit-index-url

framework-templates: $(DEV) ## package the chats of Chalice, the CDK and the Serverless Framework again, and test them
	$(BIN)/python -m tools.scripts.framework_templates $(ARGS)
	$(BIN)/python -m pytest tests/e2e/test_frameworks.py

properties: $(RUN) $(SAM_INSTALLED) ## generate the list of template properties from the SAM CLI's schemas
	$(BIN)/python -m tools.scripts.generate_resource_properties

clean: ## remove environments and caches
	rm -rf .venv .venv-uv .venv-node .venv-sam .venv-audit .venv-emulator .aws-sam tests/e2e/node_modules .mypy_cache .ruff_cache .pytest_cache

define WRONG_PYTHON
Python 3.13 is needed; $(PYTHON) is $(or $(PYTHON_VERSION),not a Python that runs).
Install it with one of these commands; give its path as PYTHON=… if python3.13 is not in PATH.
  uv python install 3.13
  pyenv install 3.13
  brew install python@3.13
  sudo apt install python3.13 python3.13-venv
endef
PYTHON_VERSION = $(shell $(PYTHON) -c 'import sys; print("Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null)

# A Python that is named is looked at each time: the environments are made again if it is another.
ifneq ($(origin PYTHON),file)
.PHONY: $(UV)
endif
$(UV): requirements/uv.txt
	$(if $(findstring Python 3.13.,$(PYTHON_VERSION)),,$(error $(WRONG_PYTHON)))
	@$(PYTHON) -m tools.scripts.environment .venv-uv $<
	@touch $@

$(RUN): requirements/run.txt $(UV)
	@$(INSTALL) .venv $<
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@$(INSTALL) .venv $<
	@touch $@

$(SAM_INSTALLED): requirements/sam.txt $(UV)
	@$(INSTALL) .venv-sam $<
	@touch $@

$(EMULATOR_INSTALLED): requirements/emulator.txt $(UV)
	@$(INSTALL) .venv-emulator $<
	@touch $@

$(AUDIT_INSTALLED): requirements/audit.txt $(UV)
	@$(INSTALL) .venv-audit $<
	@touch $@
