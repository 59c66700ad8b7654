"""Searches of experiments and runs with generated filters, and reading metric histories."""

from . import filters, values
from .world import AJAX, API, Step

VIEWS = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL", 1, 2, 3, "3"]


def paging(w, step, source):
    """Follows the answer's page token with the same request."""
    symbol = w.symbol("token")
    step.capture = {symbol: "next_page_token"}
    source = dict(source)

    def then():
        follow = Step(step.area, step.method, step.path, reads=True, unordered=step.unordered)
        setattr(follow, "query" if step.query else "body", {**source, "page_token": "${%s}" % symbol})
        if w.chance(0.8):
            paging(w, follow, source)
        w.tokens.append((symbol, follow))

    step.then = then
    return step


BAD_TOKENS = ["", "abc", "!!", "e30=", "eyJvZmZzZXQiOiAwfQ==", "eyJvZmZzZXQiOiAyfQ==", "eyJvZmZzZXQiOiAyfQ",
              "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAiMiJ9", "eyJvZmZzZXQiOiAxLjV9", "W10=", "MQ==", "é", "eyJvZmZzZXQiOiAxMDAwfQ=="]


def search_experiments(w):
    source = {}
    scoped = "name LIKE '%${nonce}%'"
    if w.chance(0.6):
        more, traits = filters.experiment_filter(w)
        source["filter"] = f"{scoped} AND {more}" if w.chance(0.8) else more
    else:
        source["filter"], traits = scoped, set()
    if w.chance(0.97):
        source["max_results"] = w.rng.choice([1, 2, 3, 5, 10, 100, 1000, 50000])
    if w.chance(0.04):
        source["max_results"] = w.rng.choice([0, -1, 50001, 2**31, "10"])
    if w.chance(0.5):
        source["order_by"] = filters.experiment_order(w)
    if w.chance(0.4):
        source["view_type"] = w.rng.choice(VIEWS)
    return search(w, "experiments", API + "experiments/search", source, traits, w.rng.choice(["GET", "POST"]))


def search_runs(w):
    source = {"experiment_ids": [e.id for e in w.experiments if w.chance(0.6)] or [w.experiment(0)]}
    if w.chance(0.03):
        source["experiment_ids"] = w.rng.choice([[], [w.experiment(1)], source["experiment_ids"] * 2])
    traits = set()
    if w.chance(0.85):
        source["filter"], traits = filters.run_filter(w)
    if w.chance(0.35):
        source["max_results"] = w.rng.choice([1, 2, 3, 5, 10, 1000, 50000])
    if w.chance(0.03):
        source["max_results"] = w.rng.choice([0, -1, 50001, 200001, "5"])
    if w.chance(0.5):
        source["order_by"] = filters.run_order(w)
    if w.chance(0.3):
        source["run_view_type"] = w.rng.choice(VIEWS)
    return search(w, "search", API + "runs/search", source, traits, "POST")


def search(w, area, path, source, traits, method):
    """A search whose order depends on ids that differ between the servers is not cut into pages."""
    with_ids = ("run_id", "model_id", "artifact_uri")
    random_order = any(field in item for item in source.get("order_by", ()) if isinstance(item, str) for field in with_ids)
    if random_order:
        source["max_results"] = 1000
    elif w.chance(0.02):
        source["page_token"] = w.rng.choice(BAD_TOKENS)
    step = Step(area, method, path, traits=traits, unordered=random_order, reads=True)
    setattr(step, "query" if method == "GET" else "body", source)
    return step if random_order else paging(w, step, source)


# ---------------------------------------------------------------- history


def logged_key(w, run):
    if run and run.metrics and w.chance(0.9):
        return w.rng.choice(sorted(run.metrics))
    return values.key(w.rng, values.METRIC_KEYS)


def history(w):
    run, id = w.run()
    query = {"run_uuid" if w.chance(0.1) else "run_id": id, "metric_key": logged_key(w, run)}
    if w.chance(0.4):
        query["max_results"] = w.rng.choice([1, 2, 3, 5, 1000, 25000])
    traits = set()
    if w.chance(0.04):
        query["max_results"], traits = w.rng.choice([0, -1, "abc", 2**31, 2**40]), {"wrong-type"}
    if w.chance(0.03):
        query["page_token"] = w.rng.choice(BAD_TOKENS)
    return paging(w, Step("history", "GET", API + "metrics/get-history", query, traits=traits, reads=True), query)


def some_runs(w):
    """Runs to ask for in one request, and a metric that one of them has."""
    picked = [w.run(0.05) for _ in range(w.rng.randrange(1, 6))]
    return [id for _, id in picked], logged_key(w, picked[0][0])


def bulk_history(w):
    ids, key = some_runs(w)
    query = {"run_id": ids, "metric_key": key}
    if w.chance(0.3):
        query["max_results"] = w.rng.choice([1, 2, 3, 5, 25000, 100000])
    if w.chance(0.05):
        query["max_results"] = w.rng.choice([0, -1, "abc"])
    if w.chance(0.03):
        query["run_id"] = ids * 101 if w.chance(0.5) else []
    # Rows are ordered by run id first: with several runs, which rows fit under a limit depends on random ids.
    if "max_results" in query and query["max_results"] not in (25000, 100000):
        query["run_id"] = query["run_id"][:1]
    return Step("history", "GET", AJAX + "metrics/get-history-bulk", query, reads=True, unordered=True)


def bulk_interval(w):
    ids, key = some_runs(w)
    query = {"run_ids": ids, "metric_key": key}
    if w.chance(0.6):
        query["max_results"] = w.rng.choice([1, 2, 3, 4, 5, 7, 10, 2500])
    if w.chance(0.05):
        query["max_results"] = w.rng.choice([0, -1, 2501, "abc"])
    if w.chance(0.4):
        query["start_step"], query["end_step"] = w.rng.choice([(0, 5), (1, 3), (5, 1), (-10, 100), (2, 2), (0, 2**40)])
        if w.chance(0.1):
            del query[w.rng.choice(["start_step", "end_step"])]
    return Step("history", "GET", w.rng.choice([API, AJAX]) + "metrics/get-history-bulk-interval", query, reads=True)


def dense_history(w):
    """Many points of one metric in one run, for sampling."""
    run, id = w.run(0)
    key = w.rng.choice(["acc", "loss"])
    count, first = w.rng.choice([7, 20, 50, 101]), w.rng.randrange(-5, 50)
    metrics = [{"key": key, "value": w.rng.choice(values.METRIC_VALUES), "timestamp": values.T0 + w.rng.randrange(50),
                "step": first + w.rng.randrange(count)} for _ in range(count)]

    def then():
        if run:
            run.metrics.add(key)

    return Step("history", "POST", API + "runs/log-batch", body={"run_id": id, "metrics": metrics}, then=then)


SEARCH = [(search_runs, 9)]
EXPERIMENT_SEARCH = [(search_experiments, 9)]
HISTORY = [(history, 5), (bulk_history, 3), (bulk_interval, 6), (dense_history, 1)]
