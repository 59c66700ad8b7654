"""Fixtures of the tests of artifact stores.

    OXFLOW_BIN          the binary under test (default: target/debug/oxflow)
    OXFLOW_VENVS        where setup_venvs.py and setup_stores.py put stock MLflow and the storages (default: .venvs)
"""

import itertools
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import components  # noqa: E402 (needs the path above)
import harness  # noqa: E402


@pytest.fixture(scope="session")
def storages(tmp_path_factory):
    """The storages that a test asks for, started once."""
    running = {}

    def get(name):
        if name == "lake":
            return components.lake_of(get("azure"))
        if name == "webhdfs":
            return components.web_of(get("hdfs"))
        if name not in running:
            running[name] = {**components.START, **components.MORE}[name](tmp_path_factory.mktemp(name.replace(" ", "-")))
        return running[name]

    yield get
    for storage in running.values():
        storage.stop()


@pytest.fixture(params=[*components.START, "lake"])
def storage(request, storages):
    """Each storage in turn."""
    return storages(request.param)


@pytest.fixture
def s3(storages):
    return storages("s3")


@pytest.fixture
def new_server(tmp_path):
    """Makes servers on folders of their own; whatever is left of them is killed after the test."""
    made, count = [], itertools.count()

    def make(**settings):
        made.append(harness.Server(tmp_path / f"server{next(count)}", **settings))
        return made[-1].start()

    yield make
    for server in made:
        server.kill()


@pytest.fixture
def prefix(request, tmp_path):
    """A part of a bucket that no other test uses."""
    return tmp_path.name


def pytest_terminal_summary(terminalreporter):
    counted = {word: len(terminalreporter.stats.get(word, [])) for word in ("passed", "failed", "error", "skipped")}
    terminalreporter.write_line("stores: " + ", ".join(f"{count} {word}" for word, count in counted.items()))
