"""Databases that older releases of MLflow made and filled: upgraded as stock MLflow upgrades them, or not at all."""

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from conftest import STOCK
from harness import REPOSITORY, drives_stock, python_of, server_command

sys.path[:0] = [str(REPOSITORY / "conformance"), str(REPOSITORY / "conformance" / "upgrade")]

import matrix  # noqa: E402

pytestmark = pytest.mark.skipif(drives_stock(), reason="this is about our own upgrade")
OLD = ["1.24.0", "2.22.5", "3.10.1"]
FIXTURES = REPOSITORY / "conformance" / "upgrade" / "fixtures"


def filled(version, path, metrics=0):
    """A database that this release made and filled (conformance/upgrade/fill.py, then dump.py)."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executescript((FIXTURES / f"mlflow-{version}.sql").read_text())
        (run,) = db.execute("SELECT run_uuid FROM runs LIMIT 1").fetchone()
        rows = ((f"metric {n % 50}", n * 0.5, n, run, n // 50, 0) for n in range(metrics))
        db.executemany('INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)', rows)
    return path


def upgrade(path, *options):
    return subprocess.run(
        [*server_command(), "db", "upgrade", f"sqlite:///{path}", *options], capture_output=True, text=True, cwd=path.parent
    )


@pytest.mark.parametrize("version", OLD)
def test_schema_and_rows_are_those_of_stock_mlflow(version, tmp_path):
    source = filled(version, tmp_path / "source.db")
    before = source.read_bytes()
    stock, ours = matrix.copy(source, tmp_path / "stock.db"), matrix.copy(source, tmp_path / "ours.db")
    matrix.run([python_of(STOCK).parent / "mlflow", "db", "upgrade", f"sqlite:///{stock}"], cwd=tmp_path)

    plan = upgrade(ours, "--plan")
    assert plan.returncode == 0 and "Nothing was changed" in plan.stdout
    assert ours.read_bytes() == before and not list(tmp_path.glob("ours.db.*"))

    ran = upgrade(ours)
    assert ran.returncode == 0, ran.stderr
    differences = matrix.compare_schemas(stock, ours) + matrix.compare_rows(stock, ours)[0]
    assert differences == []
    (backup,) = tmp_path.glob("ours.db.backup-*")
    assert matrix.compare_schemas(source, backup) == [] and matrix.rows(source) == matrix.rows(backup)


def test_a_server_does_not_upgrade_unless_it_is_told_to(new_server, tmp_path):
    source = filled(OLD[0], tmp_path / "source.db")
    server = new_server()
    shutil.copy(source, server.database)
    ended = server.refuse_to_start()
    assert ended.code == 1
    for words in ("out-of-date schema", matrix.revision(source), "dc11669786a5", "oxflow db upgrade", "--upgrade"):
        assert words in ended.output, ended.output
    assert server.database.read_bytes() == source.read_bytes()

    server.options.append("--upgrade")
    with server:
        found = server.call("POST", "/experiments/search", {"max_results": 10})
        names = {experiment["name"] for experiment in found["experiments"]}
        assert {"Default", "experiment 0", "experiment 2"} <= names
    assert matrix.revision(server.database) == "dc11669786a5"
    with server:
        pass  # There is nothing to do the second time.


def test_a_killed_upgrade_leaves_the_old_database(tmp_path):
    source = filled(OLD[0], tmp_path / "source.db", metrics=300_000)
    rows = matrix.rows(source)
    whole = matrix.copy(source, tmp_path / "whole.db")
    began = time.monotonic()
    assert upgrade(whole, "--no-backup").returncode == 0
    seconds = time.monotonic() - began
    ours = matrix.copy(source, tmp_path / "ours.db")
    killed = 0
    for part in (0.3, 0.5, 0.7, 0.85, 0.95):
        process = subprocess.Popen([*server_command(), "db", "upgrade", f"sqlite:///{ours}", "--no-backup"], stdout=subprocess.DEVNULL)
        time.sleep(seconds * part * random.uniform(0.9, 1.1))
        process.kill()
        process.wait()
        with contextlib.closing(sqlite3.connect(ours)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if matrix.revision(ours) == "dc11669786a5":
            break
        killed += 1
        assert matrix.rows(ours) == rows and matrix.compare_schemas(source, ours) == []
    assert killed > 0, "every upgrade was through before it was killed"
    assert upgrade(ours, "--no-backup").returncode == 0
    assert matrix.compare_schemas(whole, ours) == [] and matrix.compare_rows(whole, ours)[0] == []
