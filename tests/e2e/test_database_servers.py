"""Database servers: what stock MLflow and the server under test make of one database, and what becomes of odd ones."""

import concurrent.futures
import json
import shutil
import subprocess
import sys

import pytest

import harness
from conftest import STOCK
from harness import API, drives_stock, run_client, sql

pytestmark = pytest.mark.skipif(drives_stock(), reason="it is stock MLflow that the server is compared with")


@pytest.fixture(params=harness.DATABASE_SERVERS)
def database_server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def database(database_server):
    return database_server.new_database()


def test_the_schema_is_stock_mlflows(database_server, new_server, database):
    theirs = database_server.new_database()
    subprocess.run([harness.python_of(STOCK).parent / "mlflow", "db", "upgrade", theirs], check=True, capture_output=True,
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
    with server, concurrent.futures.ThreadPoolExecutor(2) as both:
        run_client(STOCK, "training_job.py", server.uri, folder, **server.client_settings())
        seen_by(database, folder, write="stock")
        copy = shutil.copytree(folder, tmp_path / "copy")
        ours = both.submit(seen_by, server.uri, folder, expect="stock")
        theirs = both.submit(seen_by, database, copy, expect="stock")
        assert ours.result() == theirs.result()


def test_a_restart_of_the_database_costs_no_request(database_server, new_server, database):
    with new_server(store=database) as server:
        for n in range(10):
            server.call("POST", "/experiments/create", {"name": f"before {n}"})
        database_server.tell("restart")
        for n in range(10):
            server.call("POST", "/experiments/create", {"name": f"after {n}"})
        database_server.tell("stop")
        try:
            status, answer = server.request("POST", API + "/experiments/create", {"name": "lost"})
            assert status == 503 and json.loads(answer)["error_code"] == "TEMPORARILY_UNAVAILABLE", answer
            assert b"refused" in answer
        finally:
            database_server.tell("start")
        assert len(server.call("GET", "/experiments/search?max_results=100")["experiments"]) == 21


def refused(server, *fragments):
    ended = server.refuse_to_start(30)
    assert ended.code == 1, ended
    for fragment in fragments:
        assert fragment in ended.output, f"expected {fragment!r} in:\n{ended.output}"
    assert "s3cret" not in ended.output and "panicked" not in ended.output, ended.output


def test_a_database_that_cannot_be_used(new_server, database):
    scheme, rest = database.split("://")
    as_ann = f"{scheme}://ann:s3cret@{rest.split('@')[1]}"
    refused(new_server(store=as_ann), "'ann'", "password", "ann:***@127.0.0.1")
    refused(new_server(store=database + "_missing"), "There is no database", "CREATE DATABASE")
    refused(new_server(store=f"{scheme}://ann:s3cret@127.0.0.1:9/x"), "cannot be reached", "127.0.0.1:9")
    refused(new_server(store=as_ann + "?sslmod=require"), "sslmod")
    sql(database, "CREATE TABLE songs (title text)")
    refused(new_server(store=database), "holds tables, but not MLflow's")
    sql(database, "DROP TABLE songs")
    with new_server(store=database):
        pass
    sql(database, "UPDATE alembic_version SET version_num = '75868b020152'")
    refused(new_server(store=database), "75868b020152", "oxflow db upgrade")
    sql(database, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    refused(new_server(store=database), "ffffffffffff", "newer")


def test_passwords_stay_out_of_the_log(new_server, database):
    scheme, rest = database.split("://")
    if scheme.startswith("mysql"):
        sql(database, "CREATE USER bob IDENTIFIED BY 'a@b:s3cret/?'; GRANT ALL PRIVILEGES ON *.* TO bob")
    else:
        sql(database, "CREATE ROLE bob SUPERUSER LOGIN PASSWORD 'a@b:s3cret/?'")
    uri = f"{scheme}://bob:a%40b%3As3cret%2F%3F@{rest.split('@')[1]}"
    with new_server(store=uri, environment={"RUST_LOG": "debug"}) as server:
        server.call("POST", "/experiments/create", {"name": "x"})
        shown = server.log.read_text()
    assert "s3cret" not in shown, shown
