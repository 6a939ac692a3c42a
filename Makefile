# Thin calls of packaging/bootstrap.py, which does its own set-up. Extra arguments: make test ARGS="-k name"
PYTHON ?= python3
ARGS ?=

.PHONY: setup run test bench soak bundle

setup run test bench soak bundle:
	$(PYTHON) packaging/bootstrap.py $@ -- $(ARGS)
