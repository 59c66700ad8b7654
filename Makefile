# `make serve` to try it, `make test` before a push. Everything can be run by hand as well; see the recipes.

CARGO_TARGET_DIR ?= $(CURDIR)/target
OXFLOW_VENVS ?= $(CURDIR)/.venvs
OXFLOW_BIN ?= $(CARGO_TARGET_DIR)/debug/oxflow
PYTHON ?= python3
export CARGO_TARGET_DIR OXFLOW_VENVS OXFLOW_BIN

PYTEST = $(OXFLOW_VENVS)/mlflow-3.17.2/bin/python -m pytest
RELEASE = $(CARGO_TARGET_DIR)/release/oxflow

MLFLOW = $(OXFLOW_VENVS)/mlflow-3.17.2/bin/mlflow
# MySQL itself, unpacked into a folder: no package of Debian's stable release brings it.
MYSQL ?= $(OXFLOW_VENVS)/mysql

# The same requests every time, so that a change is blamed for what it did and for nothing else; SEED=8 looks elsewhere.
SEED ?= 7

.PHONY: serve build ui test lint unit databases venvs e2e test-stores test-mssql test-mysql web-lint web-test replay conformance conformance-quick conformance-reference upgrade-matrix bench clean

serve: ui
	cargo build --release --bin oxflow
	$(RELEASE) server --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///mlflow.db

build:
	cargo build --workspace

# Debian packages, where something is missing that only they bring.
apt_install = echo "installing $(1)"; sudo=$$([ $$(id -u) = 0 ] || echo sudo); $$sudo apt-get update -q && \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(1)

# Each part leaves its counts in $(CARGO_TARGET_DIR)/results, so that they can be read together at the end.
# The pages come first: cargo embeds them, and would otherwise compile the server twice.
test: ui lint unit test-mssql e2e test-stores web-test conformance-quick
	@cat $(CARGO_TARGET_DIR)/results/{unit,mssql,e2e,stores,web,conformance}

# The web pages. Cargo embeds what is in web/dist, and does without when nothing is.
UI_SOURCES = $(shell find web/src web/public web/scripts -type f) web/index.html web/vite.config.ts web/package.json
ui: web/dist/files.txt

web/dist/files.txt: web/node_modules/.installed $(UI_SOURCES)
	cd web && npm run build

# A lock that was written on another kind of machine may lack a package for this one; then the exact versions of
# package.json have to do.
web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && { npm ci --no-audit --no-fund || npm install --no-audit --no-fund --no-package-lock; }
	touch $@

web-lint: web/node_modules/.installed
	cd web && npm run check && npm run lint

# The pages in a real browser, against the real server, filled by the stock client.
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM
$(CHROMIUM):
	@$(call apt_install,chromium)

web-test: web-lint ui build venvs | $(CHROMIUM) $(CARGO_TARGET_DIR)/results
	@set -o pipefail; { cd web && NO_COLOR=1 npm test && NO_COLOR=1 npm run test:pages; } 2>&1 | tee $(CARGO_TARGET_DIR)/results/web.log; \
	 status=$$?; sed -n 's/^ *Tests  */web: /p' $(CARGO_TARGET_DIR)/results/web.log > $(CARGO_TARGET_DIR)/results/web; exit $$status

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: skipped"; fi

# The servers that tests start for themselves, each in a folder of its own.
databases:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { $(call apt_install,postgresql); }
	@[ -x /usr/sbin/mariadbd ] || { $(call apt_install,mariadb-server); }

# Where tests leave the statements that they sent to what stands for SQL Server.
TSQL = $(CARGO_TARGET_DIR)/tsql

WITH_DATABASES = tests/with-database.sh postgres tests/with-database.sh mariadb

unit: databases | $(CARGO_TARGET_DIR)/results
	@rm -rf $(TSQL)
	@set -o pipefail; export OXFLOW_TEST_TSQL=$(TSQL); { \
	   if command -v cargo-nextest >/dev/null; then $(WITH_DATABASES) cargo nextest run --workspace --no-fail-fast --color never; \
	   else $(WITH_DATABASES) cargo test --workspace --no-fail-fast --lib --bins --tests; fi && cargo test --workspace --doc; \
	 } 2>&1 | tee $(CARGO_TARGET_DIR)/results/unit.log; \
	 status=$$?; $(PYTHON) .ci/count-tests.py $(CARGO_TARGET_DIR)/results/unit.log > $(CARGO_TARGET_DIR)/results/unit; exit $$status

venvs:
	$(PYTHON) tests/e2e/setup_venvs.py

e2e: build venvs databases | $(CARGO_TARGET_DIR)/results
	@set -o pipefail; $(PYTEST) -q -p no:cacheprovider --durations=5 tests/e2e 2>&1 | tee $(CARGO_TARGET_DIR)/results/e2e.log; \
	 status=$$?; grep '^e2e: ' $(CARGO_TARGET_DIR)/results/e2e.log > $(CARGO_TARGET_DIR)/results/e2e; exit $$status

