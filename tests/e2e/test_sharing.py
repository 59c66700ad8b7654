"""Stock MLflow 3.17.2 and the server under test serve one database at the same time, while many write through both."""

import concurrent.futures
import contextlib
import json
import sqlite3

import pytest

import harness
from conftest import STOCK
from harness import API, drives_stock, sql

pytestmark = pytest.mark.skipif(drives_stock(), reason="it is stock MLflow that the server shares with")
MLFLOW = [harness.python_of(STOCK).parent / "mlflow"]
WRITERS, BATCHES, POINTS = 16, 4, 10
TOTAL = WRITERS * BATCHES * POINTS


@pytest.fixture(scope="module", params=["sqlite", *harness.DATABASE_SERVERS])
def shared(request, tmp_path_factory):
    """A database, our server on it, and stock MLflow's."""
    folder = tmp_path_factory.mktemp("shared")
    if request.param == "sqlite":
        database = f"sqlite:///{folder}/shared.db"
    else:
        database = request.getfixturevalue(request.param).new_database()
    ours = harness.Server(folder / "ours", store=database)
    stock = harness.Server(folder / "stock", store=database, command=MLFLOW)
    with ours, contextlib.ExitStack() as cleanup:
        stock.launch()
        cleanup.callback(stock.kill)
        harness.wait_until(stock.is_healthy, 300, "the stock server answers")
        yield database, ours, stock


def counted(uri, run):
    """How many points of the key that all share are in the database, and how many steps they have."""
    quoted = "`key`" if uri.startswith("mysql") else "key"
    text = f"SELECT count(*), count(DISTINCT step) FROM metrics WHERE run_uuid = '{run}' AND {quoted} = 'shared'"
    if uri.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database:
            return database.execute(text).fetchone()
    [row] = sql(uri, text)
    return tuple(map(int, row))


def call(server, method, path, body=None):
    """A request that has to succeed; again, where stock MLflow gives up because others write."""
    for _ in range(30):
        status, answer = server.request(method, API + path, body, timeout=120)
        if status == 200 or server.command != MLFLOW:
            break
    assert status == 200, f"{method} {path} {body}: {status} {answer}"
    return json.loads(answer)


def logged(server, run, writer, batch):
    """Logs a batch that shares keys with everybody's."""
    first = (writer * BATCHES + batch) * POINTS
    metrics = [{"key": key, "value": float(step), "timestamp": step, "step": step}
               for step in range(first, first + POINTS) for key in ("shared", f"own{writer}")]
    call(server, "POST", "/runs/log-batch", {
        "run_id": run, "metrics": metrics, "tags": [{"key": "last", "value": str(first)}],
        "params": [{"key": "same", "value": "1"}, {"key": f"p{writer}.{batch}", "value": "1"}]})


def by_key(data):
    return {kind: sorted(data[kind], key=lambda item: item["key"]) for kind in data}


def log_through_both(ours, stock, run):
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(logged, (ours, stock)[writer % 2], run, writer, batch)
                for batch in range(BATCHES) for writer in range(WRITERS)]
        for job in jobs:
            job.result()


def test_nothing_is_lost_or_doubled(shared):
    database, ours, stock = shared
    experiments = [call(server, "POST", "/experiments/create", {"name": f"by {n}"})["experiment_id"]
                   for n, server in enumerate([ours, stock, ours, stock])]
    first = int(experiments[0])
    assert [int(number) - first for number in experiments] == [0, 1, 2, 3], "both take numbers from the same place"
    run = ours.call("POST", "/runs/create", {"experiment_id": experiments[1]})["run"]["info"]["run_id"]
    log_through_both(ours, stock, run)
    answers = [call(server, "GET", f"/runs/get?run_id={run}")["run"] for server in (ours, stock)]
    data = by_key(answers[0]["data"])
    assert data == by_key(answers[1]["data"])
    assert answers[0]["info"] == answers[1]["info"]
    assert len(data["params"]) == 1 + WRITERS * BATCHES
    latest = {metric["key"]: metric["step"] for metric in data["metrics"]}
    assert latest["shared"] == TOTAL - 1
    assert counted(database, run) == (TOTAL, TOTAL)


ROUNDS = 4


