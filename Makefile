# Everything runs in .venv, which the first target that needs it makes. Only Python 3.11 or newer, its venv module and
# make are needed beforehand. Another Python: make test PYTHON=python3.12. More arguments: make test ARGS="-k reminder".

PYTHON ?= python3
ARGS ?=
# One more than there are processors, for a desk that is played waits now and then; each takes its stories in order, so
# that those who share a desk mostly meet it in one process.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
SHARED := -n $(JOBS) --dist worksteal
BIN := .venv/bin
READY := .venv/.ready
LOCK := requirements-dev.txt
STORED := $(filter-out $(addprefix tests/stories/test_,$(addsuffix .py,languages any_weeks any_day canned inspect \
	command_line command_line_files command_line_agents learnt reminders wishes words)),\
	$(wildcard tests/stories/test_*.py)) tests/crash/test_two_daemons.py \
	$(addprefix tests/wire/test_,daemon.py database_wire.py database_faults.py every_door.py restore_drill.py)
TYPED := maild tests $(if $(wildcard benchmarks/*.py),benchmarks)

# Each daemon of a story is half a dozen processes, which need not compile the desk anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo run test postgresql lint style types floors check bench month mails score fuzz fmt lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv with the locked libraries and maild itself

demo: $(READY) ## play a whole day at a desk, without a network
	$(BIN)/maild demo $(ARGS)

run: $(READY) ## run the desk of ./config.toml in the foreground, or the built-in one
	$(BIN)/maild run $(ARGS)

test: $(READY) ## all tests
	$(BIN)/python -m pytest $(SHARED) $(ARGS)

postgresql: $(READY) ## the stories once more, on a PostgreSQL server of their own
	$(BIN)/python -m pytest $(SHARED) --store=postgresql $(STORED) $(ARGS)

lint: style types floors ## style, types and floors

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy --strict $(TYPED)

floors: $(READY)
	$(BIN)/lint-imports

check: lint test postgresql ## what a change must pass

bench: $(READY) ## measure
	$(BIN)/python -m benchmarks $(ARGS)

month: $(READY) ## play a month of 20 agents and 2,000 tickets, and judge it
	$(BIN)/python -m benchmarks.month $(ARGS)

mails: $(READY) ## write and draw every mail into docs/mails, and check that it can be read
	$(BIN)/python -m benchmarks.gallery $(ARGS)

score: $(READY) ## score the reading of real mail, beside yesterday's figures
	$(BIN)/python -m benchmarks.score $(ARGS)

fuzz: $(READY) ## look for mail that breaks the reading (ARGS="--seconds 600", ARGS=--slow)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet 'atheris>=3.0'
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

fmt: $(READY) ## put the code into the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## write the lock anew after a change of pyproject.toml (ARGS=--upgrade: newest versions)
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --quiet --output-file $(LOCK) $(ARGS)

clean: ## take .venv and all caches away
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
		"maild needs Python 3.11 or newer, and this is %s: make test PYTHON=python3.11" % sys.version.split()[0])'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
