"""Datasets of runs, logged models, and artifacts of runs and models."""

from . import filters, values
from .searching import paging
from .tracking import metric, tags
from .world import AJAX, API, LoggedModel, Step

PARAMS_KEYS = ["depth", "alpha", "lr", "a b", "ünï"]


# --------------------------------------------------------------- datasets


def dataset(w):
    name = w.rng.choice(["train", "eval", "ünï", "a/b", "${n*500}", "${n*501}"] if w.chance(0.1) else ["train", "eval"])
    one = {"name": name, "digest": w.rng.choice(["d1", "d2", "d3"] + ["${d*36}", "${d*37}", ""] * w.chance(0.05)),
           "source_type": w.rng.choice(["local", "code", "s3"]), "source": w.rng.choice(["{}", '{"uri": "s3://b"}', ""])}
    if w.chance(0.4):
        one["schema"] = '{"mlflow_colspec": []}'
    if w.chance(0.4):
        one["profile"] = '{"num_rows": 3}'
    if w.chance(0.03):
        del one[w.rng.choice(sorted(one))]
    entry = {"dataset": one}
    if w.chance(0.6):
        entry["tags"] = [{"key": "mlflow.data.context", "value": w.rng.choice(["training", "eval", ""])}]
        if w.chance(0.3):
            entry["tags"].append({"key": w.rng.choice(["k", "${t*255}", "${t*256}", "a/b"]),
                                  "value": w.rng.choice(["v", "", "${v*500}", "${v*501}"])})
    return entry


def log_inputs(w):
    body = {"run_id": w.run()[1]}
    if w.chance(0.9):
        body["datasets"] = [dataset(w) for _ in range(w.rng.choice([0, 1, 1, 2, 3]))]
    if w.models and w.chance(0.25):
        body["models"] = [{"model_id": w.model()[1]} for _ in range(w.rng.choice([1, 1, 2]))]
    return Step("datasets", "POST", API + "runs/log-inputs", body=body)


def log_outputs(w):
    body = {"run_id": w.run()[1], "models": [{"model_id": w.model(0.02)[1], "step": w.rng.choice([0, 1, 5])}]}
    return Step("models", "POST", API + "runs/outputs", body=body)


def search_datasets(w):
    ids = [e.id for e in w.experiments if w.chance(0.6)] or [w.experiment()]
    if w.chance(0.08):
        ids = w.rng.choice([[], ids * 21, [w.experiment(1)]])
    return Step("datasets", "POST", AJAX + "experiments/search-datasets", body={"experiment_ids": ids}, unordered=True, reads=True)


# ---------------------------------------------------------- logged models


def pairs(w, most, keys):
    """Params of a model; mostly with different keys, for a key twice is refused."""
    keys = w.rng.sample(keys, min(len(keys), w.rng.randrange(most + 1)))
    if keys and w.chance(0.03):
        keys.append(keys[0])
    return [{"key": values.key(w.rng, [key], 0.02), "value": values.text(w.rng, values.PARAM_VALUES, 6000, 0.03)} for key in keys]


def create_model(w):
    owner = w.rng.choice([e for e in w.experiments if e.active] or w.experiments)
    id = w.experiment(1) if w.chance(0.05) else owner.id
    body = {"experiment_id": id}
    if w.chance(0.97):
        body["name"] = w.rng.choice(["model", "Model", "best", "ünï", "a b"] +
                                    ["a/b", "a:b", "a.b", "100%", "it's", 'q"', "", " ", "${m*256}", "${m*500}"] * w.chance(0.15))
    if w.chance(0.5):
        body["model_type"] = w.rng.choice(["agent", "classifier", ""])
    if w.chance(0.6):
        body["source_run_id"] = w.run()[1]
    if w.chance(0.5):
        body["params"] = pairs(w, 3, PARAMS_KEYS)
    if w.chance(0.5):
        body["tags"] = tags(w, 3, 8000)
    symbol = w.symbol("model")

    def then():
        experiment = next((e for e in w.experiments if e.id == id), owner)
        w.models.append(LoggedModel("${%s}" % symbol, experiment, {p["key"] for p in body.get("params", ())}))

    return Step("models", "POST", API + "logged-models", body=body, capture={symbol: "model.info.model_id"}, then=then)


def at(model_id):
    return API + "logged-models/" + (model_id if model_id.isprintable() and "/" not in model_id else "nope")


def get_model(w):
    query = {"allow_deleted": w.rng.choice(["true", "false", "True"])} if w.chance(0.2) else {}
    return Step("models", "GET", at(w.model()[1]), query, reads=True)


