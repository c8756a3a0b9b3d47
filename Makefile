# The commands of the suite. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
MAKEFLAGS += --no-print-directory
# What Python has compiled is kept, whatever the environment says: a warm run starts a second sooner.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
ARGS ?=
CANDIDATE ?=
PIPELINE ?=
VENV := .venv
BIN := $(VENV)/bin
ENVIRONMENT := $(VENV)/.complete-$(shell cat requirements.lock install.sh | sha256sum | cut -c1-16)
PLATFORM := $(BIN)/python -m pipeline_services.cli
MAINTENANCE := $(BIN)/python -m pipeline_services.maintenance
FROM ?=
FLEET ?=

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1@\2/' | column -t -s @

daily: $(ENVIRONMENT) ## judge the pipeline by the daily checks (brings one up where there is none)
	@$(BIN)/pytest -m daily $(ARGS)

weekly: $(ENVIRONMENT) ## the weekly review of section 5
	@$(BIN)/pytest -m weekly $(ARGS)

monthly: $(ENVIRONMENT) ## the monthly review of section 5
	@$(BIN)/pytest -m monthly $(ARGS)

practice: $(ENVIRONMENT) ## report bad settings that work today, with the lines that show them
	@$(BIN)/pytest -m practice $(ARGS)

nightly: $(ENVIRONMENT) ## repair, check and break things within a time box, and report what changed (ARGS="--minutes 120")
	@$(BIN)/python -m pipeline_services.cli.nightly $(ARGS)

nightly-install: $(ENVIRONMENT) ## install the nightly run in the cluster, as a CronJob that only reads
	@$(PLATFORM) nightly-install $(ARGS)

nightly-remove: $(ENVIRONMENT) ## remove the nightly run from the cluster, its reports included
	@$(PLATFORM) nightly-remove $(ARGS)

promises: $(ENVIRONMENT) ## delete a pod of each component: which promises are kept, where messages carry no numbers (PIPELINE=plain)
	@$(BIN)/python -m pipeline_services.experiment.promise_run $(if $(PIPELINE),--pipeline "$(PIPELINE)") $(ARGS)

ledger: $(ENVIRONMENT) ## which readings of the last minutes are lost, and why (PIPELINE=plain ARGS="--minutes 10", or ARGS="--send 50")
	@$(BIN)/python -m pipeline_services.experiment.ledger_run $(if $(PIPELINE),--pipeline "$(PIPELINE)") $(ARGS)

backup: $(ENVIRONMENT) ## back up InfluxDB and Kafka (the newest 7 backups stay)
	@$(MAINTENANCE) backup $(ARGS)

backup-test: $(ENVIRONMENT) ## back up, restore into throwaway servers, compare everything (ARGS=--controls)
	@$(MAINTENANCE) backup-test $(ARGS)

restore: $(ENVIRONMENT) ## restore InfluxDB from a backup (FROM=folder), after a fresh backup, and prove it
	@$(MAINTENANCE) restore --from "$(FROM)" $(ARGS)

rotate-token: $(ENVIRONMENT) ## rotate InfluxDB's tokens while the pipeline runs, and prove it (ARGS=--dry-run)
	@$(MAINTENANCE) rotate-token $(ARGS)

rotate-tls: $(ENVIRONMENT) ## rotate InfluxDB's certificate and its CA while the pipeline runs, and prove it (ARGS=--dry-run)
	@$(MAINTENANCE) rotate-tls $(ARGS)

fleet: $(ENVIRONMENT) ## judge many pipelines at once, with one table for all (FLEET=file)
	@$(BIN)/python -m pipeline_services.reporting.fleet --fleet "$(FLEET)" $(ARGS)

fleet-install: $(ENVIRONMENT) ## judge the pipelines of a fleet inside the suite's own cluster, as an Indexed Job (FLEET=file)
	@$(BIN)/python -m pipeline_services.reporting.fleet.installed $(if $(FLEET),--fleet "$(FLEET)") $(ARGS)

fleet-remove: $(ENVIRONMENT) ## remove the fleet's Job and its rights from the cluster
	@$(BIN)/python -m pipeline_services.reporting.fleet.installed --remove $(ARGS)

discover: $(ENVIRONMENT) ## write the profile of a running namespace (ARGS="--context NAME --namespace NS --out FILE")
	@$(BIN)/python -m pipeline_services.discover $(ARGS)

triage: $(ENVIRONMENT) ## say what is wrong, since when, why, what to run and whom to call (ARGS=--watch follows it)
	@$(BIN)/python -m pipeline_services.triage $(ARGS)

test: $(ENVIRONMENT) ## run the suite's own tests (no cluster needed)
	@$(BIN)/pytest -n 3 --dist worksteal $(or $(ARGS),tests)

lint: $(ENVIRONMENT) ## check format, style and types
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

up: $(ENVIRONMENT) ## start the cluster and deploy what this checkout declares (PIPELINE=plain: a second one; IMAGES=registry or packages)
	@$(PLATFORM) up $(if $(PIPELINE),--pipeline "$(PIPELINE)") $(ARGS)

