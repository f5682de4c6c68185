# `make run` starts Smarketing, `make test` tests it; both make what they need first. `make help` lists the rest.

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
SOURCES := accounts personas leads handoff dashboards smarketing tests manage.py $(wildcard bench)
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test setup lint fmt bench reset lock dev build

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 14

run: setup ## Start everything; PORT=, HOST=, DATA_DIR=, DEMO=0 as you like; Ctrl-C stops it
	@exec $(PY) manage.py run

test: setup $(VENV)/.dev ## The whole suite; ARGS= goes to pytest
	@exec $(PY) -m pytest -n auto --maxprocesses 4 $(ARGS)

setup: $(VENV)/.runtime staticfiles/.built ## What `run` needs: .venv and the front end

dev: $(VENV)/.dev

lint: $(VENV)/.dev ## Everything that can be checked without running it
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/mypy
	$(VENV)/bin/djlint --lint --quiet templates
	$(VENV)/bin/lint-imports

fmt: $(VENV)/.dev ## Format the code, and mend what can be mended
	$(VENV)/bin/ruff check --fix $(SOURCES)
	$(VENV)/bin/ruff format $(SOURCES)

bench: setup ## Measure against a yardstick of the same run; the figures go to bench/last.json
	@exec $(PY) -m bench $(ARGS)

reset: $(VENV)/.runtime ## Throw away the data of this checkout (asks first)
	@exec $(PY) -m smarketing.reset

lock: $(UV) ## Lock the requirements anew
	for each in requirements requirements-dev requirements-node requirements-uv; do \
	  $(UV) pip compile $$each.in -o $$each.txt --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header; done

INSTALL_FAILED = { echo "Packages could not be installed: is there a network, and room on the disk?" >&2; exit 1; }

# Each step below runs when what it is made from has changed since its stamp was written.

ifneq ($(wildcard $(VENV)/.python),)
ifneq ($(shell $(PY) -I -S -c "print(1)" 2>/dev/null),1)
$(shell rm -rf $(VENV)) # the Python that it was made from has gone
endif
endif

# The first Python of version 3.11 or newer, and room for what is installed.
$(VENV)/.python:
	@if [ "$$(df -Pk . | awk 'NR == 2 {print $$4}')" -lt 1000000 ]; then \
	  echo "The disk that holds $$(pwd) is too full: setting up needs 1 GB." >&2; exit 1; fi
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  "$$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && break; python=; done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is missing: install it, or name one as in make PYTHON=/path/to/python3 run." >&2; exit 1; fi; \
	rm -rf $(VENV); echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv $(VENV) >/dev/null 2>&1 || uv venv --quiet --seed --python "$$python" $(VENV) 2>/dev/null || { \
	  rm -rf $(VENV); \
	  echo "This Python cannot make virtual environments: install its venv module (on Debian: apt install python3-venv)." >&2; \
	  exit 1; }
	@touch $@

$(UV): $(VENV)/.python requirements-uv.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt || $(INSTALL_FAILED)
	@touch $@

$(VENV)/.runtime: requirements.txt $(UV)
	@echo "Installing packages ..."
	@$(UV) pip install --python $(PY) --quiet --compile-bytecode --require-hashes -r requirements.txt || $(INSTALL_FAILED)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@$(UV) pip install --python $(PY) --quiet --require-hashes -r requirements-dev.txt || $(INSTALL_FAILED)
	@touch $@

# The machine's own Node where it is new enough, else the one from the locked wheel.
WITH_NODE = if ! [ "$$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ] || ! command -v npm >/dev/null; then \
	[ -x $(VENV)/bin/npm ] || $(UV) pip install --python $(PY) --quiet --require-hashes -r requirements-node.txt || $(INSTALL_FAILED); \
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; export PATH; fi;
FRONT_END := $(shell find frontend templates static/img 2>/dev/null)

node_modules/.installed: package.json package-lock.json .npmrc $(VENV)/.runtime
	@echo "Installing the front end's packages ..."
	@$(WITH_NODE) npm ci --silent --no-progress || $(INSTALL_FAILED)
	@touch $@

static/dist/.built: node_modules/.installed $(FRONT_END)
	@echo "Building the front end ..."
	@$(WITH_NODE) npm run build --silent
	@touch $@

staticfiles/.built: static/dist/.built $(VENV)/.runtime
	@$(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
