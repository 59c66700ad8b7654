"""Label schemas, review queues and issues: what people are asked about runs and what they found.

Traces are not built, so no queue ever gets an item: what concerns items is how their absence is told.
"""

from . import values
from .world import Resource, Step

API = "/api/3.0/mlflow/"
SCHEMAS, QUEUES, ISSUES = API + "label-schemas/", API + "review-queues/", API + "issues"
INPUTS = [{"pass_fail": {"positive_label": "Yes", "negative_label": "No"}}, {"categorical": {"options": ["a", "é"]}},
          {"categorical": {"options": ["b", "a"], "multi_select": True}}, {"numeric": {}}, {"numeric": {"min_value": 0, "max_value": 2.5}},
          {"numeric": {"min_value": -1e20}}, {"text": {}}, {"text": {"max_length": 10}}]
ODD_INPUTS = [{}, {"categorical": {}}, {"categorical": {"options": ["a", "a"]}}, {"categorical": {"options": ["", "b"]}},
              {"categorical": {"options": {"repeat": 101, "item": "o${n}"}}}, {"categorical": {"options": ["${o*65}"]}},
              {"pass_fail": {"positive_label": "a", "negative_label": "a"}}, {"pass_fail": {"positive_label": " ", "negative_label": "a"}},
              {"pass_fail": {"positive_label": "${é*64}", "negative_label": "${é*65}"}}, {"numeric": {"min_value": 3, "max_value": 1}},
              {"numeric": {"min_value": 1, "max_value": 1}}, {"numeric": {"max_value": "NaN"}}, {"text": {"max_length": 0}},
              {"text": {"max_length": -1}}, {"text": {"max_length": 2**31}}]
NAMES = ["right?", "why", "Why", "score", "ünï", "it's"]
ODD_NAMES = ["", " ", "feedback", " Feedback ", "Default", "default", "${n*250}", "${n*251}", " a ", "a/b", "a\nb"]
USERS = ["ada", "Bob ", "bob", "ünal", "Zoe"]
STATUSES = ["pending", "rejected", "resolved"]
SEVERITIES = ["not_an_issue", "low", "medium", "high"]
FILTERS = ["status = 'pending'", "status != 'resolved'", "status = 'x'", "source_run_id = '{run}'", "source_run_id != 'x'",
           "status = 'pending' AND source_run_id = '{run}'", "status LIKE 'p%'", "name = 'x'", "status", "status = 'a' OR status = 'b'",
           "status IS NULL", " ", "severity = 'low'", "status = 'it''s'", "STATUS = 'pending'", "status = \"pending\" and status != 'a'"]


def one_of(w, things, bad, dead=0.08):
    """The id of one of the things; sometimes an absent one."""
    if w.chance(dead) or not things:
        return None, w.rng.choice(bad)
    found = w.rng.choice(things)
    return found, found.id


def name(w, odd=0.05):
    return w.rng.choice(ODD_NAMES if w.chance(odd) else NAMES)


def page(w):
    """Now and then a limit, or a token."""
    asked = {}
    if w.chance(0.3):
        asked["max_results"] = w.rng.choice([1, 2, 100, 50000, 0, -1, 50001])
    if w.chance(0.06):
        asked["page_token"] = w.rng.choice(["", "zz", "eyJvZmZzZXQiOiAxfQ==", "e30=", "eyJvZmZzZXQiOiAtMX0="])
    return asked


def creation(w, kind, path, body, place, known):
    symbol = w.symbol(kind)
    return Step("reviews", "POST", path, body=body, capture={symbol: place}, then=lambda: known.append(Resource("${%s}" % symbol)))


# ----------------------------------------------------------- label schemas


def schema(w, dead=0.08):
    return one_of(w, w.schemas, ["ls-" + "0" * 32, "nope", ""], dead)