status: $(ENVIRONMENT) ## say what is built and what runs
	@$(PLATFORM) status $(ARGS)

down: $(ENVIRONMENT) ## delete the cluster; keep what was built (PIPELINE=plain: only the second pipeline)
	@$(PLATFORM) down $(if $(PIPELINE),--pipeline "$(PIPELINE)") $(ARGS)

clean: $(ENVIRONMENT) ## delete the cluster and everything that was built for it
	@$(PLATFORM) clean $(ARGS)

open: $(ENVIRONMENT) ## open Grafana and Prometheus on local ports and print the addresses, until Ctrl-C
	@$(PLATFORM) open $(ARGS)

kubectl: $(ENVIRONMENT) ## print the path of the kubectl that was built for the cluster (use with make -s)
	@$(PLATFORM) kubectl $(ARGS)

kubeconfig: $(ENVIRONMENT) ## print the path of the cluster's kubeconfig (use with make -s)
	@$(PLATFORM) kubeconfig $(ARGS)

env: $(ENVIRONMENT) ## print what a shell needs for the cluster: eval "$(make -s env)" puts its kubectl, pytest and python on PATH
	@config=$$($(PLATFORM) kubeconfig); kubectl=$$($(PLATFORM) kubectl)
	echo "export KUBECONFIG='$$config' PATH='$$(dirname "$$kubectl"):$(CURDIR)/$(BIN)':\"\$$PATH\""

bench-pipeline: $(ENVIRONMENT) ## measure how many readings per second the processor sustains
	@$(BIN)/python -m pipeline_services.release.bench $(ARGS)

acceptance: $(ENVIRONMENT) ## break the running pipeline on purpose and verify that the daily checks see it
	@$(BIN)/pytest -m "live and not slow" tests/acceptance $(ARGS)

runbook: $(ENVIRONMENT) ## run every reading command of the runbook, and compare its output with the runbook
	@$(BIN)/pytest -q -m live tests/reporting/runbook/test_live.py $(ARGS)

remedies: $(ENVIRONMENT) ## make a fault for each cause, and run the commands that the cause prints (40 minutes; ARGS="-k topic")
	@$(BIN)/pytest -m "matrix and remedy" --remedies $(ARGS)

mitigations: $(ENVIRONMENT) ## run the commands of the runbook that change the cluster, each in the failure that it is for
	@$(BIN)/pytest -m "mitigation and not slow" chaos/test_mitigations.py $(ARGS)

proved: $(ENVIRONMENT) ## write the recovery times of the last chaos and matrix runs into the runbook
	@$(BIN)/python -m pipeline_services.reporting.runbook.proved $(ARGS)

chaos: $(ENVIRONMENT) ## play the runbook's failures on the suite's own cluster, except the slow ones
	@$(BIN)/pytest -m "chaos and not slow and not mitigation" $(ARGS)

matrix: $(ENVIRONMENT) ## make every known fault: is it detected and named correctly (an hour and a half; PIPELINE=plain)
	@$(BIN)/pytest -m matrix $(if $(PIPELINE),--pipeline "$(PIPELINE)") $(ARGS)

matrix-sample: $(ENVIRONMENT) ## one fault of the matrix for each component (5 minutes)
	@$(BIN)/pytest -m "matrix and sample" $(if $(PIPELINE),--pipeline "$(PIPELINE)") $(ARGS)

matrix-record: $(ENVIRONMENT) ## keep the last matrix's correctly judged snapshots for the suite's own tests
	@$(BIN)/python -m chaos.matrix.recordings $(ARGS)

# One fault of each of section 3's scenarios, and section 7's test.
SAMPLE := producer-hung or processor-killed-before-commit or kafka-process-killed or influxdb-process-killed \
	or producer-scaled-by-hand or processor-cut-from-influxdb or test_resilience

chaos-sample: $(ENVIRONMENT) ## one failure of each scenario, and section 7's test
	@$(BIN)/pytest -m "chaos and not slow" -k "$(SAMPLE)" --reports reports chaos $(ARGS)

release: $(ENVIRONMENT) ## may a new version of the apps go out: go, no-go, not enough data (CANDIDATE=tests/candidates/good)
	@$(BIN)/pytest -m release --candidate="$(CANDIDATE)" $(ARGS)

load-test: $(ENVIRONMENT) ## load the pipeline until the autoscalers add pods, then wait until they remove them (15 minutes)
	@$(BIN)/pytest -m "chaos and slow" --reports reports chaos/test_resources.py $(ARGS)

resilience: $(ENVIRONMENT) ## section 7's test: producer, processor and Kafka in one run
	@$(BIN)/pytest -m chaos chaos/test_resilience.py $(ARGS)

lock: $(ENVIRONMENT) ## renew the lock file from pyproject.toml
	@$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --extra dev --python-version 3.11 pyproject.toml -o requirements.lock

$(ENVIRONMENT): requirements.lock install.sh
	@./install.sh $(PYTHON) $(VENV) $@
