"""Experiments and runs from creation to deletion, and the searches between, with any stock client."""

import math
import time

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient

from common import NAME, VERSION, check, points, refused

client = MlflowClient()
BIGGEST = 1.7976931348623157e308


def experiments():
    first = client.create_experiment(f"{NAME}/первый", tags={"team": "a", "kind": NAME})
    second = client.create_experiment(f"{NAME}/second")
    client.set_experiment_tag(second, "kind", NAME)
    client.rename_experiment(second, f"{NAME}/renamed")
    found = client.get_experiment_by_name(f"{NAME}/первый")
    check((found.experiment_id, found.tags["team"], found.lifecycle_stage), (first, "a", "active"), "by name")
    assert found.artifact_location.endswith(f"/{first}"), found.artifact_location
    check(client.get_experiment_by_name(f"{NAME}/nothing"), None, "an unknown name")
    with refused("already exists"):
        client.create_experiment(f"{NAME}/renamed")
    with refused("No Experiment with id=123456 exists"):
        client.get_experiment("123456")
    search_experiments(first, second)
    client.delete_experiment(second)
    check(client.get_experiment(second).lifecycle_stage, "deleted", "a deleted experiment")
    with refused("must be in the 'active' state"):
        client.create_run(second)
    client.restore_experiment(second)
    check(client.get_experiment(second).lifecycle_stage, "active", "a restored experiment")


def search_experiments(first, second):
    if VERSION < (1, 28):
        return
    ours = f"tags.kind = '{NAME}'"

    def ids(filter_string=ours, **how):
        return [found.experiment_id for found in client.search_experiments(filter_string=filter_string, **how)]

    check(ids(order_by=["name DESC"]), [first, second], "by name, descending")
    check(ids(order_by=["experiment_id ASC"]), [first, second], "by id")
    check(ids(f"{ours} AND name LIKE '%/ren%'"), [second], "name LIKE")
    check(ids(f"{ours} AND tags.team = 'a'"), [first], "by tag")
    page = client.search_experiments(filter_string=ours, max_results=1, order_by=["name ASC"])
    check([found.experiment_id for found in page], [second], "first page")
    page = client.search_experiments(filter_string=ours, max_results=1, order_by=["name ASC"], page_token=page.token)
    check(([found.experiment_id for found in page], page.token or None), ([first], None), "last page")


def runs():
    experiment = client.create_experiment(f"{NAME}/runs")
    made = [one_run(experiment, index) for index in range(5)]
    search_runs(experiment, made)
    client.delete_run(made[0])
    check(client.get_run(made[0]).info.lifecycle_stage, "deleted", "a deleted run")
    with refused("must be in the 'active' state"):
        client.log_metric(made[0], "m", 1.0)
    check(len(client.search_runs([experiment])), 4, "active runs")
    check(len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)), 1, "deleted runs")
    check(len(client.search_runs([experiment], run_view_type=ViewType.ALL)), 5, "all runs")
    client.restore_run(made[0])
    check(client.get_run(made[0]).info.lifecycle_stage, "active", "a restored run")
    client.set_terminated(made[1], "FAILED", end_time=7_000)
    info = client.get_run(made[1]).info
    check((info.status, info.end_time), ("FAILED", 7_000), "a failed run")
    client.set_terminated(made[2])
    assert client.get_run(made[2]).info.end_time > 1_600_000_000_000
    with refused("Run with id=0123456789abcdef0123456789abcdef not found"):
        client.get_run("0123456789abcdef0123456789abcdef")


def one_run(experiment, index):
    run_id = client.create_run(experiment, start_time=1000 + index, tags={"mlflow.runName": f"run {index}"}).info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric("acc", index / 10, 1, 0), Metric("val/loss of λ", -index, 1, 0)],
        params=[Param("lr", "0.1" if index % 2 else "0.01"), Param("only", str(index))][: 2 if index == 4 else 1],
        tags=[RunTag("group", "odd" if index % 2 else "even")],
    )
    return run_id


def search_runs(experiment, made):
    def found(filter_string="", order_by=("attributes.start_time ASC",), **how):
        page = client.search_runs([experiment], filter_string, order_by=list(order_by), **how)
        return [made.index(run.info.run_id) for run in page]

    for filter_string, want in [
        ("", [0, 1, 2, 3, 4]),
        ("metrics.acc > 0.15", [2, 3, 4]),
        ("metrics.acc >= 0.1 and metrics.acc < 0.3", [1, 2]),
        ("metrics.`val/loss of λ` = -3", [3]),
        ("params.lr = '0.1'", [1, 3]),
        ("params.lr != '0.1'", [0, 2, 4]),
        ("params.lr LIKE '0.0%' AND tags.group = 'even'", [0, 2, 4]),
        ("tags.group ILIKE 'ODD'", [1, 3]),
        ("attributes.status = 'RUNNING' AND params.only = '4'", [4]),
        ("tags.mlflow.runName = 'run 3'", [3]),
        ("tags.nothing = 'x'", []),
    ]:
        check(found(filter_string), want, f"filter {filter_string!r}")
    check(found(order_by=["metrics.acc DESC"]), [4, 3, 2, 1, 0], "by a metric")
    check(found(order_by=["params.lr ASC", "metrics.acc DESC"]), [4, 2, 0, 3, 1], "by a param, then a metric")
    check(found(order_by=["params.only ASC"])[0], 4, "runs without the param come last")
    pages, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=2, order_by=["metrics.acc ASC"], page_token=token)
        pages.append([made.index(run.info.run_id) for run in page])
        token = page.token
        if not token:
            break
    check(pages, [[0, 1], [2, 3], [4]], "pages")
    with refused("Invalid"):
        client.search_runs([experiment], "metrics.acc >")
    with refused("Invalid"):
        client.search_runs([experiment], "nonsense.acc = 'x'")


