"""Evaluation datasets and scorers: what belongs to experiments besides runs."""

import json

from .world import Resource, Step

API = "/api/3.0/mlflow/"
DATASETS = API + "datasets/"
SCORERS = API + "scorers/"
BAD_IDS = ["d-" + "0" * 32, "nope", "d-x"]
TAGS = ["{}", '{"team": "x"}', '{"team": "y", "n": 1}', '{"mlflow.user": "ada"}', '{"none": null}']
ODD_TAGS = ["", "[]", "no json", "null", '"text"', "7", '{"a": {"b": 1}}']
RECORDS = [{"inputs": {"q": 1}}, {"inputs": {"q": 2}, "expectations": {"a": "x"}}, {"inputs": {"q": "é"}, "outputs": {"k": 1.5}},
           {"inputs": {"q": 1}, "tags": {"t": "1"}}, {"inputs": {"l": [1, 2], "o": {"z": None}}},
           {"inputs": {"q": 3}, "source": {"source_type": "HUMAN", "source_data": {}}}]
ODD_RECORDS = [{}, {"inputs": 1}, {"outputs": {}}, {"inputs": {}}, [], 7, None, {"inputs": {"q": 1}, "extra": 1}]


def dataset(w, dead=0.08):
    if w.chance(dead) or not w.datasets:
        return None, w.rng.choice(BAD_IDS)
    found = w.rng.choice(w.datasets)
    return found, found.id


def experiments(w):
    return [w.experiment(0.02) for _ in range(w.rng.choice([0, 1, 1, 2]))]


def create_dataset(w):
    body = {"name": w.rng.choice(["qa", "Eval", "it's", "ünï"]) + " ${nonce}"}
    if w.chance(0.8):
        body["experiment_ids"] = experiments(w)
    if w.chance(0.6):
        body["tags"] = w.rng.choice(TAGS if w.chance(0.9) else ODD_TAGS)
    if w.chance(0.04):
        body["name"] = w.rng.choice(["", " ", None])
    symbol = w.symbol("data")
    return Step("resources", "POST", DATASETS + "create", body=body, capture={symbol: "dataset.dataset_id"},
                then=lambda: w.datasets.append(Resource("${%s}" % symbol)))


def get_dataset(w):
    tail = w.rng.choice(["", "", "/records", "/records", "/experiment-ids"])
    return Step("resources", "GET", DATASETS + dataset(w)[1] + tail, reads=True, unordered=True)  # Records of one moment have no order.


def delete_dataset(w):
    found, id = dataset(w, 0.2)
    return Step("resources", "DELETE", DATASETS + id, then=lambda: found and w.datasets.remove(found))


def add_records(w):
    records = [w.rng.choice(RECORDS) for _ in range(w.rng.choice([0, 1, 1, 2, 3]))]
    if w.chance(0.08):
        records.append(w.rng.choice(ODD_RECORDS))
    text = json.dumps(records) if w.chance(0.96) else w.rng.choice(["", "no json", "{}", "7"])
    return Step("resources", "POST", DATASETS + dataset(w)[1] + "/records", body={"records": text})


def dataset_tags(w):
    _, id = dataset(w)
    if w.chance(0.3):
        return Step("resources", "DELETE", DATASETS + f"{id}/tags/{w.rng.choice(['team', 'n', 'none'])}")
    return Step("resources", "PATCH", DATASETS + f"{id}/tags", body={"tags": w.rng.choice(TAGS if w.chance(0.9) else ODD_TAGS)})


def dataset_experiments(w):
    verb = w.rng.choice(["add-experiments", "remove-experiments"])
    return Step("resources", "POST", DATASETS + f"{dataset(w)[1]}/{verb}", body={"experiment_ids": experiments(w)})


def search_datasets(w):
    """Only within experiments of this epoch, and by what is told apart: creation times may be equal."""
    body = {"experiment_ids": [e.id for e in w.experiments if w.chance(0.5)] or [w.experiment(0)]}
    if w.chance(0.4):
        body["filter_string"] = w.rng.choice(["name LIKE '%${nonce}'", "name = 'qa ${nonce}'", "tags.team = 'x'", "name ILIKE 'QA%'",
                                              "name != 'qa'", "tags.team != 'x'", "name >", "zzz = 'a'", "metrics.a > 1"])
    return Step("resources", "POST", DATASETS + "search", body=body, reads=True, unordered=True)


def scorer(w):
    return {"experiment_id": w.experiment(), "name": w.rng.choice(["s", "S", "correct?", "ünï"] if w.chance(0.95) else ["", " ", "a/b"])}


def register_scorer(w):
    texts = ["{}", '{"name": "s", "b": 1}', '{"name": "é", "b": 1.0}', '{"builtin_scorer_pydantic_data": {"model": null}}']
    text = w.rng.choice(texts if w.chance(0.93) else ["", "no json", "[]", "7", "null"])
    return Step("resources", "POST", SCORERS + "register", body={**scorer(w), "serialized_scorer": text})


def read_scorers(w):
    call = w.rng.choice(["list", "versions", "get"])
    query = scorer(w) if call != "list" else {"experiment_id": w.experiment()}
    if call == "get" and w.chance(0.5):
        query["version"] = w.rng.choice([1, 2, 3, 99, 0, -1])
    return Step("resources", "GET", SCORERS + call, query, reads=True)


def delete_scorer(w):
    body = scorer(w)
    if w.chance(0.7):
        body["version"] = w.rng.choice([1, 2, 99])
    return Step("resources", "DELETE", SCORERS + "delete", body=body)


RESOURCES = [(create_dataset, 4), (get_dataset, 6), (delete_dataset, 1), (add_records, 5), (dataset_tags, 3), (dataset_experiments, 2),
             (search_datasets, 3), (register_scorer, 5), (read_scorers, 6), (delete_scorer, 1)]
