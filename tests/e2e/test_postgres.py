"""PostgreSQL: what stock MLflow and the server under test make of one database, in turns and at the same time."""

import concurrent.futures
import contextlib
import json
import subprocess
import sys

import pytest

import harness
from conftest import STOCK
from harness import API, Server, drives_stock, psql, run_client

pytestmark = pytest.mark.skipif(drives_stock(), reason="it is stock MLflow that the server is compared with")
MLFLOW = [harness.python_of(STOCK).parent / "mlflow"]
WRITERS, BATCHES, POINTS = 16, 6, 10


@pytest.fixture(scope="module")
def postgres():
    server = harness.DatabaseServer("postgres")
    yield server
    server.close()


@pytest.fixture
def database(postgres):
    return postgres.new_database()


def test_the_schema_is_stock_mlflows(postgres, new_server, database):
    theirs = postgres.new_database()
    subprocess.run([*MLFLOW, "db", "upgrade", theirs], check=True, capture_output=True,
                   env={"PYTHONPATH": harness.drivers(), "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": "/usr/bin:/bin"})
    with new_server(store=database):
        pass
    compare = harness.REPOSITORY / "conformance" / "server_schema.py"
    done = subprocess.run([sys.executable, compare, theirs, database, "--ignore-prefix", "oxflow_"],
                          stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stdout
    # And the database that stock MLflow made opens as it is.
    with new_server(store=theirs) as server:
        server.call("POST", "/experiments/create", {"name": "x"})


def seen_by(uri, folder, **settings):
    run_client(STOCK, "read_back.py", uri, folder, **settings)
    return json.loads((folder / "run.json").read_text())


def test_stock_reads_and_writes_what_we_wrote(new_server, database, tmp_path):
    server, folder = new_server(store=database), tmp_path / "job"
    with server:
        run_client(STOCK, "training_job.py", server.uri, folder, **server.client_settings())
        seen_by(server.uri, folder, write="ours")
        seen_by(database, folder, expect="ours", write="stock")
        ours = seen_by(server.uri, folder, expect="ours stock")
        theirs = seen_by(database, folder, expect="ours stock")
    assert ours == theirs


def logged(server, run, writer, batch):
    """Logs a batch that shares keys with everybody's; again, if stock MLflow gives up on a deadlock."""
    first = (writer * BATCHES + batch) * POINTS
    metrics = [{"key": key, "value": float(step), "timestamp": step, "step": step}
               for step in range(first, first + POINTS) for key in ("shared", f"own{writer}")]
    body = {"run_id": run, "metrics": metrics, "tags": [{"key": "last", "value": str(first)}],
            "params": [{"key": "same", "value": "1"}, {"key": f"p{writer}.{batch}", "value": "1"}]}
    for _ in range(5):
        status, answer = server.request("POST", API + "/runs/log-batch", body, timeout=120)
        if status == 200 or server.command != MLFLOW:
            break
    assert status == 200, answer


def test_stock_and_we_serve_one_database_at_once(new_server, database):
    ours, stock = new_server(store=database), new_server(store=database, command=MLFLOW)
    with ours:
        stock.launch()
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(stock.kill)
            harness.wait_until(stock.is_healthy, 120, "the stock server answers")
            experiments = [server.call("POST", "/experiments/create", {"name": f"by {n}"})["experiment_id"]
                           for n, server in enumerate([ours, stock, ours, stock])]
            assert experiments == ["1", "2", "3", "4"], "both take numbers from the same place"
            run = ours.call("POST", "/runs/create", {"experiment_id": experiments[1]})["run"]["info"]["run_id"]
            with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
                jobs = [pool.submit(logged, (ours, stock)[writer % 2], run, writer, batch)
                        for batch in range(BATCHES) for writer in range(WRITERS)]
                for job in jobs:
                    job.result()
            answers = [server.call("GET", f"/runs/get?run_id={run}")["run"]["data"] for server in (ours, stock)]
            by_key = [{kind: sorted(answer[kind], key=lambda item: item["key"]) for kind in answer}
                      for answer in answers]
            assert by_key[0] == by_key[1]
            assert len(by_key[0]["params"]) == 1 + WRITERS * BATCHES
            latest = {metric["key"]: metric["step"] for metric in by_key[0]["metrics"]}
            assert latest["shared"] == WRITERS * BATCHES * POINTS - 1
            steps = psql(database, f"SELECT count(*), count(DISTINCT step) FROM metrics WHERE run_uuid = '{run}' "
                                   "AND key = 'shared'")
            total = WRITERS * BATCHES * POINTS
            assert steps == [f"{total}|{total}"]


def test_a_restart_of_the_database_costs_no_request(postgres, new_server, database):
    with new_server(store=database) as server:
        for n in range(10):
            server.call("POST", "/experiments/create", {"name": f"before {n}"})
        postgres.tell("restart")
        for n in range(10):
            server.call("POST", "/experiments/create", {"name": f"after {n}"})
        postgres.tell("stop")
        try:
            status, answer = server.request("POST", API + "/experiments/create", {"name": "lost"})
            assert status == 503 and json.loads(answer)["error_code"] == "TEMPORARILY_UNAVAILABLE", answer
            assert b"refused" in answer
        finally:
            postgres.tell("start")
        assert len(server.call("GET", "/experiments/search?max_results=100")["experiments"]) == 21


def refused(server, *fragments):
    ended = server.refuse_to_start(30)
    assert ended.code == 1, ended
    for fragment in fragments:
        assert fragment in ended.output, f"expected {fragment!r} in:\n{ended.output}"
    assert "s3cret" not in ended.output and "panicked" not in ended.output, ended.output


def test_a_database_that_cannot_be_used(new_server, database):
    as_ann = database.replace("postgres@", "ann:s3cret@")
    refused(new_server(store=as_ann), "'ann'", "password", "ann:***@127.0.0.1")
    refused(new_server(store=database + "_missing"), "There is no database", "CREATE DATABASE")
    refused(new_server(store="postgresql://ann:s3cret@127.0.0.1:9/x"), "cannot be reached", "127.0.0.1:9")
    refused(new_server(store=as_ann + "?sslmod=require"), "sslmod")
    psql(database, "CREATE TABLE songs (title text)")
    refused(new_server(store=database), "holds tables, but not MLflow's")
    psql(database, "DROP TABLE songs")
    with new_server(store=database):
        pass
    psql(database, "UPDATE alembic_version SET version_num = '75868b020152'")
    refused(new_server(store=database), "75868b020152", "mlflow db upgrade")
    psql(database, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    refused(new_server(store=database), "ffffffffffff", "newer")


def test_passwords_stay_out_of_the_log(new_server, database):
    psql(database, "CREATE ROLE bob SUPERUSER LOGIN PASSWORD 'a@b:s3cret/?'")
    uri = database.replace("postgres@", "bob:a%40b%3As3cret%2F%3F@")
    with new_server(store=uri, environment={"RUST_LOG": "debug"}) as server:
        server.call("POST", "/experiments/create", {"name": "x"})
        shown = server.log.read_text()
    assert "s3cret" not in shown, shown