def create_schema(w):
    body = {"experiment_id": w.experiment(0.03), "name": name(w), "type": w.rng.choice(["FEEDBACK", "FEEDBACK", "EXPECTATION", 1, 2])}
    if w.chance(0.97):
        body["input"] = w.rng.choice(ODD_INPUTS if w.chance(0.15) else INPUTS)
    if w.chance(0.4):
        body["instruction"] = w.rng.choice(["look", "", "ünï", "${i*1000}", "${i*1001}"])
    if w.chance(0.4):
        body["enable_comment"] = w.chance(0.5)
    if w.chance(0.03):
        body["type"] = "LABEL_SCHEMA_TYPE_UNSPECIFIED"
    return creation(w, "schema", SCHEMAS + "create", body, "label_schema.schema_id", w.schemas)


def read_schemas(w):
    call = w.rng.choice(["get", "get-by-name", "list", "list"])
    query = {"schema_id": schema(w)[1]} if call == "get" else {"experiment_id": w.experiment(0.04)}
    if call == "get-by-name":
        query["name"] = name(w)
    if call == "list":
        query.update(page(w))
    return Step("reviews", "GET", SCHEMAS + call, query, reads=call != "list")  # A list makes the question that is always there.


def update_schema(w):
    body = {"schema_id": schema(w)[1]}
    if w.chance(0.5):
        body["name"] = name(w, 0.1)
    if w.chance(0.4):
        body["instruction"] = w.rng.choice(["again", "", "${i*1001}"])
    if w.chance(0.3):
        body["enable_comment"] = w.chance(0.5)
    if w.chance(0.5):
        body["input"] = w.rng.choice(ODD_INPUTS if w.chance(0.1) else INPUTS)
    return Step("reviews", "PATCH", SCHEMAS + "update", body=body)


def delete_schema(w):
    found, id = schema(w, 0.2)
    return Step("reviews", "DELETE", SCHEMAS + "delete", body={"schema_id": id}, then=lambda: found and w.schemas.remove(found))


# ----------------------------------------------------------- review queues


def queue(w, dead=0.08):
    return one_of(w, w.queues, ["rq-" + "0" * 32, "nope", ""], dead)


def users(w):
    return [w.rng.choice(USERS if w.chance(0.96) else [" ", "", "${u*250}", "${u*251}"]) for _ in range(w.rng.choice([0, 1, 1, 2, 3]))]


def schema_ids(w):
    return [schema(w, 0.05)[1] for _ in range(w.rng.choice([0, 1, 1, 2]))]


def create_queue(w):
    kind = w.rng.choice(["CUSTOM", "CUSTOM", "CUSTOM", "USER"])
    body = {"experiment_id": w.experiment(0.03), "queue_type": kind, "name": name(w) if kind == "CUSTOM" else w.rng.choice(USERS)}
    if w.chance(0.5 if kind == "CUSTOM" else 0.1):
        body["users"] = users(w)
    if w.chance(0.4 if kind == "CUSTOM" else 0.1):
        body["schema_ids"] = schema_ids(w)
    if w.chance(0.03):
        body.update(w.rng.choice([{"users": {"repeat": 11, "item": "u${n}"}}, {"queue_type": "REVIEW_QUEUE_TYPE_UNSPECIFIED"}, {"queue_type": 2}]))
    return creation(w, "queue", QUEUES + "create", body, "review_queue.queue_id", w.queues)


def user_queue(w):
    body = {"experiment_id": w.experiment(0.03), "user": w.rng.choice(USERS + NAMES if w.chance(0.95) else ["", " ", "${u*251}"])}
    return creation(w, "queue", QUEUES + "get-or-create-user", body, "review_queue.queue_id", w.queues)


def read_queues(w):
    call = w.rng.choice(["get", "get-by-name", "list", "list", "items/list"])
    query = {"experiment_id": w.experiment(0.04)} if call in ("get-by-name", "list") else {"queue_id": queue(w)[1]}
    if call == "get-by-name":
        query["name"] = w.rng.choice([name(w), w.rng.choice(USERS).strip().lower()])
    if call == "list" and w.chance(0.3):
        query["user"] = w.rng.choice(USERS)
    if call == "list" and w.chance(0.1):
        query["item_id"] = "tr-1"
    if call == "items/list" and w.chance(0.3):
        query["status"] = w.rng.choice(["PENDING", "COMPLETE", "DECLINED"])
    if call.endswith("list"):
        query.update(page(w))
    return Step("reviews", "GET", QUEUES + call, query, reads=True)