def values():
    experiment = client.create_experiment(f"{NAME}/values")
    run_id = client.create_run(experiment).info.run_id
    client.log_metric(run_id, "odd", math.nan, timestamp=1, step=0)
    client.log_metric(run_id, "odd", math.inf, timestamp=2, step=1)
    client.log_metric(run_id, "odd", -math.inf, timestamp=3, step=2)
    client.log_metric(run_id, "odd", -0.1, timestamp=4, step=-7)
    history = {step: value for step, _, value in points(client, run_id, "odd")}
    assert math.isnan(history[0]), history
    check((history[1], history[2], history[-7]), (BIGGEST, -BIGGEST, -0.1), "values at the edge")
    check(client.get_run(run_id).data.metrics["odd"], -BIGGEST, "the latest value has the highest step")
    client.log_metric(run_id, "twice", 0.5, timestamp=5, step=1)
    client.log_metric(run_id, "twice", 0.5, timestamp=5, step=1)
    check(points(client, run_id, "twice"), [(1, 5, 0.5)], "the same point twice is one point")
    client.log_param(run_id, "παράμετρος", "日本語 ✓ \"quoted\" \\ \n")
    check(client.get_run(run_id).data.params["παράμετρος"], "日本語 ✓ \"quoted\" \\ \n", "unicode")
    client.set_tag(run_id, "mlflow.note.content", "# Titel\n*ü*")
    check(client.get_run(run_id).data.tags["mlflow.note.content"], "# Titel\n*ü*", "a note")
    client.delete_tag(run_id, "mlflow.note.content")
    assert "mlflow.note.content" not in client.get_run(run_id).data.tags
    params(run_id)


def params(run_id):
    client.log_param(run_id, "lr", "0.1")
    client.log_param(run_id, "lr", "0.1")
    with refused("Changing param values is not allowed", "with value='0.1'"):
        client.log_param(run_id, "lr", "0.2")
    with refused("Changing param values is not allowed"):
        client.log_batch(run_id, params=[Param("fresh", "1"), Param("lr", "0.3")])
    stored = client.get_run(run_id).data.params
    assert "fresh" not in stored and stored["lr"] == "0.1", stored
    if VERSION >= (2, 8):
        client.log_param(run_id, "long", "x" * 9000)
        check(client.get_run(run_id).data.params["long"], "x" * 6000, "a long param is cut")
    else:
        client.log_param(run_id, "long", "x" * 500)
        check(client.get_run(run_id).data.params["long"], "x" * 500, "a param as long as the client allows")
    with refused("Invalid"):
        client.log_param(run_id, "../up", "x")


def fluent():
    mlflow.set_experiment(f"{NAME}/fluent")
    with mlflow.start_run(run_name="parent") as parent:
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("m", 1)
    check(client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"], parent.info.run_id, "parent of a nested run")
    with mlflow.start_run(run_id=parent.info.run_id):
        mlflow.log_metric("resumed", 2)
    check(client.get_run(parent.info.run_id).data.metrics, {"resumed": 2.0}, "a resumed run")
    try:
        with mlflow.start_run() as broken:
            raise KeyError("on purpose")
    except KeyError:
        pass
    check(client.get_run(broken.info.run_id).info.status, "FAILED", "a run whose body raised")
    found = mlflow.search_runs(experiment_names=[f"{NAME}/fluent"], filter_string="metrics.m = 1")
    check(found["run_id"].tolist(), [child.info.run_id], "search_runs as a table")
    if VERSION >= (2, 8):
        asynchronous()


def asynchronous():
    with mlflow.start_run() as run:
        for step in range(300):
            mlflow.log_metric("async", step * 0.5, step=step, timestamp=1000 + step, synchronous=False)
        mlflow.log_params({f"p{index}": index for index in range(150)}, synchronous=False)
    deadline = time.monotonic() + 20
    while len(points(client, run.info.run_id, "async")) < 300 and time.monotonic() < deadline:
        time.sleep(0.1)
    want = [(step, 1000 + step, step * 0.5) for step in range(300)]
    check(points(client, run.info.run_id, "async"), want, "points logged in the background")
    check(len(client.get_run(run.info.run_id).data.params), 150, "params logged in the background")


experiments()
runs()
values()
fluent()
