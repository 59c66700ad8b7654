"""Requests that a client with a fault, or a curious human, would send: other areas' requests, damaged."""

import json
import re

from .world import AJAX, API

WRONG = [1, 0, -1, 1.5, True, False, "", "abc", "1", [], {}, ["x"], {"a": 1}, [None], 2**63, "NaN"]


def camel(key):
    return re.sub(r"_(\w)", lambda m: m[1].upper(), key)


def damage(w, step):
    """The same request with one thing wrong. What happens to the world is then anybody's guess, so `then` stays."""
    step.area, step.traits = "malformed", set(step.traits)
    if step.body is not None and isinstance(step.body, dict) and w.chance(0.75):
        damage_body(w, step)
    elif step.query and w.chance(0.75):
        damage_query(w, step)
    else:
        damage_http(w, step)
    return step


def place(w, body):
    """A random object inside the body, at any depth, mostly the outermost."""
    inner = [item for value in body.values() if isinstance(value, list) for item in value if isinstance(item, dict)]
    return w.rng.choice(inner) if inner and w.chance(0.4) else body


def damage_body(w, step):
    step.body = json.loads(json.dumps(step.body))
    target = place(w, step.body)
    keys = sorted(target)
    if not keys or set(keys) == {"item", "repeat"}:
        return
    key = w.rng.choice(keys)
    kind = w.rng.choice(["drop", "drop", "wrong", "wrong", "wrong", "null", "camel", "camel", "both", "extra", "empty", "duplicate"])
    step.traits.add({"wrong": "wrong-type", "empty": "wrong-type", "both": "both"}.get(kind, kind))
    if kind == "drop":
        del target[key]
    elif kind == "wrong":
        # The first experiment need not be the same one on both servers.
        target[key] = w.rng.choice([value for value in WRONG if str(value) != "1"] if "experiment" in key else WRONG)
    elif kind == "null":
        target[key] = None
    elif kind == "camel":
        target[camel(key)] = target.pop(key)
    elif kind == "both":
        target[camel(key)] = target[key]
    elif kind == "extra":
        target[w.rng.choice(["unknown", "Name", "id", "", "é", "__proto__", "runID"])] = w.rng.choice(WRONG + [None])
    elif kind == "empty":
        target[key] = type(target[key])() if not isinstance(target[key], bool) else None
    elif kind == "duplicate":  # The same key twice in the JSON text.
        step.text = json.dumps(step.body)[:-1] + f", {json.dumps(key)}: {json.dumps(target[key])}}}"
        step.body = None
        step.headers = {"Content-Type": "application/json"}


def damage_query(w, step):
    step.query = dict(step.query)
    key = w.rng.choice(sorted(step.query))
    kind = w.rng.choice(["drop", "wrong", "wrong", "camel", "repeat", "extra", "empty"])
    step.traits.add({"wrong": "wrong-type", "empty": "wrong-type"}.get(kind, kind))
    if kind == "drop":
        del step.query[key]
    elif kind == "wrong":
        step.query[key] = w.rng.choice(["abc", "-1", "1.5", "0", " ", "true", "null", "[]", "9223372036854775808", "1e3", "%", "é"])
    elif kind == "camel":
        step.query[camel(key)] = step.query.pop(key)
    elif kind == "repeat":
        one = step.query[key]
        step.query[key] = [*(one if isinstance(one, list) else [one]), "second"]
    elif kind == "extra":
        step.query["unknown"] = "x"
    elif kind == "empty":
        step.query[key] = ""


def damage_http(w, step):
    kind = w.rng.choice(["method", "method", "type", "no type", "json", "json", "array", "text", "path", "slash", "prefix", "body on get",
                         "query on post", "charset"])
    step.traits.add("http")
    if kind == "method":
        step.method = w.rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE"])
        step.traits.add("method")
    elif kind == "type":
        step.headers = {"Content-Type": w.rng.choice(["text/plain", "application/x-www-form-urlencoded", "application/xml", "text/json",
                                                      "application/json-patch+json", "*/*", "", "multipart/form-data; boundary=x"])}
    elif kind == "no type":
        step.headers = {"Content-Type": None}
    elif kind == "charset":
        step.headers = {"Content-Type": w.rng.choice(["application/json; charset=utf-8", "Application/JSON", "application/json;",
                                                      " application/json ", "application/json; charset=latin-1", "application/json;x"])}
    elif kind in ("json", "array", "text"):
        good = json.dumps(step.body if step.body is not None else step.query)
        step.text = {"json": w.rng.choice([good[:-1], good + "}", "{'a': 1}", "", "{", "{,}", good.replace('"', "", 1), "\ufeff" + good,
                                           good + " ", "nul", "{\"a\": .5}", good.replace("}", ",}"), "[" * 200]),
                     "array": w.rng.choice(["[]", f"[{good}]", "[1]"]),
                     "text": w.rng.choice([json.dumps(good), '"x"', "1", "null", "true", "1.5", '""', '"{}"'])}[kind]
        step.body = None
        step.headers = {"Content-Type": "application/json"}
        step.traits.add("json")
    elif kind == "path":
        step.path = w.rng.choice([step.path + "x", step.path.replace("mlflow/", "mlflow//", 1), step.path.upper(), step.path + "/x",
                                  step.path.replace("/2.0/", "/3.0/"), step.path.replace("/2.0/", "/2.0/preview/"), step.path.rsplit("/", 1)[0] or "/nothing"])
        step.traits.add("path")
    elif kind == "slash":
        step.path += "/"
        step.traits.add("path")
    elif kind == "prefix":
        step.path = step.path.replace(API, AJAX) if API in step.path else step.path.replace(AJAX, API)
    elif kind == "body on get" and step.query:
        step.body, step.query = step.query, {}
        step.headers = {"Content-Type": "application/json"}
    elif kind == "query on post" and isinstance(step.body, dict):
        flat = {key: value for key, value in step.body.items() if isinstance(value, (str, int, float))}
        step.query, step.body = flat, ({} if w.chance(0.5) else step.body)
