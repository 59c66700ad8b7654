"""Stock MLflow 3.17.2 and the server under test work on one database file, in turns and at the same time."""

import contextlib
import json
import sqlite3

import pytest

import harness
from conftest import STOCK
from harness import run_client


@pytest.fixture
def job(new_server, tmp_path):
    """A stopped server whose database holds a training job, and the folder with what was logged."""
    server = new_server()
    with server:
        run_client(STOCK, "training_job.py", server.uri, tmp_path / "job", **server.client_settings())
    return server, tmp_path / "job"


def run_as_seen_by(uri, folder, **settings):
    run_client(STOCK, "read_back.py", uri, folder, **settings)
    return json.loads((folder / "run.json").read_text())


def test_stock_opens_the_database_of_a_stopped_server(job):
    server, folder = job
    seen_by_stock = run_as_seen_by(server.store, folder, write="stock")
    assert "stock" not in seen_by_stock["data"]["metrics"], "read before the write"
    with server:
        seen_by_us = run_as_seen_by(server.uri, folder, expect="stock")
    added = {"metrics", "params", "tags"}
    for kind in added:
        seen_by_us["data"][kind].pop("stock")
    assert seen_by_us == seen_by_stock


def test_stock_works_on_the_database_of_a_running_server(job):
    server, folder = job
    with server:
        run_as_seen_by(server.uri, folder, write="ours")
        run_as_seen_by(server.store, folder, expect="ours", write="stock")
        seen_by_us = run_as_seen_by(server.uri, folder, expect="ours stock")
        seen_by_stock = run_as_seen_by(server.store, folder, expect="ours stock")
    assert seen_by_us == seen_by_stock


def test_a_stock_server_takes_over(job):
    """The way back: `mlflow server` starts on the file as it is, without a migration."""
    server, folder = job
    stock = harness.Server(server.folder, command=[harness.python_of(STOCK).parent / "mlflow"])
    stock.launch()
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stock.kill)
        harness.wait_until(stock.is_healthy, 90, "the stock server answers")
        run_client(STOCK, "read_back.py", stock.uri, folder)


def test_the_database_is_sound(job):
    server, _ = job
    with contextlib.closing(sqlite3.connect(server.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("dc11669786a5",)]
