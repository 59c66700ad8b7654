"""Moving house: what one store keeps is moved to another, and stock MLflow reads the same from both."""

import contextlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

import harness
from conftest import STOCK
from harness import DATABASE_SERVERS, drives_stock, python_of, run_client, server_command
from test_file_store import check_equal, dump

# Stock's tool gives edges and datasets new ids; ours does, too.
RANDOM = {"inputs": {"input_uuid", "source_id"}, "input_tags": {"input_uuid"}, "datasets": {"dataset_uuid"}}


def migrate(source, target, *options, command="migrate", arguments=("--from", "--to")):
    done = subprocess.run([*server_command(), command, arguments[0], str(source), arguments[1], str(target), *options],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240)
    return done.returncode, done.stdout


def moved(source, target, *options):
    code, output = migrate(source, target, *options)
    assert code == 0, output
    return output


def stamps(folder):
    """Everything in a folder with its time of change: equal ones mean that nothing was touched."""
    paths = [path for path in pathlib.Path(folder).rglob("*") if path.name not in ("mlflow.db-wal", "mlflow.db-shm")]
    return sorted((str(path), path.lstat().st_mtime_ns, path.lstat().st_size) for path in paths)


def rows(database):
    """The rows of all tables, without ids that are drawn anew."""
    with sqlite3.connect(database) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            kept = [column for column in columns if column not in RANDOM.get(table, set())]
            found[table] = sorted(str({column: value for column, value in zip(columns, row) if column in kept})
                                  for row in cursor)
    return {table: rows for table, rows in found.items() if not table.startswith(("oxflow_", "sqlite_"))}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder that stock MLflow has filled, and what it sees there."""
    home = tmp_path_factory.mktemp("filled")
    run_client(STOCK, "folder_fill.py", str(home / "mlruns"), home / "fill")
    return home / "mlruns", dump(str(home / "mlruns"), home, "stock")


def test_a_folder_becomes_a_database_and_a_folder_again(filled, tmp_path):
    folder, seen = filled
    before = stamps(folder)
    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    output = moved(folder, database)
    assert "Read back and equal: 4 experiments, 12 runs" in output, output
    assert stamps(folder) == before, "the source was changed"
    # The order of a history is that of the file there, and by time here; the dump sorts it.
    check_equal(dump(database, tmp_path, "database"), seen)
    again = moved(folder, database)
    assert "Written: 0 experiments, 0 runs, 0 metric points, 0 logged models, 0 registered models" in again, again

    before = stamps(tmp_path)
    output = moved(database, tmp_path / "again")
    assert "Read back and equal: 4 experiments, 12 runs" in output, output
    assert [found for found in stamps(tmp_path) if "/again" not in found[0]] == before, "the source was changed"
    check_equal(dump(str(tmp_path / "again"), tmp_path, "folder"), seen)
    moved(tmp_path / "again", f"sqlite:///{tmp_path / 'other.db'}")
    check_equal(rows(tmp_path / "other.db"), rows(tmp_path / "mlflow.db"))


def test_the_rows_are_those_of_stock_mlflows_tool(filled, tmp_path):
    folder, _ = filled
    stock = tmp_path / "stock.db"
    migrate_with_stock(folder, stock)
    code, output = migrate(folder.parent, f"sqlite:///{tmp_path / 'ours.db'}", command="migrate-filestore",
                           arguments=("--source", "--target"))
    assert code == 0, output
    check_equal(rows(tmp_path / "ours.db"), rows(stock))


def migrate_with_stock(folder, target):
    done = subprocess.run([python_of(STOCK).parent / "mlflow", "migrate-filestore", "--source", folder, "--target",
                           f"sqlite:///{target}", "--no-progress"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=240, env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})
    assert done.returncode == 0, done.stdout


def table(database, name):
    """The rows of a table by their keys."""
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
    keys = [key for key in ("request_id", "key", "assessment_id") if key in found[0]]
    return {tuple(row[key] for key in keys): row for row in found}


def test_traces_in_a_folder_become_rows(tmp_path):
    folder, ours, stocks = tmp_path / "mlruns", tmp_path / "ours.db", tmp_path / "stock.db"
    for version in ("2.22.5", STOCK):
        run_client(version, "folder_traces.py", str(folder), tmp_path / version, name=version)
    before = stamps(folder)
    output = moved(folder, f"sqlite:///{ours}")
    again = moved(folder, f"sqlite:///{ours}")
    assert stamps(folder) == before, "the source was changed"
    assert "Left behind" not in output + again, output + again
    migrate_with_stock(folder, stocks)
    for name in ("trace_info", "trace_tags", "trace_request_metadata", "assessments"):
        found, expected = table(ours, name), table(stocks, name)
        for key, row in expected.items():
            mine = found.get(key, {})
            for column in ("timestamp_ms", "trace_timestamp_ms"):
                # Stock's tool counts in doubles, and loses a millisecond here and there.
                if column in row and abs(row[column] - mine.get(column, 0)) <= 1:
                    row[column] = mine[column]
            # It does not read these times, nor what was expected if that is no plain value.
            if name == "assessments":
                assert row["created_timestamp"] == row["last_updated_timestamp"] == 0, row
                times = [mine[key] for key in ("trace_timestamp_ms", "created_timestamp", "last_updated_timestamp")]
                assert times == sorted(times) and times[2] - times[0] < 600_000, mine
                row["created_timestamp"], row["last_updated_timestamp"] = times[1:]
                if row["name"] == "expected":
                    assert mine["value"] == '{"answer": ["a", 1]}', mine
                    row["value"] = mine["value"]
        assert found == expected, name
    # And a folder again, which stock MLflow takes for the same.
    output = moved(f"sqlite:///{ours}", tmp_path / "again")
    assert "Left behind" not in output and "Written: 0 experiments" in moved(f"sqlite:///{ours}", tmp_path / "again")
    assert traces_seen(tmp_path / "again", tmp_path) == traces_seen(folder, tmp_path)
    moved(tmp_path / "again", f"sqlite:///{tmp_path / 'third.db'}")
    check_equal(rows(tmp_path / "third.db"), rows(ours))


def traces_seen(folder, tmp_path):
    output = run_client(STOCK, "read_traces.py", str(folder), tmp_path / "reader")
    found = json.loads(next(line for line in output.splitlines() if line.startswith("TRACES "))[7:])
    assert len(found) == 7, found
    return found


@pytest.fixture(scope="module")
def only_in_databases(tmp_path_factory):
    """A database with what folders have no place for; columns begin with NULL, hold nothing else, or JSON."""
    folder = tmp_path_factory.mktemp("only") / "source"
    with harness.Server(folder, environment={"MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}) as server:
        experiment = server.call("POST", "/experiments/create", {"name": "e"})["experiment_id"]
        made = {}
        for path, body in [
            ("/api/3.0/mlflow/datasets/create", {"name": "d", "experiment_ids": [experiment], "tags": '{"a": "b"}'}),
            ("/api/2.0/mlflow/webhooks", {"name": "w", "url": "https://127.0.0.1/x",
                                          "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}),
            ("/api/3.0/mlflow/scorers/register", {"experiment_id": experiment, "name": "s", "serialized_scorer": '{"a": 1.50}'}),
        ]:
            status, text = server.request("POST", path, body)
            assert status == 200, f"{path}: {text}"
            made[path] = json.loads(text)
        dataset = made["/api/3.0/mlflow/datasets/create"]["dataset"]["dataset_id"]
        records = [{"inputs": {"q": number}, "expectations": {"a": [number]}, "tags": {"t": "x"},
                    "source": {"source_type": "HUMAN", "source_data": {"user": "ann"}}} for number in range(3)]
        for some in (records, [{"inputs": {"q": "bare"}}, {"inputs": {"q": "also"}, "tags": {"t": "y"}}]):
            path = f"/api/3.0/mlflow/datasets/{dataset}/records"
            status, text = server.request("POST", path, {"records": json.dumps(some)})
            assert status == 200, text
    database = folder / "mlflow.db"
    with sqlite3.connect(database) as connection:
        connection.executemany(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status, execution_time_ms, client_request_id)"
            " VALUES (?, 1, 5, 'OK', ?, ?)", [("tr-1", None, None), ("tr-2", 7, None), ("tr-3", None, "c")])
        connection.executemany(
            "INSERT INTO spans (trace_id, experiment_id, span_id, status, start_time_unix_nano, end_time_unix_nano, content)"
            " VALUES (?, 1, ?, 'OK', 7, ?, '{\"x\": 1}')", [("tr-1", "s1", None), ("tr-1", "s2", 9), ("tr-2", "s1", None)])
        connection.execute("UPDATE evaluation_dataset_records SET outputs = '[1]', created_by = 'ann', last_updated_by = 'ann',"
                           " expectations = coalesce(expectations, '{}'), tags = coalesce(tags, '{}'), source = coalesce(source, '{}'),"
                           " source_id = coalesce(source_id, 'x'), source_type = coalesce(source_type, 'y')")
        connection.execute("INSERT INTO job_locks (lock_key, job_id, acquired_at) SELECT 'k', 'j', 1 WHERE 0")
    return database


def test_what_only_databases_keep_goes_along(only_in_databases, new_server, tmp_path):
    target = tmp_path / "target.db"
    moved(f"sqlite:///{only_in_databases}", f"sqlite:///{target}")
    check_equal(rows(target), rows(only_in_databases))
    with new_server(store=f"sqlite:///{target}") as server:
        assert b'"name":"w"' in server.request("GET", "/api/2.0/mlflow/webhooks")[1].replace(b" ", b"")
    # A folder has no place for most of them, and says so.
    output = moved(f"sqlite:///{only_in_databases}", tmp_path / "mlruns")
    assert "Left behind:" in output and "  spans (3 rows)" in output and "  webhooks (1 rows)" in output, output
    assert "trace_info" not in output, output


def test_more_rows_of_traces_than_fit_into_a_part(only_in_databases, tmp_path):
    """Each trace is found again by its tags, which come in parts of 10,000, in whatever experiment it is."""
    traces, tags = 40, 300
    database = tmp_path / "many.db"
    shutil.copy(only_in_databases, database)
    with sqlite3.connect(database) as connection:
        connection.executemany("INSERT INTO experiments (experiment_id, name, lifecycle_stage, workspace) VALUES (?, ?, ?, 'default')",
                               [(2, "two", "active"), (3, "three", "deleted")])
        connection.executemany("INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (?, ?, 5, 'OK')",
                               [(f"tr-many{trace}", trace % 4) for trace in range(traces)])
        connection.executemany("INSERT INTO trace_tags (key, value, request_id) VALUES (?, ?, ?)",
                               [(f"k{tag}", str(tag), f"tr-many{trace}") for trace in range(traces) for tag in range(tags)])
    output = moved(f"sqlite:///{database}", tmp_path / "mlruns")
    for trace in range(traces):
        experiment = tmp_path / "mlruns" / ("0", "1", "2", ".trash/3")[trace % 4]
        assert len(list((experiment / "traces" / f"tr-many{trace}" / "tags").iterdir())) == tags, output
    moved(tmp_path / "mlruns", f"sqlite:///{tmp_path / 'back.db'}")
    check_equal(rows(tmp_path / "back.db")["trace_tags"], rows(database)["trace_tags"])


def test_a_trace_that_cannot_be_files_is_told(only_in_databases, tmp_path):
    source = tmp_path / "source.db"
    shutil.copy(only_in_databases, source)
    with sqlite3.connect(source) as connection:
        connection.execute("INSERT INTO trace_tags (key, value, request_id) VALUES ('a//b', 'x', 'tr-1')")
    code, output = migrate(f"sqlite:///{source}", tmp_path / "mlruns")
    assert code == 1 and "The target cannot keep" in output and "the table trace_tags: The name 'a//b'" in output, output


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_what_only_databases_keep_goes_to_servers_and_back(only_in_databases, request, tmp_path, kind):
    server, target = request.getfixturevalue(kind).new_database(), tmp_path / "target.db"
    moved(f"sqlite:///{only_in_databases}", server)
    assert "Written: 0 experiments" in moved(f"sqlite:///{only_in_databases}", server)
    moved(server, f"sqlite:///{target}")
    check_equal(rows(target), rows(only_in_databases))


def test_what_differs_is_not_mixed(filled, tmp_path):
    folder, _ = filled
    target = tmp_path / "mlflow.db"
    moved(folder, f"sqlite:///{target}", "--no-verify")
    with sqlite3.connect(target) as connection:
        (run,) = connection.execute("SELECT run_uuid FROM params LIMIT 1").fetchone()
        connection.execute("UPDATE params SET value = 'changed' WHERE run_uuid = ?", [run])
        connection.execute("DELETE FROM registered_model_tags")
        connection.execute("DELETE FROM registered_model_aliases")
        connection.execute("DELETE FROM model_version_tags")
        connection.execute("DELETE FROM model_versions")
        connection.execute("DELETE FROM registered_models")
    before = rows(target)
    code, output = migrate(folder, f"sqlite:///{target}")
    assert code == 1 and f"The target holds the run {run} already, but not the same" in output and "changed" in output, output
    assert rows(target) == before

    other = f"sqlite:///{tmp_path / 'other.db'}"
    moved(folder, other, "--no-verify")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("UPDATE experiments SET experiment_id = 77 WHERE name LIKE '%bin%'")
    code, output = migrate(folder, other)
    assert code == 1 and "its number there is 77" in output, output
    assert migrate(folder, folder)[0] == 1
    code, output = migrate(tmp_path / "nowhere", other)
    assert code == 1 and "not there" in output and not (tmp_path / "nowhere").exists(), output
    code, output = migrate(f"sqlite:///{tmp_path / 'nowhere.db'}", other)
    assert code == 1 and "There is no database" in output and not (tmp_path / "nowhere.db").exists(), output


def test_two_stores_become_one(filled, tmp_path, new_server):
    """A store that holds other things takes in what it does not have, and keeps its own."""
    folder, _ = filled
    target = tmp_path / "server"
    with new_server(folder=target) as server:
        own = server.call("POST", "/experiments/create", {"name": "own"})["experiment_id"]
        run = server.call("POST", "/runs/create", {"experiment_id": own, "run_name": "own"})["run"]["info"]["run_id"]
    moved(folder, f"sqlite:///{target / 'mlflow.db'}")
    with new_server(folder=target) as server:
        assert server.call("GET", f"/runs/get?run_id={run}")["run"]["info"]["run_name"] == "own"
        assert len(server.call("POST", "/experiments/search", {"max_results": 10})["experiments"]) == 4


def test_what_a_folder_cannot_keep_is_told(new_server, tmp_path):
    with new_server(folder=tmp_path / "source") as server:
        for name, keys in [("both", ["a", "a/b"]), ("good", ["a"])]:
            run = server.call("POST", "/runs/create", {"experiment_id": "0", "run_name": name})["run"]["info"]["run_id"]
            for key in keys:
                server.call("POST", "/runs/log-parameter", {"run_id": run, "key": key, "value": "x"})
                server.call("POST", "/runs/log-metric", {"run_id": run, "key": key, "value": 1, "timestamp": 1, "step": 1})
        run = server.call("POST", "/runs/create", {"experiment_id": "0", "run_name": "metrics"})["run"]["info"]["run_id"]
        for key in ["m", "m/n", "o"]:
            server.call("POST", "/runs/log-metric", {"run_id": run, "key": key, "value": 1, "timestamp": 1, "step": 1})
    code, output = migrate(f"sqlite:///{tmp_path / 'source' / 'mlflow.db'}", tmp_path / "mlruns")
    assert code == 1 and "The target cannot keep (2)" in output and f"the metric 'm/n' of the run {run}" in output, output
    assert "Different in the target" not in output, output
    with new_server(store=str(tmp_path / "mlruns")) as server:
        found = server.call("POST", "/runs/search", {"experiment_ids": ["0"]})["runs"]
        assert {run["info"]["run_name"]: len(run["data"]["metrics"]) for run in found} == {"good": 1, "metrics": 2}


RUNS, POINTS = 60, 2000


@pytest.fixture
def large(tmp_path):
    """A folder with long histories, written as MLflow writes it."""
    folder = tmp_path / "mlruns"
    for number in range(RUNS):
        run = folder / "5" / f"{number:032x}"
        for name in ["metrics", "params", "tags"]:
            (run / name).mkdir(parents=True)
        (run / "metrics" / "loss").write_text("".join(f"{1000 + step} {1 / (step + number + 1)!r} {step}\n" for step in range(POINTS)))
        # Lines out of order, and one twice.
        (run / "metrics" / "odd").write_text("5 1.0 2\n4 nan 1\n5 1.0 2\n3 0.5 7\n")
        (run / "params" / "p").write_text(str(number))
        (run / "meta.yaml").write_text(
            f"artifact_uri: /x\nend_time: null\nentry_point_name: ''\nexperiment_id: '5'\nlifecycle_stage: active\n"
            f"run_id: {run.name}\nrun_name: r{number}\nsource_name: ''\nsource_type: 4\nsource_version: ''\n"
            f"start_time: {number}\nstatus: 3\ntags: []\nuser_id: u\n")
    (folder / "0").mkdir()
    for number, name in [(0, "Default"), (5, "large")]:
        (folder / str(number) / "meta.yaml").write_text(
            f"artifact_location: /x\ncreation_time: 1\nexperiment_id: '{number}'\nlast_update_time: 1\n"
            f"lifecycle_stage: active\nname: {name}\n")
    return folder


def kill_in_the_middle(source, target, is_in_the_middle):
    """Ends a migration as a power cut would, once it has written something; again and again, a little later each time."""
    process = subprocess.Popen([*server_command(), "migrate", "--from", str(source), "--to", str(target)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 120
    while process.poll() is None and not is_in_the_middle():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def count(database):
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=1) as connection:
            return connection.execute("SELECT count(*) FROM metrics").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def test_an_interrupted_migration_is_gone_on_with(large, tmp_path):
    complete = tmp_path / "complete.db"
    moved(large, f"sqlite:///{complete}")
    assert count(complete) == RUNS * (POINTS + 3)

    broken = tmp_path / "broken.db"
    kills = sum(kill_in_the_middle(large, f"sqlite:///{broken}", lambda: count(broken) > least)
                for least in (0, 20_000, 60_000))
    assert kills > 0
    output = moved(large, f"sqlite:///{broken}")
    assert "There already: 2 experiments" in output, output
    check_equal(rows(broken), rows(complete))

    copy = tmp_path / "copy"
    written = lambda: sum(path.stat().st_size for path in copy.glob("5/*/metrics/loss"))  # noqa: E731
    kills = sum(kill_in_the_middle(f"sqlite:///{complete}", copy, lambda: written() > least) for least in (0, 500_000))
    assert kills > 0
    # And the line that it was just writing is left half.
    half = next(iter(copy.glob("5/*/metrics/loss")))
    with open(half, "r+b") as file:
        file.truncate(half.stat().st_size - 3)
    moved(f"sqlite:///{complete}", copy)
    for path in large.glob("5/*/metrics/loss"):
        assert (copy / path.relative_to(large)).read_text() == path.read_text()
    again = tmp_path / "again.db"
    moved(copy, f"sqlite:///{again}")
    check_equal(rows(again), rows(complete))


@contextlib.contextmanager
def on_terminal(source, target):
    """A migration on a terminal: the terminal, and what waits for its end. Ctrl-C is typed there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(server_command()[0], [*server_command(), "migrate", "--from", str(source), "--to", str(target)])
    codes = []

    def end():
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        return codes[0]

    try:
        yield terminal, end
    finally:
        os.close(terminal)
        if not codes:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def shown_until(terminal, is_enough=lambda shown: False):
    """What a terminal shows until that is enough, or until it is closed."""
    shown, deadline = "", time.monotonic() + 240
    while not is_enough(shown):
        assert time.monotonic() < deadline, shown[-2000:]
        if select.select([terminal], [], [], 1)[0]:
            try:
                read = os.read(terminal, 65536)
            except OSError:  # Linux says so when the other side is gone.
                read = b""
            if not read:
                break
            shown += read.decode(errors="replace")
    return shown


