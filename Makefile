# ringback: `make demo` shows it, `make test` proves it. Everything else is in CONTRIBUTING.md.

# The newest Python that really starts: a version manager's shims may be there and not work.
PYTHON   ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
              "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
              && echo "$$p" && break; done)
VENV     := .venv
BIN      := $(VENV)/bin
PROGRAMS := tshark dumpcap editcap sipp baresip
PACKAGES := tshark sip-tester baresip
MISSING   = $(strip $(foreach p,$(PROGRAMS),$(if $(shell command -v $(p)),,$(p))))

.DEFAULT_GOAL := help
.PHONY: help demo test setup programs lock format clean sample golden numbers

help:
	@echo 'make demo    order a voice message to a phone in all three security modes, captured and judged'
	@echo 'make test    lint, types, selftest and the conformance suites'
	@echo 'make setup   only the set-up that both of them do first'
	@echo 'make numbers  the kill matrix: every faulty and quirky role, every mutant; README gets its numbers'
	@echo 'make lock    write requirements.lock anew from pyproject.toml'

demo: setup
	@$(BIN)/ringback demo

test: setup
	@$(BIN)/tox run

setup: programs $(VENV)/.ready

# Debian's names for the programs; without root both commands still work, with less.
programs:
	@missing="$(MISSING)"; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing $(PACKAGES) (for: $$missing)"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES) >/dev/null \
	      || echo "could not install them; going on without: see 'ringback doctor'"; \
	  else \
	    echo "not found: $$missing"; \
	    echo "  to add them:  sudo apt-get install $(PACKAGES)"; \
	    echo "  without them some cases stay not-tested: 'ringback doctor' lists which"; \
	  fi; \
	fi

$(VENV)/.ready: requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo 'ringback needs Python 3.11 or newer: sudo apt-get install python3 python3-venv'; exit 2; fi
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null \
	    && $(PYTHON) -m venv --clear $(VENV); } || { echo 'no virtual environment: sudo apt-get install python3-venv'; exit 2; }
	@echo 'installing the locked dependencies into $(VENV)'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Hashes but no addresses: the lock works with any index. Needs uv on the PATH.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-config --group dev pyproject.toml --custom-compile-command 'make lock' -o requirements.lock

format:
	$(BIN)/ruff format harness testsuites benchmarks
	$(BIN)/ruff check --fix harness testsuites benchmarks

# The report that README points to, with its captures: reports/sample, captures/sample.
sample: setup
	rm -rf reports/sample captures/sample
	$(BIN)/ringback demo --name sample
	rm -rf reports/sample/allure-results

# Captures whose verdicts are known; a selftest judges them again.
GOLDEN := playonphone.the-plain-call playonphone.a-busy-phone \
          playonphone.the-user-hangs-up-while-it-rings playonphone.a-number-that-policy-denies
golden: setup
	rm -rf build/golden captures/golden/*.pcapng captures/golden/*.verdicts
	$(BIN)/ringback run $(GOLDEN) --net memory --security all --out build/golden --name golden
	rm -f build/golden/captures/golden/*-again-*
	cp build/golden/captures/golden/*.pcapng captures/golden/
	cd captures/golden && for f in *.pcapng; do ../../$(BIN)/ringback judge $$f > $${f%.pcapng}.verdicts || exit 1; done

# The numbers in README, from a whole selftest; the matrix as JSON and as a page beside them.
numbers: setup
	mkdir -p build
	$(BIN)/ringback selftest --json build/matrix.json --html build/matrix.html --readme README.md

clean:
	rm -rf $(VENV) .tox .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