# Artifacts on S3, Google's storage, Azure, SFTP and FTP: real servers of each on this machine, installed once.
# With FULL=1 also on Ceph, on a network mount, and on Hadoop, which is a download of 218 MB; and with connections that are cut.
test-stores: build venvs | $(CARGO_TARGET_DIR)/results
	@[ -x /usr/sbin/proftpd ] && [ -x /usr/sbin/sshd ] && ls /usr/lib/proftpd/mod_tls.so >/dev/null 2>&1 || { $(call apt_install,proftpd-core proftpd-mod-crypto openssh-server openssh-client openssl); }
	$(PYTHON) tests/stores/setup_stores.py $(if $(FULL),--full)
	@set -o pipefail; export FULL=$(FULL); $(PYTEST) -q -p no:cacheprovider --durations=5 tests/stores 2>&1 | tee $(CARGO_TARGET_DIR)/results/stores.log; \
	 status=$$?; grep '^stores: ' $(CARGO_TARGET_DIR)/results/stores.log > $(CARGO_TARGET_DIR)/results/stores; exit $$status

# SQL Server, as far as it goes without one: statements are read by a parser, and clients of its protocol meet ours.
test-mssql: unit build venvs | $(CARGO_TARGET_DIR)/results
	@command -v tsql >/dev/null || { $(call apt_install,freetds-bin); }
	$(PYTHON) tests/mssql/setup_mssql.py
	@set -o pipefail; OXFLOW_TEST_TSQL=$(TSQL) $(OXFLOW_VENVS)/mssql/bin/python -m pytest -q -p no:cacheprovider tests/mssql 2>&1 \
	   | tee $(CARGO_TARGET_DIR)/results/mssql.log; \
	 status=$$?; sed -n '$$s/^/mssql: /p' $(CARGO_TARGET_DIR)/results/mssql.log > $(CARGO_TARGET_DIR)/results/mssql; exit $$status

# MySQL itself. Its upgrades of old databases are part of `make upgrade-matrix`; two promises are those of JSON as text,
# which MySQL does not keep as it was written.
NOT_ON_MYSQL = upgrading:: numbers_and_order_survive_in_records a_source_is_kept_with_its_id
test-mysql: build venvs databases
	tests/setup_mysql.sh $(MYSQL)
	OXFLOW_MYSQL=$(MYSQL) tests/with-database.sh mysql cargo test -p oxflow-store-sql --test mysql -- $(addprefix --skip ,$(NOT_ON_MYSQL))
	OXFLOW_MYSQL=$(MYSQL) $(PYTEST) -q -p no:cacheprovider tests/e2e/test_database_servers.py tests/e2e/test_sharing.py tests/e2e/test_migrate.py -k mysql

# What somebody thought of: the recorded scenarios.
replay: build | $(CARGO_TARGET_DIR)/results
	@set -o pipefail; $(PYTHON) conformance/replay.py --server $(OXFLOW_BIN) --allow conformance/differences.json \
	   2>&1 | tee $(CARGO_TARGET_DIR)/results/conformance.log; \
	 status=$$?; tail -1 $(CARGO_TARGET_DIR)/results/conformance.log > $(CARGO_TARGET_DIR)/results/conformance; exit $$status

# And what nobody did: random requests to this server and to stock MLflow, which then open each other's database.
define random_requests
	@set -o pipefail; $(PYTHON) conformance/differential.py --oxflow $(OXFLOW_BIN) --mlflow $(MLFLOW) --seed $(SEED) $(1) \
	   2>&1 | tee $(CARGO_TARGET_DIR)/results/differential.log; \
	 status=$$?; tail -1 $(CARGO_TARGET_DIR)/results/differential.log >> $(CARGO_TARGET_DIR)/results/conformance; exit $$status
	@set -o pipefail; $(PYTHON) conformance/round_trip.py --oxflow $(OXFLOW_BIN) --mlflow $(MLFLOW) --seed $(SEED) $(2) \
	   2>&1 | tee $(CARGO_TARGET_DIR)/results/round-trip.log; \
	 status=$$?; tail -1 $(CARGO_TARGET_DIR)/results/round-trip.log >> $(CARGO_TARGET_DIR)/results/conformance; exit $$status
endef

conformance-quick: replay venvs
	$(call random_requests,--requests 2000 --tolerate-wording,--requests 400 --searches 150 --tolerate-wording)

# Half an hour. `make conformance SEED=7` to look elsewhere.
conformance: replay venvs
	$(call random_requests,--requests 50000,--requests 2000 --searches 600)

# Proves the scenarios themselves: stock MLflow has to pass every step.
conformance-reference: venvs
	$(PYTHON) conformance/replay.py --server $(OXFLOW_VENVS)/mlflow-3.17.2/bin/mlflow

# Databases of every release that changed the schema, upgraded by stock MLflow and by us. Takes more than an hour.
upgrade-matrix: build databases
	$(PYTHON) conformance/upgrade/releases.py
	tests/setup_mysql.sh $(MYSQL)
	@failed=0; for database in postgres mariadb mysql; do \
	   OXFLOW_MYSQL=$(MYSQL) $(PYTHON) conformance/upgrade/matrix.py --server $(OXFLOW_BIN) --table docs/databases.md --database $$database || failed=1; \
	 done; $(PYTHON) conformance/upgrade/matrix.py --server $(OXFLOW_BIN) --table docs/databases.md --answers || failed=1; exit $$failed

bench:
	cargo build --release --bin oxflow
	$(PYTHON) bench/run.py --server $(RELEASE)

clean:
	cargo clean
	rm -rf .venvs bench/out

$(CARGO_TARGET_DIR)/results:
	mkdir -p $@

SHELL = bash
