# Every target that needs it sets up a private .venv first; a repeat with nothing changed takes seconds.

VENV := .venv
BIN := $(VENV)/bin
# Named by the lock's content, so that a lock written again unchanged starts no set-up.
LOCKED := $(VENV)/locked-$(firstword $(shell cksum requirements.lock))
PARALLEL := --numprocesses=auto --dist=loadfile
# Asked before each run, because other programs use that memory too.
IN_MEMORY = $(shell tools/in-memory)
EDITABLE := -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
LOCKER := .venvs/lock
LOWEST := .venvs/lowest
LOWEST_LOCKED := $(LOWEST)/locked-$(firstword $(shell cksum requirements-lowest.lock))
LOCALSTACK := .venvs/localstack
LOCALSTACK_LOCK := tests/servers/localstack.txt
LOCALSTACK_LOCKED := $(LOCALSTACK)/locked-$(firstword $(shell cksum $(LOCALSTACK_LOCK)))

# Tests start many processes, and without bytecode files each would compile the package again. `make clean` removes them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo serve show-sync test test-servers test-clusters localstack-venv ring mutants soak check lint types layers bench bench-aio bench-feeds bench-http bench-keys bench-lag bench-queries bench-scale bench-sync bench-views docs pictures coverage test-pages test-wheel test-bundle test-pythons test-lowest lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/installed ## make or refresh .venv (PYTHON=path chooses the interpreter)

# The environment holds what the lock names and nothing that an older lock left behind.
$(LOCKED):
	@python=$$(PYTHON='$(PYTHON)' tools/find-python) \
	    && echo "Setting up $(VENV) with $$python" \
	    && "$$python" -m venv --clear $(VENV)
	@tools/install-lock $(BIN)/python requirements.lock
	@touch $@

$(VENV)/installed: $(LOCKED) pyproject.toml
	@$(BIN)/python $(EDITABLE)
	@touch $@

# Only tests install system packages.
$(VENV)/extras: $(VENV)/installed requirements-system.lock tools/system-extras
	@tools/system-extras $(BIN)/python
	@touch $@

demo: setup ## import invoices, record payments, print receivables (INVOICES=folder for yours, HOLDALL_URI=address)
	@$(BIN)/holdall demo $(if $(INVOICES),--invoices "$$INVOICES")

serve: setup ## show the books of the demo in a browser, at http://127.0.0.1:8080/ (LISTEN=host:port for another place)
	@$(BIN)/holdall demo --into sqlite:///holdall-demo.db >/dev/null
	@$(BIN)/holdall serve 'books=sqlite:///holdall-demo.db?type=holdall.domain.model:Invoice' $(if $(LISTEN),--listen $(LISTEN))

show-sync: setup $(VENV)/extras ## show a shop and a bucket that are written while their link is cut, and a restore to yesterday noon
	@$(BIN)/python -m tools.shop_and_cloud

test: setup $(VENV)/extras ## run the tests, on every core (ARGS='-k name' to choose; ARGS='-n0 --pdb' to look inside)
	@$(IN_MEMORY) $(BIN)/python -m pytest $(PARALLEL) $(ARGS)

test-servers: setup $(VENV)/extras ## run the tests on servers: of objects, Redis, PostgreSQL, MariaDB, SFTP, FTP, Azure
	@tools/system-packages redis-server postgresql mariadb-server nginx caddy chromium
	@command -v npm >/dev/null || tools/system-packages npm
	@$(BIN)/python -m pytest -m servers $(PARALLEL) \
	    tests/adapters tests/aio tests/cli tests/domain tests/middleware tests/replication tests/server tests/stored \
	    tests/testing $(ARGS)

# Apart from the others: Beam, Dask, DuckDB, Polars and zarr leave threads behind, beside which no test should fork.
test-clusters: setup $(VENV)/extras ## run the tests of queries on servers (Beam, Dask, Arrow, views on databases), of zarr and of requests-cache
	@tools/system-packages redis-server postgresql mariadb-server
	@$(BIN)/python -m pytest -m servers $(PARALLEL) tests/bridges tests/query $(ARGS)

localstack-venv: $(LOCALSTACK_LOCKED) ## install LocalStack where `make test-servers` finds it

$(LOCALSTACK_LOCKED): | setup
	@echo "Setting up $(LOCALSTACK)"
	@$(BIN)/python -m venv --clear $(LOCALSTACK)
	@tools/install-lock $(LOCALSTACK)/bin/python $(LOCALSTACK_LOCK) $(BIN)/uv
	@touch $@

ring: setup $(VENV)/extras ## copy 10,000 documents around every kind of store and compare digests (COUNT=100000 for more)
	@HOLDALL_RING=$(or $(COUNT),10000) $(BIN)/python -m pytest -s -q -m servers -o timeout=1800 \
	    tests/adapters/servers/test_ring.py

mutants: setup $(VENV)/extras ## change a sample of the code and see whether tests notice (COUNT=300 SEED=1 AREA=query)
	@$(BIN)/python -m tools.mutants --count $(or $(COUNT),300) --seed $(or $(SEED),1) $(addprefix --area ,$(AREA))

