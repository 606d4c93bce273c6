# `make run` and `make test` do their own set-up on a machine with Python 3.11 or newer; nothing else is needed first.
PYTHON ?= python3
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes
JOBS ?= 2
INSTALLED := .venv/.installed

PACKED := frontend/node_modules/.installed

.PHONY: install run build test lint coverage words bench faults screenshots audit

run: install
	.venv/bin/python -m app run --demo

# Scripts and styles small and with names that browsers keep, into app/dist, for the next start of the program; BUILD=--analyze says what
# plotly.js is made of. Needs Node.js 18 or newer and its npm; without either, everything is served as shipped.
build: install $(PACKED)
	.venv/bin/python build.py --mode production $(BUILD)

$(PACKED): frontend/package-lock.json
	cd frontend && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

test: install
	scripts/ensure-test-programs
	$(MAKE) --no-print-directory $(PACKED) || echo "without npm's packages the tests of the production build will be named as not run"
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

# What takes longer than a minute and is too long for `make test`: some two hours. Each prints its figures and whether its row of
# docs/operations.md or docs/security.md holds. The third must lose some records; most have a --control that must fail, see their --help.
faults: install
	.venv/bin/python -m bench.faults.kill --durability full
	.venv/bin/python -m bench.faults.kill --durability normal
	.venv/bin/python -m bench.faults.kill --ack-first --kills 10
	.venv/bin/python -m bench.faults.two_servers
	.venv/bin/python -m bench.faults.contract --cases 10000 --database sqlite
	.venv/bin/python -m bench.faults.contract --cases 10000 --database postgresql
	.venv/bin/python -m bench.faults.postgres_restarts
	.venv/bin/python -m bench.faults.disk_full
	.venv/bin/python -m bench.faults.locked
	.venv/bin/python -m bench.faults.io_faults
	.venv/bin/python -m bench.faults.idempotency
	.venv/bin/python -m bench.faults.overload
	.venv/bin/python -m bench.faults.stopped
	.venv/bin/python -m bench.faults.descriptors
	.venv/bin/python -m bench.faults.retention
	.venv/bin/python -m bench.faults.backup --rows 1000000
	.venv/bin/python -m bench.faults.backup --rows 1000000 --database postgresql
	.venv/bin/python -m bench.faults.migrations
	.venv/bin/python -m bench.faults.migrations --database postgresql
	.venv/bin/python -m bench.faults.clock
	.venv/bin/python -m bench.faults.model
	.venv/bin/python -m bench.faults.rings
	.venv/bin/python -m bench.faults.slow_clients
	.venv/bin/python -m bench.faults.strangers
	.venv/bin/python -m bench.faults.stalled
	.venv/bin/python -m bench.faults.storm
	.venv/bin/python -m bench.faults.redis_faults --seconds 20
	.venv/bin/python -m bench.faults.payloads
	.venv/bin/python -m bench.faults.guessing --tries 200 --guesses 1000 --sign-ins 100
	.venv/bin/python -m bench.faults.many_viewers --minutes 10
	.venv/bin/python -m bench.faults.many_viewers --bots 8 --minutes 5
	.venv/bin/python -m bench.faults.soak --minutes 30

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