def points_told(shown, verb):
    return [int(number.replace(",", "")) for number in re.findall(verb + r" \[.*? ([0-9,]+) points and rows", shown)]


@pytest.mark.parametrize("verb, words", [
    ("Writing", "Interrupted before all was written. Run the same command again to go on."),
    ("Comparing", "Interrupted when all was written, before it was compared to the end. Run the same command again"),
])
def test_ctrl_c_ends_it_between_two_groups_and_says_how_to_go_on(large, tmp_path, verb, words):
    # One long history, in which it is seen moving.
    for number in range(1, RUNS):
        shutil.rmtree(large / "5" / f"{number:032x}")
    total = 60_000
    for name in ("odd", "loss"):
        (large / "5" / f"{0:032x}" / "metrics" / name).unlink()
    (large / "5" / f"{0:032x}" / "metrics" / "long").write_text("".join(f"{step} {step}.5 {step}\n" for step in range(total)))
    database = tmp_path / "mlflow.db"

    def is_under_way(shown):
        return any(0 < number < total for number in points_told(shown, verb))

    for _ in range(10):
        with on_terminal(large, f"sqlite:///{database}") as (terminal, end):
            shown = shown_until(terminal, is_under_way)
            with contextlib.suppress(OSError):
                os.write(terminal, b"\x03")
            shown += shown_until(terminal)
            code = end()
        if code == 130:
            break
        # It was done before it heard of it, or before it was seen, as a slow test makes possible; then once more.
        assert code == 0, shown
        database.unlink()
    assert code == 130 and "Ctrl-C again ends it at once" in shown and words in shown.replace("\r\n", " "), shown[-3000:]
    assert is_under_way(shown), shown[-3000:]
    assert 0 < count(database) < total if verb == "Writing" else count(database) == total
    output = moved(large, f"sqlite:///{database}")
    assert f"Read back and equal: 2 experiments, 1 runs, {total:,} metric points" in output, output
    assert count(database) == total


