"""Fixtures of the tests about SQL Server.

    OXFLOW_TEST_TSQL    the folder in which cargo's tests left the statements that the store sent
    OXFLOW_BIN          the binary under test; the responder stands beside it
"""

import json
import os
import pathlib
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = REPOSITORY / "crates" / "store-sql" / "src" / "schema"


@pytest.fixture(scope="session")
def statements():
    """Every statement that the store sent, each once."""
    folder = pathlib.Path(os.environ["OXFLOW_TEST_TSQL"])
    found = set()
    for file in folder.glob("*.json"):
        found.update(json.loads(file.read_text()))
    return sorted(found)


@pytest.fixture(scope="session")
def schema():
    """The scripts that make the tables."""
    return {name: (SCHEMA / f"{name}.sql").read_text() for name in ("mssql", "mssql_extra", "mssql_tables")}


class Responder:
    """The TDS server of the test kit, as a program of its own."""

    def __init__(self):
        program = pathlib.Path(os.environ["OXFLOW_BIN"]).parent / "tds-responder"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port, self.user, self.password, self.uri = self.process.stdout.readline().split()
        self.port = int(self.port)

    def stop(self):
        # It ends with its input.
        self.process.stdin.close()
        self.process.wait(timeout=60)


@pytest.fixture
def responder():
    running = Responder()
    yield running
    running.stop()
