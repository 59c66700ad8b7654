"""Experiments and runs: creating, reading, changing, deleting, and what is logged to runs."""

from . import values
from .world import API, Experiment, Run, Step

# ------------------------------------------------------------ experiments

LOCATIONS = ["s3://bucket/base", "s3://bucket/base/", "s3://b/x?versionId=1", "gs://b/p", "file:///tmp/abs", "rel/dir",
             "./rel", "file:rel", "ftp://h/p", "http://h/p", "runs:/x/y", "s3://b/a#frag", "rel",
             "mlflow-artifacts://host/x", "wasbs://c@a.blob.core.windows.net/p", "s3://b/../x", "s3://b/a?p=../..", " ",
             "dbfs:/x", "hdfs:/p", "r2://b@h/p", "/abs/with space", "s3://b/ünï", "unknown-scheme://x", "a;b", "${l*2048}",
             "s3://b/${l*2039}", "s3://b/${l*2060}", "models:/x/1", "s3://b/%2e%2e/x", "file:///a/../b",
             "file://host/p", "file:", "abfss://f@a.dfs.core.windows.net/p"]


def create_experiment(w):
    name = f"exp {w.symbol('name')} " + "${nonce}"
    if w.chance(0.08):
        name = w.rng.choice([e.name for e in w.experiments] +
                            ["Default", "", " ${nonce}", "a/b/${nonce}", "../${nonce}", "${nonce}/", "/${nonce}", "./${nonce}",
                             "${n*494}${nonce}", "${n*495}${nonce}", "${é*480}${nonce}", "ünï😀${nonce}", "a\nb${nonce}",
                             "it's ${nonce}", 'q"${nonce}', "%${nonce}_", "${nonce}\u0000", "x:${nonce}"])
    body = {"name": name}
    if w.chance(0.3):
        body["artifact_location"] = w.rng.choice(LOCATIONS)
    if w.chance(0.4):
        body["tags"] = tags(w, 4, 20000)
    symbol = w.symbol("exp")
    return Step("experiments", "POST", API + "experiments/create", body=body, capture={symbol: "experiment_id"},
                then=lambda: w.experiments.append(Experiment("${%s}" % symbol, name, location=body.get("artifact_location", ""))))


def tags(w, most, limit, keys=None):
    return [{"key": values.key(w.rng, keys or values.TAG_KEYS, 0.03), "value": values.text(w.rng, values.TAG_VALUES, limit, 0.02)}
            for _ in range(w.rng.randrange(most))]


def get_experiment(w):
    return Step("experiments", "GET", API + "experiments/get", {"experiment_id": w.experiment()}, reads=True)


def get_experiment_by_name(w):
    names = [e.name for e in w.experiments]
    name = w.rng.choice(names) if w.chance(0.85) else w.rng.choice(["nope", "", "default", "Default", " ", names[0].upper()])
    return Step("experiments", "GET", API + "experiments/get-by-name", {"experiment_name": name}, reads=True)


def update_experiment(w):
    id = w.experiment()
    name = f"renamed {w.symbol('name')} " + "${nonce}"
    if w.chance(0.15):
        name = w.rng.choice([e.name for e in w.experiments] + ["", "${n*494}${nonce}", "${n*495}${nonce}", "/x${nonce}"])

    def then():
        for experiment in w.experiments:
            if experiment.id == id:
                experiment.name = name

    return Step("experiments", "POST", API + "experiments/update", body={"experiment_id": id, "new_name": name}, then=then)


def delete_or_restore_experiment(w):
    """Mostly restores what is deleted, so that enough stays alive."""
    gone = [e for e in w.experiments if not e.active]
    active = [e for e in w.experiments if e.active]
    restore = bool(gone) and w.chance(0.7) or len(active) < 3
    if restore and gone and w.chance(0.85):
        experiment = w.rng.choice(gone)
    elif len(active) > 2 or restore:
        experiment = w.rng.choice(active or gone)
    else:
        return get_experiment(w)
    id = experiment.id if w.chance(0.93) else w.rng.choice(values.BAD_EXPERIMENT_IDS)

    def then():
        if id == experiment.id:
            experiment.active = restore
            for run in w.runs:
                if run.experiment is experiment:
                    run.active = restore

    verb = "restore" if restore else "delete"
    return Step("experiments", "POST", API + f"experiments/{verb}", body={"experiment_id": id}, then=then)


