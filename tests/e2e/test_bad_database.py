"""A database that cannot be used: the server says what it found and what to do, and does not touch it."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import sqlite3
import tempfile

import pytest

from harness import Server, drives_stock, server_command

pytestmark = pytest.mark.skipif(drives_stock(), reason="stock MLflow has its own messages and waits for minutes")
HEAD = "dc11669786a5"
NOBODY = 65534


@pytest.fixture(scope="module")
def good_database(tmp_path_factory):
    """A database as the server makes it."""
    server = Server(tmp_path_factory.mktemp("good"))
    with server:
        server.call("POST", "/experiments/create", {"name": "kept"})
    return server.database


@pytest.fixture
def server(new_server, good_database):
    """A server that is not started yet, on a copy of a good database."""
    server = new_server()
    shutil.copy(good_database, server.database)
    return server


def change(database, *statements):
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def refused(server, *fragments):
    """Starts the server, which has to give up with exit code 1, a message with the fragments, and no change."""
    before = digest(server.database) if server.database.is_file() else None
    ended = server.refuse_to_start()
    assert ended.code == 1, ended
    text = ended.output.lower()
    for fragment in (*fragments, server.database.name):
        assert fragment.lower() in text, f"expected {fragment!r} in:\n{ended.output}"
    assert "panicked" not in text, ended.output
    if before is not None:
        assert digest(server.database) == before, "the file was changed"
    # Looking at a database in WAL mode may leave an empty log behind, but never one with changes in it.
    left = {path.name: path.stat().st_size for path in server.folder.glob("mlflow.db-wal")}
    assert not any(left.values()), left


def test_a_file_that_is_no_database(server):
    server.database.write_bytes(b"This is a text file, not a database.\n" * 200)
    refused(server, "not a", "SQLite")


def test_a_truncated_database(server):
    content = server.database.read_bytes()
    server.database.write_bytes(content[: len(content) // 2 - 100])
    refused(server)


def test_the_database_of_another_program(server):
    server.database.unlink()
    change(server.database, "CREATE TABLE songs (title TEXT)", "INSERT INTO songs VALUES ('one')")
    refused(server, "MLflow")


def test_an_older_schema(server):
    change(server.database, "UPDATE alembic_version SET version_num = '75868b020152'")
    refused(server, "75868b020152", HEAD, "oxflow db upgrade")


def test_a_newer_schema(server):
    change(server.database, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    refused(server, "ffffffffffff", HEAD)


def test_a_schema_without_its_version(server):
    change(server.database, "DELETE FROM alembic_version")
    refused(server, "MLflow")


@pytest.fixture
def powerless(good_database, tmp_path):
    """A server that is not started yet and that may not ignore permissions, even if the tests may."""
    with tempfile.TemporaryDirectory(prefix="oxflow-e2e-") as folder:
        folder = pathlib.Path(folder)
        if os.geteuid() != 0:
            server = Server(folder)
        else:
            # Root's own folders are closed to others, so the binary comes along.
            [binary] = server_command()
            shutil.copy(binary, folder / "oxflow")
            folder.chmod(0o755)
            server = Server(folder / "server", command=[str(folder / "oxflow")], user=NOBODY)
            os.chown(server.folder, NOBODY, NOBODY)
        shutil.copy(good_database, server.database)
        if os.geteuid() == 0:
            os.chown(server.database, NOBODY, NOBODY)
        # Not in a folder that the server cannot write.
        server.log = tmp_path / "server.log"
        yield server
        server.kill()
        server.folder.chmod(0o755)


def test_a_read_only_file(powerless):
    powerless.database.chmod(0o444)
    refused(powerless, "permissions")


def test_a_read_only_folder(powerless):
    powerless.folder.chmod(0o555)
    refused(powerless, "permissions")


def test_an_unreadable_file(powerless):
    powerless.database.chmod(0o000)
    refused(powerless, "permissions")


def test_a_folder_that_may_not_be_written_has_no_new_database(powerless):
    powerless.database.unlink()
    powerless.folder.chmod(0o555)
    refused(powerless, "permissions")
    assert not powerless.database.exists()


def test_a_missing_folder_is_made(new_server, tmp_path):
    """MLflow makes the folder of a SQLite database, so we do too."""
    server = new_server(store=f"sqlite:///{tmp_path}/not/yet/there/mlflow.db")
    with server:
        assert server.request("GET", "/health")[0] == 200
    assert (tmp_path / "not/yet/there/mlflow.db").exists()


def test_a_folder_that_cannot_be_made(new_server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    server = new_server(store=f"sqlite:///{tmp_path}/file/mlflow.db")
    server.database = tmp_path / "file" / "mlflow.db"
    refused(server, "file")


def test_a_folder_in_place_of_the_file(new_server):
    server = new_server()
    server.database.mkdir()
    refused(server, "folder")


def test_a_database_that_another_program_has_locked(server):
    with contextlib.closing(sqlite3.connect(server.database, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        ended = server.refuse_to_start(60)
        assert ended.code == 1, ended
        assert "locked" in ended.output.lower() and "mlflow.db" in ended.output, ended.output
        holder.execute("ROLLBACK")
    with server:
        assert server.call("GET", "/experiments/get-by-name?experiment_name=kept")


def test_a_second_server_on_the_same_file_works(server, new_server):
    """Not an error: several servers may share one database."""
    other = new_server(store=server.store)
    with server, other:
        created = server.call("POST", "/experiments/create", {"name": "shared"})["experiment_id"]
        assert other.call("GET", f"/experiments/get?experiment_id={created}")["experiment"]["name"] == "shared"


def test_a_full_disk_at_the_start(new_server, small_disk):
    server = new_server(folder=small_disk / "server")
    server.log = small_disk.parent / "server.log"
    (small_disk / "ballast").write_bytes(b"x" * (2 * 1024 * 1024 - 40_000))
    ended = server.refuse_to_start()
    assert ended.code == 1 and "full" in ended.output.lower(), ended


def test_a_disk_that_fills_up_while_running(new_server, small_disk):
    """Writes are refused with a reason, reads go on, and nothing acknowledged is lost."""
    server = new_server(folder=small_disk / "server")
    server.log = small_disk.parent / "server.log"
    with server:
        run_id = server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        status, acknowledged = 200, 0
        while status == 200 and acknowledged < 200_000:
            metrics = [{"key": "m", "value": 0.1, "timestamp": n, "step": n}
                       for n in range(acknowledged, acknowledged + 1000)]
            status, text = server.request("POST", "/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": metrics})
            acknowledged += 1000 if status == 200 else 0
        assert status >= 500 and b"full" in text.lower(), text
        assert server.request("GET", "/health")[0] == 200
        history = server.call("GET", f"/metrics/get-history?run_id={run_id}&metric_key=m")["metrics"]
        assert len(history) == acknowledged > 0
    with server:
        history = server.call("GET", f"/metrics/get-history?run_id={run_id}&metric_key=m")["metrics"]
        assert len(history) == acknowledged
