# `make run` and `make test` do their own set-up on a machine with Python 3.11 or newer; nothing else is needed first.
PYTHON ?= python3
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes
JOBS ?= 2
INSTALLED := .venv/.installed

.PHONY: install run test lint coverage words bench faults screenshots audit

run: install
	.venv/bin/python -m app run --demo

test: install
	scripts/ensure-test-programs
	.venv/bin/python -m pytest -n $(JOBS) --dist worksteal

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# The tests again, twice as slow, for the lines and branches of `app` and `data` that none of them runs; fails below 90 %.
coverage: install
	scripts/ensure-test-programs
	.venv/bin/python -m coverage erase
	.venv/bin/python -m coverage run -m pytest
	.venv/bin/python -m coverage combine --quiet
	.venv/bin/python -m coverage report

# Ten minutes, the first time ten more, for a store of a million trades; `BENCH=--write` keeps the figures in bench/results.md, `BENCH=--all` adds the comparison of servers (minutes more).
bench: install
	.venv/bin/python -m bench $(BENCH)

# What takes longer than a minute and is too long for `make test`; each prints its figures. The fourth must lose some records.
faults: install
	.venv/bin/python -m bench.faults.kill --durability full
	.venv/bin/python -m bench.faults.kill --durability normal
	.venv/bin/python -m bench.faults.two_servers
	.venv/bin/python -m bench.faults.kill --ack-first --kills 10
	.venv/bin/python -m bench.faults.contract --cases 10000 --database sqlite
	.venv/bin/python -m bench.faults.contract --cases 10000 --database postgresql

# Known faults of what is installed to serve, and the list of it (var/sbom.json). Asks the network, so neither a test nor CI calls it.
AUDITED := var/audit/.installed
audit: $(AUDITED)
	var/audit/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible --output-file var/sbom.json
	var/audit/bin/pip-audit --requirement requirements.txt --require-hashes --disable-pip --strict

$(AUDITED):
	$(PYTHON) -m venv var/audit
	var/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0
	touch $@

# A picture of each page, from the running program with its demo, into docs/pictures.
screenshots: install
	scripts/ensure-test-programs
	.venv/bin/python -m bench.pictures

# Brings the message catalogues up to date with the texts in the code; what they lack then waits for its translation.
words: install
	.venv/bin/python scripts/words.py

install: $(INSTALLED)

# The stamp is older than the lock exactly when the lock has changed since the last installation.
$(INSTALLED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; name it: make PYTHON=python3.11 ...")'
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install $(PIP_FLAGS) -r requirements-dev.txt
	touch $@
