"""Stock MLflow 3.17.2 and the server under test serve one database at the same time, while many log to one run."""

import concurrent.futures
import contextlib
import sqlite3

import pytest

import harness
from conftest import STOCK
from harness import API, drives_stock, sql

pytestmark = pytest.mark.skipif(drives_stock(), reason="it is stock MLflow that the server shares with")
MLFLOW = [harness.python_of(STOCK).parent / "mlflow"]
WRITERS, BATCHES, POINTS = 16, 4, 10
TOTAL = WRITERS * BATCHES * POINTS


@pytest.fixture(params=["sqlite", *harness.DATABASE_SERVERS])
def database(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shared.db"
    return request.getfixturevalue(request.param).new_database()


def counted(uri, run):
    """How many points of the key that all share are in the database, and how many steps they have."""
    quoted = "`key`" if uri.startswith("mysql") else "key"
    text = f"SELECT count(*), count(DISTINCT step) FROM metrics WHERE run_uuid = '{run}' AND {quoted} = 'shared'"
    if uri.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database:
            return database.execute(text).fetchone()
    [row] = sql(uri, text)
    return tuple(map(int, row))


def logged(server, run, writer, batch):
    """Logs a batch that shares keys with everybody's; again, where stock MLflow gives up because others write."""
    first = (writer * BATCHES + batch) * POINTS
    metrics = [{"key": key, "value": float(step), "timestamp": step, "step": step}
               for step in range(first, first + POINTS) for key in ("shared", f"own{writer}")]
    body = {"run_id": run, "metrics": metrics, "tags": [{"key": "last", "value": str(first)}],
            "params": [{"key": "same", "value": "1"}, {"key": f"p{writer}.{batch}", "value": "1"}]}
    for _ in range(20):
        status, answer = server.request("POST", API + "/runs/log-batch", body, timeout=120)
        if status == 200 or server.command != MLFLOW:
            break
    assert status == 200, answer


def by_key(data):
    return {kind: sorted(data[kind], key=lambda item: item["key"]) for kind in data}


def log_through_both(ours, stock, run):
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(logged, (ours, stock)[writer % 2], run, writer, batch)
                for batch in range(BATCHES) for writer in range(WRITERS)]
        for job in jobs:
            job.result()


def test_nothing_is_lost_or_doubled(new_server, database):
    ours, stock = new_server(store=database), new_server(store=database, command=MLFLOW)
    with ours, contextlib.ExitStack() as cleanup:
        stock.launch()
        cleanup.callback(stock.kill)
        harness.wait_until(stock.is_healthy, 180, "the stock server answers")
        experiments = [server.call("POST", "/experiments/create", {"name": f"by {n}"})["experiment_id"]
                       for n, server in enumerate([ours, stock, ours, stock])]
        assert experiments == ["1", "2", "3", "4"], "both take numbers from the same place"
        run = ours.call("POST", "/runs/create", {"experiment_id": experiments[1]})["run"]["info"]["run_id"]
        log_through_both(ours, stock, run)
        answers = [server.call("GET", f"/runs/get?run_id={run}")["run"] for server in (ours, stock)]
        data = by_key(answers[0]["data"])
        assert data == by_key(answers[1]["data"])
        assert answers[0]["info"] == answers[1]["info"]
        assert len(data["params"]) == 1 + WRITERS * BATCHES
        latest = {metric["key"]: metric["step"] for metric in data["metrics"]}
        assert latest["shared"] == TOTAL - 1
        assert counted(database, run) == (TOTAL, TOTAL)
