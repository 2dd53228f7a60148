# Every command a developer or CI needs. Needs Python 3.13 (.python-version), make, and for the
# e2e tests Node.js (wscat) and Chromium.
PYTHON ?= python3.13
PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
SAM := $(SAM_VENV)/bin/sam
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
SAM_STAMP := $(SAM_VENV)/.installed

.PHONY: help
help:
	@echo "make run | gateway | test | check | bench | build | deploy | format | lock | clean"