def test_broken_things_are_told_and_left_out(large, tmp_path):
    victim = large / "5" / f"{7:032x}" / "meta.yaml"
    victim.write_text("run_id: 'half")
    shutil.copytree(large / "5" / f"{8:032x}", large / "5" / "not-its-name")
    output = moved(large, f"sqlite:///{tmp_path / 'x.db'}")
    assert "Not readable in the source, and left out (2):" in output and f"the run {7:032x} of the experiment 5" in output, output
    assert count(tmp_path / "x.db") == (RUNS - 1) * (POINTS + 3)


@pytest.mark.skipif(drives_stock(), reason="stock MLflow has no such command")
@pytest.mark.parametrize("kind", DATABASE_SERVERS)
def test_to_a_database_server_and_back(kind, filled, request, tmp_path):
    folder, _ = filled
    database, copy = request.getfixturevalue(kind).new_database(), f"sqlite:///{tmp_path / 'copy.db'}"
    output = moved(folder, database)
    assert "Read back and equal: 4 experiments, 12 runs" in output, output
    # Folders number their experiments with 18 digits, and both have room for nine.
    assert output.count("in the target, because it cannot hold") == 3, output
    assert "Written: 0 experiments, 0 runs, 0 metric points" in moved(folder, database)
    moved(database, copy)
    # The numbers that were given are not given again.
    run_client(STOCK, "folder_fill.py", database, tmp_path / "more", name="more")
    moved(database, copy)
    check_equal(dump(copy, tmp_path, "copy"), dump(database, tmp_path, kind))


def test_out_of_a_server(new_server, tmp_path):
    """A server that only its clients can reach is moved out of by what its API shows."""
    with new_server(folder=tmp_path / "server") as server:
        run_client(STOCK, "folder_fill.py", server.uri, tmp_path / "fill")
        seen = dump(server.uri, tmp_path, "server")
        database = f"sqlite:///{tmp_path / 'moved.db'}"
        output = moved(server.uri, database)
        assert "Read back and equal: 4 experiments, 12 runs" in output, output
        assert "Written: 0 experiments, 0 runs, 0 metric points, 0 logged" in moved(server.uri, database)
        code, output = migrate(database, server.uri)
        assert code == 1 and "cannot be written to" in output, output
        code, output = migrate(f"{server.uri}/nothing/here", database)
        assert code == 1 and "not as MLflow does" in output, output
    check_equal(dump(database, tmp_path, "database"), seen)
