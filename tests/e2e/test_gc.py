"""`oxflow gc` beside `mlflow gc`, on copies of the same data: what one leaves, the other leaves too."""

import pathlib
import shutil
import sqlite3
import time

import pytest

import commands
import harness

DAY = 24 * 60 * 60 * 1000


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    running = commands.Stock(tmp_path_factory.mktemp("stock"))
    yield running
    running.stop()


def write(location, name, content=b"x" * 100):
    path = pathlib.Path(location.removeprefix("file://")) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def new_run(server, experiment, deleted=False):
    run = server.call("POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]
    server.call("POST", "/runs/log-batch", {
        "run_id": run["run_id"], "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "1"}],
        "metrics": [{"key": f"m{n % 3}", "value": n, "step": n, "timestamp": n} for n in range(20)]})
    server.call("POST", "/runs/log-inputs", {"run_id": run["run_id"], "datasets": [{"dataset": {
        "name": "d", "digest": "1", "source_type": "local", "source": "{}"}}]})
    if run["artifact_uri"].startswith(("/", "file:")):
        write(run["artifact_uri"], "model/weights.bin")
    if deleted:
        server.call("POST", "/runs/delete", {"run_id": run["run_id"]})
    return run["run_id"]


def new_model(server, experiment, run, deleted=False):
    made = server.call("POST", "/logged-models", {"experiment_id": experiment, "name": "m", "source_run_id": run,
                                                  "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "1"}]})
    info = made["model"]["info"]
    server.call("POST", "/runs/log-metric", {"run_id": run, "key": "loss", "value": 1, "timestamp": 1, "model_id": info["model_id"]})
    write(info["artifact_uri"], "MLmodel")
    if deleted:
        server.call("DELETE", f"/logged-models/{info['model_id']}")
    return info["model_id"]


class Data:
    """Something of everything, deleted and not, and deleted long ago and just now."""

    def __init__(self, folder, store):
        self.folder, self.root = folder, folder / "root"
        with harness.Server(folder / "server", store=store, options=[
                "--no-serve-artifacts", "--default-artifact-root", str(self.root)]) as server:
            create = "/experiments/create"
            self.kept, self.old, self.new = (server.call("POST", create, {"name": name})["experiment_id"]
                                             for name in ("kept", "old", "new"))
            self.active = new_run(server, self.kept)
            self.old_run, self.new_run = new_run(server, self.kept, True), new_run(server, self.kept, True)
            new_run(server, self.old)
            self.run_of_new = new_run(server, self.new)
            self.active_model = new_model(server, self.kept, self.active)
            self.old_model = new_model(server, self.kept, self.active, True)
            self.model = new_model(server, self.kept, self.active, True)
            new_model(server, self.new, self.run_of_new)
            server.call("POST", "/experiments/set-experiment-tag", {"experiment_id": self.new, "key": "k", "value": "v"})
            for experiment in (self.old, self.new):
                server.call("POST", "/experiments/delete", {"experiment_id": experiment})

    def cases(self):
        """Options, and whether they are accepted."""
        yield [], True
        yield ["--older-than", "30d"], True
        yield ["--older-than", "1d2h3.5m4s", "--experiment-ids", self.old], True
        yield ["--run-ids", f"{self.old_run},{self.new_run}"], True
        yield ["--run-ids", self.new_run, "--experiment-ids", self.old, "--logged-model-ids", self.old_model], True
        yield ["--older-than", "30d", "--run-ids", self.new_run], False
        yield ["--older-than", "30d", "--experiment-ids", self.new], False
        yield ["--older-than", "30d", "--logged-model-ids", self.model], False
        yield ["--run-ids", self.active], False
        yield ["--experiment-ids", self.kept], False
        yield ["--logged-model-ids", self.active_model], False
        yield ["--run-ids", "f" * 32], False
        yield ["--experiment-ids", "4711"], False
        yield ["--older-than", "3x"], False


def long_ago(database, data):
    then = int(time.time() * 1000) - 60 * DAY
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE runs SET deleted_time = ? WHERE run_uuid = ? OR experiment_id = ?", (then, data.old_run, data.old))
        connection.execute("UPDATE experiments SET last_update_time = ? WHERE experiment_id = ?", (then, data.old))
        connection.execute("UPDATE logged_models SET last_updated_timestamp_ms = ? WHERE model_id = ?", (then, data.old_model))
    connection.close()


def rows(database):
    connection = sqlite3.connect(database)
    tables = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
              if not name.startswith(("oxflow_", "sqlite_"))]
    found = {table: sorted(connection.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr) for table in tables}
    connection.close()
    return found


def restore(copy, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(copy, folder)


def test_the_same_rows_and_files_are_left(stock, tmp_path):
    database = tmp_path / "made.db"
    data = Data(tmp_path, f"sqlite:///{database}")
    long_ago(database, data)
    restore(data.root, tmp_path / "copy")
    before = rows(database), commands.tree(data.root)
    for number, (words, accepted) in enumerate(data.cases()):
        left, printed = {}, {}
        for name, command in [("stock", stock), ("ours", commands.ours)]:
            restore(tmp_path / "copy", data.root)
            own = tmp_path / f"{name}{number}.db"
            shutil.copy(database, own)
            uri = f"sqlite:///{own}"
            done = command("gc", "--backend-store-uri", uri, *words, environment={"MLFLOW_TRACKING_URI": uri})
            assert (done.code == 0) == accepted, (name, words, done)
            left[name], printed[name] = (rows(own), commands.tree(data.root)), sorted(done.out.splitlines())
        assert left["ours"] == left["stock"] if accepted else left["ours"] == before, words
        if accepted:
            assert printed["ours"] == printed["stock"], words
            assert left["ours"] != before


def test_the_same_of_a_file_store_is_left(stock, tmp_path):
    folder = tmp_path / "mlruns"
    data = Data(tmp_path, str(folder))
    restore(folder, tmp_path / "store-copy")
    restore(data.root, tmp_path / "copy")
    for words, accepted in [([], True), (["--older-than", "30d"], True), (["--run-ids", data.new_run], True),
                            (["--experiment-ids", data.old], True), (["--run-ids", data.active], False)]:
        left = {}
        for name, command in [("stock", stock), ("ours", commands.ours)]:
            restore(tmp_path / "copy", data.root)
            restore(tmp_path / "store-copy", folder)
            done = command("gc", "--backend-store-uri", str(folder), *words, environment={
                "MLFLOW_TRACKING_URI": str(folder), "MLFLOW_ALLOW_FILE_STORE": "true"})
            assert (done.code == 0) == accepted, (name, words, done)
            left[name] = commands.tree(folder), commands.tree(data.root)
        assert left["ours"] == left["stock"] or not accepted, words


def put(server, location, name, content):
    path = f"/api/2.0/mlflow-artifacts/artifacts/{location.removeprefix('mlflow-artifacts:/')}/{name}"
    connection = harness.http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("PUT", path, content)
    assert connection.getresponse().status == 200
    connection.close()


def proxied(server, count):
    runs = []
    for _ in range(count):
        run = server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]
        put(server, run["artifact_uri"], "d/f.bin", b"x" * 1000)
        server.call("POST", "/runs/delete", {"run_id": run["run_id"]})
        runs.append(run["run_id"])
    return sorted(runs)


def count(server, table="runs"):
    connection = sqlite3.connect(server.database)
    number = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return number


def test_artifacts_that_cannot_be_deleted_keep_their_run_for_the_next_time(new_server):
    server = new_server().start()
    runs = proxied(server, 3)
    artifacts = server.folder / "artifacts"
    files = commands.tree(artifacts)
    words = ["gc", "--backend-store-uri", server.store]
    nowhere = f"http://127.0.0.1:{harness.free_port()}"
    done = commands.ours(*words, "--tracking-uri", nowhere)
    assert done.code == 1 and "3 could not be deleted" in done.out, done
    assert all(f"Run with ID {run} stays" in done.out for run in runs)
    done = commands.ours(*words)
    assert done.code == 1 and "MLFLOW_TRACKING_URI" in done.out, done
    assert count(server) == 3 and commands.tree(artifacts) == files
    done = commands.ours(*words, "--dry-run", "--tracking-uri", server.uri)
    assert done.code == 0, done
    for run in runs:
        assert f"Run with ID {run} would be permanently deleted, with 1 files, 1.0 kB." in done.out, done
    assert "It would be 3 in all, with 3 files, 3.0 kB." in done.out, done
    assert count(server) == 3 and commands.tree(artifacts) == files
    done = commands.ours(*words, "--run-ids", runs[0], "--tracking-uri", server.uri)
    assert done.code == 0 and done.out == f"Run with ID {runs[0]} has been permanently deleted.\n", done
    server.stop()
    # Without a server, for who knows where it keeps the artifacts.
    done = commands.ours(*words, "--artifacts-destination", str(artifacts))
    assert done.code == 0, done
    assert count(server) == 0 and count(server, "metrics") == 0
    assert not [path for path in artifacts.rglob("*") if path.is_file()]


def test_folders_that_hold_other_things_are_not_deleted(new_server):
    server = new_server(options=["--no-serve-artifacts", "--default-artifact-root", "./root"]).start()
    runs = {}
    for location in [".", "..", f"{server.folder}/artifacts/..", str(server.folder), "", "/", f"file://{server.folder}/"]:
        runs[new_run(server, "0", deleted=True)] = location
    server.stop()
    (server.folder / "artifacts").mkdir(exist_ok=True)
    with sqlite3.connect(server.database) as connection:
        connection.executemany("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", [(at, run) for run, at in runs.items()])
    connection.close()
    before = {path for path in server.folder.rglob("*") if not path.name.startswith("mlflow.db")}
    done = commands.ours("gc", "--backend-store-uri", server.store, cwd=server.folder)
    assert done.code == 1 and "6 could not be deleted" in done.out, done
    assert {path for path in server.folder.rglob("*") if not path.name.startswith("mlflow.db")} == before
    assert count(server) == 6


def test_while_a_server_works(new_server):
    """Many runs, some with long histories, are erased while others are logged: both go well."""
    server = new_server().start()
    for number in range(30):
        run = server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        for part in range(20 if number == 0 else 1):
            metrics = [{"key": "m", "value": n, "step": part * 1000 + n, "timestamp": n} for n in range(1000)]
            server.call("POST", "/runs/log-batch", {"run_id": run, "metrics": metrics})
        server.call("POST", "/runs/delete", {"run_id": run})
    process = harness.subprocess.Popen(
        [*harness.server_command(), "gc", "--backend-store-uri", server.store, "--artifacts-destination",
         server.destination], stdout=harness.subprocess.PIPE, stderr=harness.subprocess.PIPE, text=True)
    logged = []
    while process.poll() is None or len(logged) < 20:
        logged.append(new_run(server, "0"))
    assert process.returncode == 0, process.communicate()
    assert process.communicate()[0].count("has been permanently deleted.") == 30
    assert count(server) == len(logged) and count(server, "metrics") == 20 * len(logged)
