# Everything starts here. `make demo` and `make test` need Python 3.11+ and make, and set up the rest
# themselves in .venv; nothing is installed outside this folder.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
# Which interpreter to make .venv with; empty: the first fitting one on the PATH.
PYTHON ?=
# More words for pytest, e.g. make test ARGS="-k quiet_hours -x"
ARGS ?=
# The folder with the published data sets, for make public-data.
DATA ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo public-data test lint types imports check replies bench soak lock docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@sh scripts/set-up.sh $(VENV) $(PYTHON)
	@touch $@

setup: $(STAMP) ## the environment in .venv, with the command at .venv/bin/rekindle

demo: $(STAMP) ## the four shipped campaigns over 45 virtual days, every message a file
	@$(BIN)/python scripts/demo.py

public-data: $(STAMP) ## DATA=folder: real records through the shipped campaigns, accounted for to the row
	@test -n "$(DATA)" || { echo "say where the published sets are: make public-data DATA=folder"; exit 2; }
	@$(BIN)/python -m examples.public_data --data "$(DATA)" --work var/public-data/published $(ARGS)
	@$(BIN)/python -m examples.public_data --data "$(DATA)" --work var/public-data/assumed \
		--assume-express-email --assume-buyer-per-deal $(ARGS)

test: $(STAMP) ## all tests, on SQLite and PostgreSQL
	$(BIN)/pytest -n auto $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

check: lint types imports test ## lint, types, import direction, tests: what CI runs

replies: $(STAMP) ## how well replies are read, per language; ARGS=--errors shows what is read wrongly
	@$(BIN)/python -m scripts.make_reply_docs $(ARGS)

bench: $(STAMP) ## the benchmarks, as ratios within one run
	@for each in touches enrolment idle memory sdk_calls smtp_mails validating webhooks; do \
		echo "== $$each"; $(BIN)/python -m benchmarks.$$each $(ARGS) || exit 1; done

soak: $(STAMP) ## the long runs that `make test` leaves out
	$(BIN)/pytest -n auto -m soak $(ARGS)

docs: $(STAMP) ## write anew what follows from the code: reference, commands, rules, what editors show
	$(BIN)/python scripts/link_schemas.py
	$(BIN)/python scripts/make_reference.py
	$(BIN)/python scripts/make_cli_docs.py
	$(BIN)/python scripts/make_channel_docs.py
	$(BIN)/python scripts/make_rule_docs.py

lock: $(STAMP) ## write both locks anew; ARGS=--upgrade takes the newest versions
	sh scripts/lock.sh $(VENV) $(ARGS)

clean: ## remove .venv, caches and the demo's output
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
