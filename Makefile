# Two commands prove everything on a fresh machine: `make demo` and `make test`.
VENV    := .venv
BIN     := $(VENV)/bin
PYTHON  ?= python3
READY   := $(VENV)/.ready
PACKAGES := data features ranking candidates serving experiments rookery
DEMO    ?=
SERVE   ?=
BENCH   ?=
WORKERS ?= logical
TESTS   ?=

.PHONY: help install demo test lint serve bench
help:      ## what there is to make
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(READY): requirements.lock pyproject.toml
	@echo "Installing what requirements.lock names into $(VENV) (about three minutes, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rookery needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $(READY)

install: $(READY) ## make the virtual environment
demo: $(READY)    ## the whole lab in one screen: make demo DEMO="--json demo.json"
	$(BIN)/rookery demo $(DEMO)
test: $(READY)    ## prove it, one process a core and at most 4: make test WORKERS=1 TESTS=tests/data
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(TESTS)
lint: $(READY)    ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES))
	$(BIN)/lint-imports
	@! grep -rnE --include='*.py' '\bhasattr\(|\binspect\.signature\b|\bgetattr\([^()]+, *"[^"]*",' $(filter-out rookery,$(PACKAGES)) rookery.py \
		|| { echo "What a part can do is declared and typed, never asked of the object."; exit 1; }
serve: $(READY)   ## run the network: make serve SERVE="--data var/world"
	$(BIN)/rookery serve $(SERVE)
bench: $(READY)   ## speeds as ratios beside a peer: make bench BENCH="rank rerank"
	$(BIN)/rookery bench $(BENCH)
