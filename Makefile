# The doors for people: `make` lists them.
# Every Python command here runs in .venv, which is made from constraints.txt when it is missing.

MODEL_DIR ?= runs/quickstart
GIN_PARAMS ?=
PYTHON ?=
export MODEL_DIR GIN_PARAMS PYTHON

VENV := .venv
INSTALLED := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help quickstart test lint install clean

help:
	@echo 'make quickstart  train VITO on videos made on the spot, and write a report (MODEL_DIR, GIN_PARAMS)'
	@echo 'make test        run the test suite'
	@echo 'make lint        check style and types'
	@echo 'make install     make $(VENV), which the others do when it is missing (PYTHON)'
	@echo 'make clean       remove $(VENV) and the caches'
	@echo
	@echo 'MODEL_DIR=$(MODEL_DIR)  where quickstart writes'
	@echo 'GIN_PARAMS=             a gin binding for quickstart, such as "compare_moclr = True"'
	@echo 'PYTHON=                 the Python 3.9, 3.10 or 3.11 to use; the first one found if empty'

quickstart: $(INSTALLED)
	$(VENV)/bin/python -m vito_tf.train \
	  --gin_file=gin_configs/experiments/quickstart.gin \
	  --model_dir="$$MODEL_DIR" $${GIN_PARAMS:+"--gin_params=$$GIN_PARAMS"}

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile

lint: $(INSTALLED)
	$(VENV)/bin/python -m ruff check
	$(VENV)/bin/python -m ruff format --check
	$(VENV)/bin/python -m mypy

install: $(INSTALLED)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build *.egg-info

# The stamp is removed first and written last: an interrupted install is done again from nothing.
# LVIS's evaluation asks for opencv-python, whose files would overwrite opencv-python-headless's.
# A Python without ensurepip (Debian and Ubuntu without python3-venv) lends its own pip.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	@set -e; \
	if test -e $@; then rm $@; else \
	  python="$$($(FIND_PYTHON))"; \
	  echo "Making $(VENV) with $$("$$python" --version)."; \
	  if "$$python" -c 'import ensurepip' 2>/dev/null; then \
	    "$$python" -m venv --clear $(VENV); \
	  else \
	    "$$python" -m venv --clear --without-pip $(VENV); \
	    packages="$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; \
	    "$$python" -m pip install --quiet --no-user --target "$$packages" -c constraints.txt pip; \
	  fi; \
	fi; \
	$(PIP_INSTALL) --quiet pip; \
	$(PIP_INSTALL) --build-constraint constraints.txt --editable '.[dev,ingest,onnx]'; \
	$(PIP_INSTALL) --no-deps lvis; \
	touch $@

PIP_INSTALL = $(VENV)/bin/python -m pip install --disable-pip-version-check -c constraints.txt

# Prints the first suitable interpreter: being on the PATH is not enough for a pyenv shim to run.
define FIND_PYTHON
for python in $${PYTHON:-python3.11 python3.10 python3.9 python3}; do \
  "$$python" -c 'import sys; from importlib.util import find_spec; \
sys.exit(not ((3, 9) <= sys.version_info < (3, 12) and (find_spec("pip") or find_spec("ensurepip"))))' \
    2>/dev/null && echo "$$python" && exit 0; \
done; \
echo 'error: no Python 3.9, 3.10 or 3.11 with pip was found; install one, or name it: make PYTHON=/path/to/python3.11' >&2; \
exit 1
endef