def update_queue(w):
    body = {"queue_id": queue(w)[1]}
    if w.chance(0.4):
        body["name"] = name(w, 0.1)
    if w.chance(0.2):
        body["new_owner"] = w.rng.choice(USERS + [" ", "${u*251}"])
    if w.chance(0.4):
        body.update(users=users(w), update_users=w.chance(0.8))
    if w.chance(0.4):
        body.update(schema_ids=schema_ids(w), update_schema_ids=w.chance(0.8))
    return Step("reviews", "POST", QUEUES + "update", body=body)


def delete_queue(w):
    found, id = queue(w, 0.2)
    return Step("reviews", "POST", QUEUES + "delete", body={"queue_id": id}, then=lambda: found in w.queues and w.queues.remove(found))


def queue_items(w):
    verb = w.rng.choice(["add", "remove", "set-status"])
    body = {"queue_id": queue(w)[1]}
    if verb == "set-status":
        body.update(item_id=w.rng.choice(["tr-1", " tr-1 ", ""]), status=w.rng.choice(["PENDING", "COMPLETE", "DECLINED"]))
        if w.chance(0.6):
            body["completed_by"] = w.rng.choice(USERS + [" "])
    else:
        body["item_ids"] = [w.rng.choice(["tr-1", "tr-2", " tr-1 ", "", "${t*50}", "${t*51}"]) for _ in range(w.rng.choice([0, 1, 2]))]
    return Step("reviews", "POST", QUEUES + "items/" + verb, body=body)


# ------------------------------------------------------------------ issues


def issue(w, dead=0.08):
    return one_of(w, w.issues, ["iss-" + "0" * 32, "nope", "iss-x"], dead)


def standing(w):
    """Status and severity, if they are said."""
    said = {}
    if w.chance(0.5):
        said["status"] = w.rng.choice(STATUSES if w.chance(0.95) else ["x", "", "PENDING"])
    if w.chance(0.5):
        said["severity"] = w.rng.choice(SEVERITIES if w.chance(0.95) else ["x", "", "HIGH"])
    return said


def create_issue(w):
    body = {"experiment_id": w.experiment(0.04), "name": name(w, 0.1), "description": w.rng.choice(["d", "ünï", "", "${d*6000}", " "]), **standing(w)}
    if w.chance(0.3):
        body["source_run_id"] = w.run(0.1)[1]
    if w.chance(0.3):
        body["created_by"] = w.rng.choice(USERS + ["", "${u*255}"])
    for field in ("root_causes", "categories"):
        if w.chance(0.3):
            body[field] = w.rng.choice([[], ["a"], ["a", "é", "a"], [""]])
    return creation(w, "issue", ISSUES, body, "issue.issue_id", w.issues)


def get_issue(w):
    return Step("reviews", "GET", f"{ISSUES}/{issue(w)[1]}", reads=True)


def update_issue(w):
    id = issue(w)[1]
    body = {"issue_id": id if w.chance(0.9) else "other", **standing(w)}
    if w.chance(0.5):
        body["name"] = name(w, 0.1)
    if w.chance(0.4):
        body["description"] = w.rng.choice(["better", "", "é"])
    return Step("reviews", "PATCH", f"{ISSUES}/{id}", body=body)


def search_issues(w):
    """Only within an experiment: what earlier epochs left behind may differ."""
    body = {"experiment_id": w.experiment(0.04), **page(w)}
    if w.chance(0.5):
        body["filter_string"] = w.rng.choice(FILTERS).replace("{run}", w.run()[1])
    if w.chance(0.2):
        body["include_trace_count"] = w.chance(0.7)
    return Step("reviews", "POST", ISSUES + "/search", body=body, reads=True)


REVIEWS = [(create_schema, 5), (read_schemas, 5), (update_schema, 2), (delete_schema, 1), (create_queue, 5), (user_queue, 2), (read_queues, 6),
           (update_queue, 3), (delete_queue, 1), (queue_items, 2), (create_issue, 5), (get_issue, 2), (update_issue, 3), (search_issues, 5)]