def experiment_tag(w):
    body = {"experiment_id": w.experiment(), "key": values.key(w.rng, values.TAG_KEYS)}
    if w.chance(0.3):
        return Step("experiments", "POST", API + "experiments/delete-experiment-tag", body=body)
    if w.chance(0.95):
        body["value"] = values.text(w.rng, values.TAG_VALUES, 20000 if w.chance(0.3) else 5000)
    return Step("experiments", "POST", API + "experiments/set-experiment-tag", body=body)


# ------------------------------------------------------------------- runs


def create_run(w, edge=True):
    experiment = w.rng.choice([e for e in w.experiments if e.active] or w.experiments)
    id = w.experiment(1) if edge and w.chance(0.04) else experiment.id
    body = {"experiment_id": id, "start_time": w.next_time()}
    if w.chance(0.95):
        body["run_name"] = w.rng.choice(values.RUN_NAMES)
    if w.chance(0.5):
        body["user_id"] = w.rng.choice(values.USERS)
    if w.chance(0.5):
        body["tags"] = tags(w, 4, 8000)
        if w.chance(0.15):
            body["tags"].append({"key": "mlflow.runName", "value": body.get("run_name", "tagged") if w.chance(0.7) else "other"})
    symbol = w.symbol("run")

    def then():
        owner = next((e for e in w.experiments if e.id == id), None)
        if owner:
            w.runs.append(Run("${%s}" % symbol, owner))

    return Step("runs", "POST", API + "runs/create", body=body, capture={symbol: "run.info.run_id"}, then=then)


def get_run(w):
    alias = "run_uuid" if w.chance(0.1) else "run_id"
    return Step("runs", "GET", API + "runs/get", {alias: w.run()[1]}, reads=True)


def update_run(w):
    _, id = w.run()
    body = {"run_uuid" if w.chance(0.1) else "run_id": id}
    if w.chance(0.6):
        body["status"] = w.rng.choice(values.STATUSES + [1, 2, 3, 4, 5, "3"])
    if w.chance(0.5):
        body["end_time"] = w.rng.choice([w.start_time + w.rng.randrange(10**6), 0, "1700000000000", 1, -5])
    if w.chance(0.4):
        body["run_name"] = w.rng.choice(values.RUN_NAMES + ["", "${r*250}"])
    return Step("runs", "POST", API + "runs/update", body=body)


def delete_or_restore_run(w):
    run, id = w.run(0.4)
    restore = w.chance(0.4) if run is None or run.active else w.chance(0.8)

    def then():
        if run:
            run.active = restore

    return Step("runs", "POST", API + f"runs/{'restore' if restore else 'delete'}", body={"run_id": id}, then=then)


def run_tag(w):
    body = {"run_id": w.run()[1], "key": values.key(w.rng, values.TAG_KEYS + ["mlflow.runName"], 0.1)}
    if w.chance(0.3):
        return Step("runs", "POST", API + "runs/delete-tag", body=body)
    if w.chance(0.95):
        pool = values.RUN_NAMES + [""] if body["key"] == "mlflow.runName" else values.TAG_VALUES
        body["value"] = values.text(w.rng, pool, 8000)
    return Step("runs", "POST", API + "runs/set-tag", body=body)


def log_param(w):
    run, id = w.run()
    body = {"run_id": id, "key": values.key(w.rng, values.PARAM_KEYS, 0.1)}
    if w.chance(0.96):
        body["value"] = values.text(w.rng, values.PARAM_VALUES, 6000)
    if run and run.params and w.chance(0.35):  # Logging the same again is fine, logging something else is not.
        body["key"] = w.rng.choice(list(run.params))
        if w.chance(0.6):
            body["value"] = run.params[body["key"]]

    def then():
        if run:
            run.params[body["key"]] = body.get("value", "")

    return Step("runs", "POST", API + "runs/log-parameter", body=body, then=then)


def metric(w, keys=None, edge=0.03):
    one = {"key": values.key(w.rng, keys or values.METRIC_KEYS, edge), "value": values.metric_value(w.rng),
           "timestamp": values.timestamp(w.rng)}
    if w.chance(0.8):
        one["step"] = values.step(w.rng)
    return one


