# make run   set up, then start the scheduler, its page and one node on this host
# make demo  watch two programs share a node
# make test  set up, then run all tests
# make bench measure it side by side with dispyscheduler
# make dist  build wheel and sdist, and try them on each Python that is here
# make help  the other targets

PYTHON ?= python3
VENV ?= .venv
SECONDS ?= 600
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run demo test chaos bench fuzz mutants audit lint format docs clean

help:
	@echo "make run      start gsched, its page and one dispynode on this host (ARGS=... adds options)"
	@echo "make demo     two real programs compete for a real node; takes half a minute"
	@echo "make test     run all tests (TESTS=tests/unit for some of them)"
	@echo "make chaos    kill what can be killed, for long (ROUNDS=100, SEEDS='1 2')"
	@echo "make fuzz     any bytes for the decoder, led by coverage (SECONDS=600; Python 3.11 or newer)"
	@echo "make mutants  take each defence away, and see a test fail (ARGS='-j 2 vault' for some of them)"
	@echo "make audit    look for known holes, in the code and in the packages that it needs"
	@echo "make bench    measure gsched and dispyscheduler (SCENARIOS=small, ARGS=--quick; or --list)"
	@echo "make dist     build wheel and sdist into dist/, and try them on each Python that is here"
	@echo "make lint     check style, types and generated documentation"
	@echo "make format   apply the style"
	@echo "make docs     write conf/gsched.conf, the man page and the tables of README.md anew"
	@echo "make clean    remove all that the other targets have made"

# Installing takes a while, so each set of packages leaves a mark that says it is there.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "gsched needs Python 3.10 or newer; name one: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "no venv module here; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/run.done: setup.py pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node]'
	@touch $@

$(VENV)/test.done: setup.py pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node,test]'
	@touch $@

$(VENV)/fuzz.done: setup.py pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	@touch $@

$(VENV)/audit.done: setup.py pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[audit]'
	@touch $@

run: $(VENV)/run.done
	$(BIN)/gsched --config conf/gsched.conf --httpd --local_node $(ARGS)

demo: $(VENV)/run.done
	@$(BIN)/python -m gsched.demo

# Each of the processes that run the tests with real peers has a network of its own, and waits most
# of the time: there may be more of them than cores.
test: $(VENV)/test.done
ifdef TESTS
	$(BIN)/python -m pytest $(TESTS)
else
	$(BIN)/python -m pytest tests/unit tests/wire -n 2
	$(BIN)/python -m pytest tests/real -n 6 --maxschedchunk 1
	$(BIN)/python -m pytest tests/browser -n 3 --dist loadfile
	$(BIN)/python -m pytest tests/chaos -n 2
endif

ROUNDS ?= 100
SEEDS ?= 1 2

chaos: $(VENV)/test.done
	CHAOS_ROUNDS=$(ROUNDS) CHAOS_SEEDS='$(SEEDS)' $(BIN)/python -m pytest tests/chaos -n 2

# Fake peers make the load; both schedulers run in turn. Needs root or user namespaces, and 2 cores.
bench: $(VENV)/test.done
	PYTHONPATH=tests:tests/real $(BIN)/python -m bench $(SCENARIOS) $(ARGS)

# What is tried is what is shipped: each test installs from dist/.
dist: $(VENV)/test.done
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	TEST_DIST=dist $(BIN)/python -m pytest tests/package

# What is found is kept in .gsched/fuzz, and is where the next run begins.
fuzz: $(VENV)/fuzz.done
	$(BIN)/python tests/fuzz/messages.py .gsched/fuzz -max_total_time=$(SECONDS) $(ARGS)

# See tests/naive. Some need root or user namespaces, as the tests with real peers do.
mutants: $(VENV)/test.done
	PYTHONPATH=tests $(BIN)/python -m naive $(ARGS)

# An index that has no list of known holes says so of each package.
audit: $(VENV)/audit.done
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml gsched 2>/dev/null
	$(BIN)/pip-audit --skip-editable --progress-spinner off

lint: $(VENV)/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m gsched.options.manual --check
	$(BIN)/python -m gsched.ctl.manual --check
	$(BIN)/python tests/proofs.py --check

format: $(VENV)/test.done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/test.done
	$(BIN)/python -m gsched.options.manual
	$(BIN)/python -m gsched.ctl.manual
	$(BIN)/python tests/proofs.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
