"""Fixtures of the end-to-end tests.

    OXFLOW_BIN          the binary under test (default: target/debug/oxflow)
    OXFLOW_SERVER_CMD   instead: the command of another server, e.g. `mlflow`, to prove the tests themselves
    OXFLOW_VENVS        where setup_venvs.py put the stock clients (default: .venvs)
"""

import itertools
import re
import sys

import pytest

sys.path.insert(0, str(__import__("pathlib").Path(__file__).parent))

import harness  # noqa: E402 (needs the path above)

STOCK = "3.17.2"
CLIENTS = [STOCK, "2.22.5", "1.30.1"]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that only add experiments of their own."""
    with harness.Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def new_server(tmp_path):
    """Makes servers on folders of their own; whatever is left of them is killed after the test."""
    made, count = [], itertools.count()

    def make(**settings):
        folder = settings.pop("folder", None) or tmp_path / f"server{next(count)}"
        made.append(harness.Server(folder, **settings))
        return made[-1]

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for all tests that need databases on it."""
    server = harness.DatabaseServer("postgres")
    yield server
    server.close()


@pytest.fixture(scope="session")
def mariadb():
    """The same of MariaDB."""
    server = harness.DatabaseServer("mariadb")
    yield server
    server.close()


@pytest.fixture(scope="session")
def mysql():
    """The same of MySQL itself."""
    server = harness.DatabaseServer("mysql")
    yield server
    server.close()


@pytest.fixture
def unique(request):
    """A name that no other test uses."""
    return re.sub(r"\W+", "-", request.node.nodeid.split("::", 1)[1]).strip("-")


def pytest_terminal_summary(terminalreporter):
    counted = {word: len(terminalreporter.stats.get(word, [])) for word in ("passed", "failed", "error", "skipped")}
    terminalreporter.write_line("e2e: " + ", ".join(f"{count} {word}" for word, count in counted.items()))