soak: setup $(VENV)/extras ## run the tests that can go on and on: the suite on every stack, history on every store, damaged values, killed writers, interrupts, forks
	@HOLDALL_SOAK=1 $(BIN)/python -m pytest tests/middleware/serializers tests/middleware/bytes tests/middleware/versions \
	    tests/conformance tests/adapters/fsspec/test_conformance.py tests/adapters/shove/test_conformance.py tests/cli/test_convert.py \
	    tests/adapters/test_flock.py tests/adapters/test_forks.py tests/adapters/test_streams.py \
	    tests/adapters/dbm/test_kills.py tests/adapters/test_lmdb_kills.py tests/adapters/test_bridge_kills.py \
	    tests/adapters/test_feeds_on_disk.py tests/adapters/test_file_feed.py tests/adapters/test_slatedb.py \
	    tests/adapters/test_interrupts.py tests/query/test_orphans.py tests/query/views tests/replication $(ARGS)
	@HOLDALL_SOAK=1 $(BIN)/python -m pytest -m servers tests/adapters/servers/test_kills.py \
	    tests/adapters/servers/test_redis_histories.py tests/adapters/servers/test_sql_feed.py tests/replication \
	    tests/adapters/s3/test_streams.py tests/adapters/gcs/test_streams.py tests/server/test_load.py tests/domain $(ARGS)
	@HOLDALL_SOAK=1 $(BIN)/python -m pytest -m servers -s tests/adapters/servers/test_interrupts.py $(ARGS)

check: lint types layers ## lint, formatting, prose, types and layers

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/python -m tools.check_prose

types: setup $(VENV)/extras
	@$(BIN)/mypy
	@$(BIN)/basedpyright
	@$(BIN)/python -m tools.check_blocks

layers: setup
	@$(BIN)/lint-imports

bench: setup ## compare speed with its peers, in one run
	@$(BIN)/python -m benchmarks $(ARGS)

bench-aio: setup ## compare the asynchronous interface with asyncio.to_thread, py-key-value and obstore
	@$(BIN)/python -m benchmarks.aio $(ARGS)

bench-feeds: setup ## show what change feeds cost (ARGS='--servers' for Redis, PostgreSQL and MariaDB too)
	@$(BIN)/python -m benchmarks.feeds $(ARGS)

bench-queries: setup ## compare queries with an ORM's GROUP BY, and on a server of S3 with list + get
	@$(BIN)/python -m benchmarks query query-s3 $(ARGS)

bench-sync: setup ## compare a sync of equal stores with their listings, and a first sync to S3 with an upload by hand
	@$(BIN)/python -m benchmarks.sync $(ARGS)

bench-keys: setup ## show the time and memory of a sync of 100,000 and 1,000,000 keys
	@$(BIN)/python -m benchmarks.many_keys $(ARGS)

bench-lag: setup ## show how far a replica in a bucket is behind, under load and with its link cut
	@$(BIN)/python -m benchmarks.lag $(ARGS)

bench-views: setup ## show what a view costs (ARGS='1000000' for so many invoices)
	@$(BIN)/python -m benchmarks.views $(ARGS)

bench-http: setup ## show what the HTTP service costs (ARGS='waitress' or ARGS='granian' for one server)
	@$(BIN)/python -m benchmarks.http $(ARGS)

bench-scale: setup ## show how queries grow with the number of documents (ARGS='--requests' counts those to a bucket, too)
	@$(BIN)/python -m benchmarks.scale $(ARGS)

# Built afresh each time: Sphinx warns of a page only when it reads it.
docs: setup ## build the documentation into site/
	@$(BIN)/python -m sphinx --quiet --fresh-env --fail-on-warning --keep-going -b dirhtml docs site
	@echo "Built: site/index.html"

test-pages: setup $(VENV)/extras ## run each page of the documentation with only the extras that it names
	@$(BIN)/python tools/test_pages.py

pictures: setup ## take the pictures of the pages in docs/pictures again
	@tools/system-packages chromium
	@$(BIN)/python -m tools.pictures

coverage: setup $(VENV)/extras ## run the tests and show the lines that none of them reaches
	@$(BIN)/python -m pytest -p pytest_cov --cov --cov-report=term-missing $(ARGS)

test-wheel: setup ## build source archive and wheel; test them with every extra, and with none
	@tools/test-wheel

test-bundle: setup ## bundle a program with PyInstaller, and run it
	@tools/test-bundle

test-pythons: setup ## run the tests on every Python from 3.11 that this machine has
	@$(BIN)/python tools/test_pythons.py

test-lowest: $(LOWEST_LOCKED) ## run the tests on Python 3.11 with the oldest dependencies that pyproject.toml allows
	@$(LOWEST)/bin/python $(EDITABLE)
	@tools/system-extras $(LOWEST)/bin/python
	@$(IN_MEMORY) $(LOWEST)/bin/python -m pytest $(PARALLEL) $(ARGS)

$(LOWEST_LOCKED):
	@python=$$(PYTHON=python3.11 tools/find-python) \
	    && echo "Setting up $(LOWEST) with $$python" \
	    && "$$python" -m venv --clear $(LOWEST)
	@tools/install-lock $(LOWEST)/bin/python requirements-lowest.lock
	@touch $@

# The lock's own line of uv alone, so that a lock which cannot be installed can be written anew.
$(LOCKER)/installed: requirements.lock
	@python=$$(PYTHON='$(PYTHON)' tools/find-python) && "$$python" -m venv --clear $(LOCKER)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(LOCKER)/uv.txt
	@tools/install-lock $(LOCKER)/bin/python $(LOCKER)/uv.txt
	@touch $@

lock: $(LOCKER)/installed ## bring the locks up to date with pyproject.toml (ARGS=--upgrade for newer releases)
	@tools/lock $(LOCKER)/bin $(ARGS)

clean: ## remove everything that make has made
	rm -rf $(VENV) .venvs .coverage .mutants holdall-demo.db* build dist htmlcov site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find holdall tests tools docs -name __pycache__ -type d -prune -exec rm -rf {} +