def log_metric(w):
    run, id = w.run()
    body = {"run_id": id, **metric(w, edge=0.08)}
    if w.models and w.chance(0.15):
        body["model_id"] = w.model()[1]
        if w.chance(0.5):
            body.update(dataset_name=w.rng.choice(["train", "eval"]), dataset_digest=w.rng.choice(["d1", "d2"]))
    traits = set()
    if w.chance(0.05):
        field = w.rng.choice(["value", "timestamp", "step"])
        body[field] = w.rng.choice(values.ODD_METRIC_VALUES if field == "value" else values.ODD_INTEGERS)
        traits = {"wrong-type"}

    def then():
        if run:
            run.metrics.add(body["key"])

    return Step("runs", "POST", API + "runs/log-metric", body=body, then=then, traits=traits)


def log_batch(w, edge=True):
    run, id = w.run(0.05 if edge else 0)
    r = w.rng
    small = 0.01 if edge else 0
    body = {"run_id": id}
    if w.chance(0.8):
        body["metrics"] = [metric(w, edge=small) for _ in range(r.randrange(8))]
        if body["metrics"] and w.chance(0.2):
            body["metrics"].append(dict(r.choice(body["metrics"])))
    if w.chance(0.6):
        body["params"] = [{"key": values.key(r, values.PARAM_KEYS, small), "value": values.text(r, values.PARAM_VALUES, 6000, 0.02)}
                          for _ in range(r.randrange(4))]
        if run and run.params and w.chance(0.2):
            key = r.choice(list(run.params))
            body["params"].append({"key": key, "value": run.params[key] if w.chance(0.6) else "changed"})
    if w.chance(0.5):
        body["tags"] = tags(w, 4, 8000)
    if edge and w.chance(0.03):
        over_limits(w, body)

    def then():
        if run:
            run.metrics.update(m["key"] for m in body.get("metrics", ()) if isinstance(m, dict) and "key" in m)
            run.params.update((p["key"], p["value"]) for p in body.get("params", ()) if isinstance(p, dict) and "key" in p)

    return Step("runs", "POST", API + "runs/log-batch", body=body, then=then)


def over_limits(w, body):
    """Batches at and over their limits. Values are not remembered: nothing else logs such keys."""
    kind = w.rng.choice(["metrics", "params", "tags", "total"])
    metrics = {"key": "m${n}", "value": 1, "timestamp": 1, "step": 0}
    if kind == "metrics":
        body["metrics"] = {"repeat": w.rng.choice([1000, 1001]), "item": metrics}
    elif kind == "total":
        body["metrics"] = {"repeat": w.rng.choice([899, 900, 901, 950]), "item": metrics}
        body["params"] = {"repeat": 100, "item": {"key": f"limit{w.symbol('batch')}-" + "${n}", "value": "v"}}
        body.pop("tags", None)
    else:
        body[kind] = {"repeat": w.rng.choice([100, 101]), "item": {"key": f"limit{w.symbol('batch')}-" + "${n}", "value": "v"}}


MODEL_JSON = [
    '{"artifact_path": "m", "flavors": {}, "utc_time_created": "2024-01-01", "run_id": "r"}',
    '{"artifact_path": "m", "flavors": {"python_function": {"env": "x"}}, "utc_time_created": "t", "run_id": "r", "extra": 1}',
    '{"artifact_path": "m"}', "not json", "[]", "{}", '"text"', "1", "null", "",
]


def log_model(w):
    body = {"run_id": w.run()[1], "model_json": w.rng.choice(MODEL_JSON)}
    return Step("runs", "POST", API + "runs/log-model", body=body)


EXPERIMENTS = [(create_experiment, 5), (get_experiment, 4), (get_experiment_by_name, 3), (update_experiment, 2),
               (delete_or_restore_experiment, 3), (experiment_tag, 5)]
RUNS = [(create_run, 6), (get_run, 7), (update_run, 4), (delete_or_restore_run, 3), (run_tag, 5), (log_param, 6),
        (log_metric, 8), (log_batch, 7), (log_model, 1)]