def finalize_model(w):
    _, id = w.model()
    status = w.rng.choice(["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING", 2, 3, "2"])
    return Step("models", "PATCH", at(id), body={"model_id": id, "status": status})


def delete_model(w):
    model, id = w.model(0.3)

    def then():
        if model:
            model.active = False

    return Step("models", "DELETE", at(id), then=then)


def model_tags(w):
    _, id = w.model()
    if w.chance(0.3):
        key = w.rng.choice([k for k in values.TAG_KEYS if "/" not in k and k.isascii() and " " not in k])
        return Step("models", "DELETE", f"{at(id)}/tags/{key}")
    return Step("models", "PATCH", f"{at(id)}/tags", body={"model_id": id, "tags": tags(w, 4, 8000)})


def model_params(w):
    model, id = w.model()
    keys = [key for key in PARAMS_KEYS + ["more", "x.y"] if not model or key not in model.params or w.chance(0.05)]
    body = {"model_id": id, "params": pairs(w, 2, keys)}

    def then():
        if model:
            model.params.update(p["key"] for p in body["params"])

    return Step("models", "POST", f"{at(id)}/params", body=body, then=then)


def model_metric(w):
    body = {"run_id": w.run(0.02)[1], "model_id": w.model(0.02)[1], **metric(w, values.METRIC_KEYS[:3], 0)}
    if w.chance(0.6):
        body.update(dataset_name=w.rng.choice(["train", "eval"]), dataset_digest=w.rng.choice(["d1", "d2"]))
    return Step("models", "POST", API + "runs/log-metric", body=body)


def model_clause(w):
    roll = w.rng.random()
    if roll < 0.3:
        value = filters.number(w) if w.chance(0.1) else w.rng.choice([0, 0.5, 1, -1, 100])
        return f"metrics.{filters.key_name(w, w.rng.choice(values.METRIC_KEYS[:3]))} {filters.operator(w, filters.NUMERIC)} {value}"
    if roll < 0.5:
        return f"params.{filters.key_name(w, w.rng.choice(PARAMS_KEYS))} {filters.operator(w, filters.TEXTUAL)} " \
               f"{filters.quoted(w, filters.pattern(w, values.PARAM_VALUES))}"
    if roll < 0.7:
        return f"tags.{filters.key_name(w, w.rng.choice(values.TAG_KEYS))} {filters.operator(w, filters.TEXTUAL)} " \
               f"{filters.quoted(w, filters.pattern(w, values.TAG_VALUES))}"
    if roll < 0.76:
        return f"{w.rng.choice(['creation_time', 'creation_timestamp', 'last_updated_timestamp_ms', 'creation_timestamp_ms'])} " \
               f"{filters.operator(w, filters.NUMERIC)} {w.rng.choice([0, 1, 2**45])}"
    if roll < 0.95:
        name = w.rng.choice(["name", "name", "model_type", "source_run_id", "model_id", "status"])
        pools = {"source_run_id": [r.id for r in w.runs][-4:], "model_id": [m.id for m in w.models][-4:], "status": [1, 2, 3, "READY"],
                 "model_type": ["agent", "classifier", "%a%"]}
        pool = [str(one) for one in pools.get(name, []) or ["model", "Model", "b%", "%", "ünï"]]
        prefix = w.rng.choice(["attributes.", "", "", "attribute."] if w.chance(0.2) else ["attributes.", ""])
        if w.chance(0.3):
            return f"{prefix}{name} {w.rng.choice(['IN', 'NOT IN'])} {filters.listing(w, pool)}"
        return f"{prefix}{name} {filters.operator(w, filters.TEXTUAL)} {filters.quoted(w, w.rng.choice(pool))}"
    return filters.odd_clause(w)