def work(here, there, common, writer):
    """What a team does in a day: each thing is begun through one server and gone on with through the other.

    Gives what has to be there afterwards: states of runs, and versions of the model with whether they were deleted.
    """
    runs, versions = {}, {}
    for turn in range(ROUNDS):
        name = f"{writer}.{turn}"
        experiment = call(here, "POST", "/experiments/create", {"name": f"work {name}"})["experiment_id"]
        run = call(there, "POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
        call(here, "POST", "/runs/log-batch", {
            "run_id": run, "params": [{"key": "p", "value": name}], "tags": [{"key": "t", "value": name}],
            "metrics": [{"key": "m", "value": turn, "timestamp": 1, "step": step} for step in range(5)]})
        call(there, "POST", "/runs/log-metric", {"run_id": common, "key": f"m{writer}", "value": turn, "timestamp": 1, "step": turn})
        call(here, "POST", "/runs/set-tag", {"run_id": common, "key": "shared", "value": name})
        call(there, "POST", "/runs/set-tag", {"run_id": common, "key": f"gone {name}", "value": "x"})
        call(here, "POST", "/runs/delete-tag", {"run_id": common, "key": f"gone {name}"})
        made = call(here, "POST", "/model-versions/create", {"name": "shared", "source": f"s3://b/{name}", "run_id": run})
        version = made["model_version"]["version"]
        assert version not in versions
        versions[version] = turn == 1
        call(there, "POST", "/model-versions/set-tag", {"name": "shared", "version": version, "key": "t", "value": name})
        call(here, "POST", "/registered-models/alias", {"name": "shared", "alias": f"a{writer}", "version": version})
        call(there, "POST", "/registered-models/set-tag", {"name": "shared", "key": f"t{writer}", "value": name})
        if versions[version]:
            call(there, "DELETE", "/model-versions/delete", {"name": "shared", "version": version})
        runs[run] = "deleted" if turn % 2 else "active"
        call(there, "POST", "/runs/delete", {"run_id": run})
        if runs[run] == "active":
            call(here, "POST", "/runs/restore", {"run_id": run})
        else:
            call(here, "POST", "/experiments/delete", {"experiment_id": experiment})
    return runs, versions


def sorted_all(value):
    """The same with every list in one order, since none is promised for tags and the like."""
    if isinstance(value, dict):
        return {key: sorted_all(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(sorted_all, value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def seen_by(server):
    """All that one of the two tells about the experiments, runs and models of this test."""
    everything = {"max_results": 1000, "view_type": "ALL", "filter": "name LIKE 'work %'"}
    experiments = call(server, "POST", "/experiments/search", everything)["experiments"]
    of = {"experiment_ids": [found["experiment_id"] for found in experiments], "run_view_type": "ALL", "max_results": 1000}
    return sorted_all({
        "experiments": experiments,
        "runs": call(server, "POST", "/runs/search", of)["runs"],
        "models": call(server, "GET", "/registered-models/search")["registered_models"],
        "versions": call(server, "GET", "/model-versions/search?max_results=1000")["model_versions"],
    })


def test_runs_and_models_are_worked_on_through_both(shared):
    _, ours, stock = shared
    call(ours, "POST", "/registered-models/create", {"name": "shared"})
    experiment = call(stock, "POST", "/experiments/create", {"name": "work in common"})["experiment_id"]
    common = call(ours, "POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    pairs = [(ours, stock), (stock, ours)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = [job.result() for job in [pool.submit(work, *pairs[n % 2], common, n) for n in range(6)]]
    seen = seen_by(ours)
    assert seen == seen_by(stock)

    runs = {run: state for mine, _ in done for run, state in mine.items()}
    found = {run["info"]["run_id"]: run for run in seen["runs"]}
    assert {run: found[run]["info"]["lifecycle_stage"] for run in runs} == runs
    assert len(found) == len(runs) + 1 and len(seen["experiments"]) == 6 * ROUNDS + 1
    for run in runs:
        [point] = found[run]["data"]["metrics"]
        assert point["step"] == 4 and len(found[run]["data"]["params"]) == 1, found[run]
    tags = {tag["key"] for tag in found[common]["data"]["tags"]}
    assert "shared" in tags and not any(tag.startswith("gone") for tag in tags)
    steps = {metric["key"]: metric["step"] for metric in found[common]["data"]["metrics"]}
    assert steps == {f"m{writer}": ROUNDS - 1 for writer in range(6)}

    versions = {int(version): gone for _, mine in done for version, gone in mine.items()}
    assert sorted(versions) == list(range(1, 6 * ROUNDS + 1)), "no number was given twice or left out"
    assert {int(version["version"]) for version in seen["versions"]} == {version for version, gone in versions.items() if not gone}
    [model] = seen["models"]
    assert {tag["key"] for tag in model["tags"]} == {f"t{writer}" for writer in range(6)}
    assert {alias["alias"] for alias in model["aliases"]} == {f"a{writer}" for writer in range(6)}
