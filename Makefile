.DEFAULT_GOAL := help
.PHONY: help setup demo up test bench check format lock clean

bin := .venv/bin

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*##\(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-8s%s\n", $$1, $$2 }'

setup:  ## bring everything that the stack needs on this machine
	@scripts/setup

demo: setup  ## play a recorded talk through the whole stack: captions and lag live, a report at the end
	@$(bin)/dragoman demo

up: setup  ## run the stack until Ctrl-C
	@$(bin)/dragoman up

test: setup check  ## check the code and run all tests
	@$(bin)/pytest

bench: setup  ## measure lag, quality, own overhead, memory and CPU on the shipped recordings
	@$(bin)/python -m services.cli.commands.bench

check: setup  ## lint, format, types, and which module may import which
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports --no-cache

format: setup  ## format the code and mend what the linter can
	@$(bin)/ruff check --fix .
	@$(bin)/ruff format .

lock:  ## resolve and lock the Python dependencies anew
	@scripts/lock

clean:  ## remove what set-up and runs made, but not reports
	rm -rf .venv .dragoman *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