def search_models(w):
    body = {"experiment_ids": [e.id for e in w.experiments if w.chance(0.7)] or [w.experiment()]}
    traits, random_order = set(), False
    if w.chance(0.7):
        body["filter"], traits = filters.build(w, model_clause)
    if w.chance(0.3):
        body["max_results"] = w.rng.choice([1, 2, 3, 50, 1000])
    if w.chance(0.4):
        names = ["name", "creation_time", "creation_timestamp", "metrics.acc", "metrics.loss", "metrics.`val/loss`", "model_type", "status"]
        names += ["zzz", "params.lr", "attributes.name", "tags.team", "", "last_updated_timestamp"] * w.chance(0.1)
        body["order_by"] = [{"field_name": w.rng.choice(names)} for _ in range(w.rng.choice([1, 1, 2]))]
        for item in body["order_by"]:
            if w.chance(0.6):
                item["ascending"] = w.chance(0.5)
            if w.chance(0.1):
                item["dataset_name"] = w.rng.choice(["train", "eval"])
    if w.chance(0.1):
        body["datasets"] = [{"dataset_name": w.rng.choice(["train", "eval"])}]
        if w.chance(0.5):
            body["datasets"][0]["dataset_digest"] = w.rng.choice(["d1", "d2"])
    step = Step("models", "POST", API + "logged-models/search", body=body, traits=traits, unordered=random_order, reads=True)
    return paging(w, step, body)


# -------------------------------------------------------------- artifacts

PATHS = ["", "a.txt", "dir", "dir/", "dir/b.txt", "..", "../x", "/etc", "a/../b", "%2e%2e", "%252e%252e/x", "a#b", "C:/x", "//x",
         "missing", "dir//b.txt", "./dir", ".", "a\\b", "ünï.txt", "with space.txt", "%61.txt", "file:dir", "file:///etc", "a\nb", "\u0000",
         "dir/.", "%", "%zz", "+", "a?b", "~", "~/x"]


def path(w, edge=0.45):
    return w.rng.choice(PATHS if w.chance(edge) else ["a.txt", "dir", "dir/b.txt", "dir/sub/c.json", "with space.txt"])


def here(of, id):
    """The id of something whose artifacts can be asked for; an unknown one in place of others."""
    return "nowhere" if of and of.experiment.is_elsewhere() else id


def upload(w):
    run, id = w.run(0.05)
    id = here(run, id)
    query = {"run_uuid": id, "path": path(w, 0.25)}
    if w.chance(0.03):
        del query[w.rng.choice(sorted(query))]
    text = w.rng.choice(["hello", "x" * 1000, '{"a": 1}', "é"]) if w.chance(0.97) else ""
    return Step("artifacts", "POST", AJAX + "upload-artifact", query, text=text, headers={"Content-Type": "application/octet-stream"})


def list_artifacts(w):
    query = {"run_id": here(*w.run())}
    if w.chance(0.7):
        query["path"] = path(w)
    return Step("artifacts", "GET", API + "artifacts/list", query, reads=True)


def download(w):
    return Step("artifacts", "GET", "/get-artifact", {"run_id": here(*w.run()), "path": path(w)}, reads=True)


def proxied(w):
    """The proxy's own routes. Paths that an HTTP client could not send as they are stay out."""
    name = w.rng.choice(["${nonce}/a.txt", "${nonce}/dir/b.txt", "${nonce}/dir", "${nonce}", "${nonce}/missing", "${nonce}/x%20y.txt",
                         "${nonce}/%C3%BC.txt", "${nonce}/../x", "..%2fx", "%2e%2e/x", "${nonce}//x", "${nonce}/a%23b", "${nonce}/dir/",
                         "%2fetc%2fpasswd", "${nonce}/%252e%252e/x", "C:/x", "${nonce}/a%00b", "${nonce}/./a.txt", "${nonce}/a%0Ab"])
    at = "/api/2.0/mlflow-artifacts/artifacts"
    roll = w.rng.random()
    if roll < 0.3:
        plain = name.replace("%20", " ").replace("%23", "#")
        return Step("artifacts", "GET", at, {"path": plain} if w.chance(0.9) else {"path": ""}, reads=True)
    if roll < 0.55:
        return Step("artifacts", "PUT", f"{at}/{name}", text=w.rng.choice(["data", "", "é"]))
    if roll < 0.9:
        return Step("artifacts", "GET", f"{at}/{name}", reads=True)
    return Step("artifacts", "DELETE", f"{at}/{name}")


def list_model_artifacts(w):
    id = here(*w.model())
    query = {"artifact_directory_path": path(w)} if w.chance(0.7) else {}
    return Step("artifacts", "GET", at(id) + "/artifacts/directories", query, reads=True)


DATASETS = [(log_inputs, 6), (search_datasets, 3)]
MODELS = [(create_model, 6), (get_model, 4), (finalize_model, 3), (delete_model, 1), (model_tags, 3), (model_params, 2),
          (model_metric, 6), (search_models, 10), (log_outputs, 2)]
ARTIFACTS = [(upload, 4), (list_artifacts, 5), (download, 4), (proxied, 5), (list_model_artifacts, 1)]
