"""The model registry: registered models, their versions, stages, aliases, tags, and searches of both."""

from . import filters, values
from .searching import BAD_TOKENS, paging
from .tracking import tags
from .world import API, RegisteredModel, Step

STAGES = ["None", "Staging", "Production", "Archived", "staging", "PRODUCTION"]
ALIASES = ["champion", "challenger", "a_b", "A-1", "ünï"]
ODD_ALIASES = ["latest", "LATEST", "v1", "V12", "a b", "a.b", "", "${a*255}", "${a*256}", "v1a", "1"]
MODELS, VERSIONS = API + "registered-models/", API + "model-versions/"


def body_tags(w):
    return tags(w, 4, 100000 if w.chance(0.02) else 5000)


def create_registered_model(w):
    name = f"model {w.symbol('name')} " + "${nonce}"
    if w.chance(0.1):
        name = w.rng.choice([m.name for m in w.registered] + ["", " ", "a/b", "a:b", "..", "../x", ".", "ünï ${nonce}", "it's ${nonce}",
                             "${m*250}${nonce}", "${m*400}${nonce}", "😀 ${nonce}", "100% ${nonce}", "a_b ${nonce}"])
    body = {"name": name}
    if w.chance(0.5):
        body["description"] = w.rng.choice(["", "good", "ünï", "${d*5000}", "${d*5001}"])
    if w.chance(0.5):
        body["tags"] = body_tags(w)
    if w.chance(0.06):
        body.setdefault("tags", []).append({"key": "mlflow.prompt.is_prompt", "value": w.rng.choice(["true", "True", "false"])})
    return Step("registry", "POST", MODELS + "create", body=body,
                then=lambda: name in [m.name for m in w.registered] or w.registered.append(RegisteredModel(name)))


def get_registered_model(w):
    return Step("registry", "GET", MODELS + "get", {"name": w.registered_model()[1]}, reads=True)


def update_registered_model(w):
    body = {"name": w.registered_model()[1]}
    if w.chance(0.85):
        body["description"] = w.rng.choice(["", "better", "ünï"])
    return Step("registry", "PATCH", MODELS + "update", body=body)


def rename(w):
    model, name = w.registered_model()
    new = f"renamed {w.symbol('name')} " + "${nonce}" if w.chance(0.85) else w.rng.choice(
        [m.name for m in w.registered] + ["", " ", "a/b", "../x"])

    def then():
        if model:
            model.name = new

    return Step("registry", "POST", MODELS + "rename", body={"name": name, "new_name": new}, then=then)


def delete_registered_model(w):
    model, name = w.registered_model(0.5)

    def then():
        if model in w.registered:
            w.registered.remove(model)

    return Step("registry", "DELETE", MODELS + "delete", body={"name": name}, then=then)


def model_tag(w):
    body = {"name": w.registered_model()[1], "key": values.key(w.rng, values.TAG_KEYS)}
    if w.chance(0.3):
        return Step("registry", "DELETE", MODELS + "delete-tag", body=body)
    if w.chance(0.95):
        body["value"] = values.text(w.rng, values.TAG_VALUES, 5000 if w.chance(0.8) else 100000, 0.03)
    return Step("registry", "POST", MODELS + "set-tag", body=body)


def latest_versions(w):
    query = {"name": w.registered_model()[1]}
    if w.chance(0.6):
        query["stages"] = [w.rng.choice(STAGES + ["Foo"] * w.chance(0.1)) for _ in range(w.rng.choice([1, 1, 2]))]
    step = Step("registry", w.rng.choice(["GET", "POST"]), MODELS + "get-latest-versions", unordered=True, reads=True)
    setattr(step, "query" if step.method == "GET" else "body", query)
    return step


def alias(w):
    model, name = w.registered_model()
    one = w.rng.choice(ODD_ALIASES if w.chance(0.15) else ALIASES)
    if w.chance(0.4):
        return Step("registry", "GET", MODELS + "alias", {"name": name, "alias": one}, reads=True)
    if w.chance(0.25):
        return Step("registry", "DELETE", MODELS + "alias", body={"name": name, "alias": one})
    return Step("registry", "POST", MODELS + "alias", body={"name": name, "alias": one, "version": version(w, model)})


# --------------------------------------------------------------- versions


def version(w, model):
    if model and model.versions and w.chance(0.92):
        return str(w.rng.randrange(1, model.versions + 1))
    return w.rng.choice(["1", "99", "0", "-1", "abc", "1.0", "", " 1", "01", "9223372036854775808"])


SOURCES = ["s3://b/m", "gs://b/m", "s3://b/ünï", "dbfs:/m", "/tmp/x", "file:///tmp/x", "rel", "http://h/x", "s3://b/../x", "s3://b/%2e%2e/x",
           "mlflow-artifacts:/0/x/artifacts/m", "mlflow-artifacts:/../x", "mlflow-artifacts://h/x", "models:/nope/1", "models:/x", "s3://b//m",
           "models://h/x/1", "runs:/" + "0" * 32 + "/m", "", " ", "ftp://h/x", "dummy-source", "prompt-template", "s3://b/./m", "s3://b/a b",
           "S3://b/m", "unknown://x", "s3://b/m?x=..", "s3://b/m#f", "${s*500}", "s3://b/${s*600}", "wasbs://c@h/p", "hdfs://h/p", ".", "..",
           "models:/m-" + "0" * 32, "file:rel", "file://h/x", "mlflow-artifacts:x", "C:\\x", "s3://b/m/%252e%252e/x", "s3:", "https://h/x?y"]


def create_version(w):
    model, name = w.registered_model(0.05)
    body = {"name": name, "source": w.rng.choice(SOURCES if w.chance(0.3) else SOURCES[:2])}
    roll = w.rng.random()
    run, id = w.run()
    if roll < 0.3 and run:
        body["run_id"] = id
        if w.chance(0.6):
            body["source"] = w.rng.choice([f"runs:/{id}/model", f"mlflow-artifacts:/{run.experiment.id}/{id}/artifacts/model",
                                           f"runs:/{id}", f"mlflow-artifacts:/{run.experiment.id}/{id}/artifacts/../x", f"runs:/{id}/../x"])
    elif roll < 0.4:
        body["model_id"] = w.model()[1]
        body["source"] = w.rng.choice([f"models:/{body['model_id']}", "s3://b/m"])
    elif roll < 0.5 and w.registered:
        body["source"] = w.rng.choice(["models:/{}/1", "models:/{}/Production", "models:/{}@champion", "models:/{}/latest", "models:/{}"]).format(
            w.registered_model()[1])
    if w.chance(0.3):
        body["run_link"] = w.rng.choice(["http://run/1", ""])
    if w.chance(0.5):
        body["description"] = w.rng.choice(["", "v", "ünï"])
    if w.chance(0.5):
        body["tags"] = body_tags(w)
    if w.chance(0.03):
        body.setdefault("tags", []).append({"key": "mlflow.prompt.is_prompt", "value": "true"})

    def then():
        if model:
            model.versions += 1

    return Step("registry", "POST", VERSIONS + "create", body=body, then=then)


def one_version(w):
    model, name = w.registered_model()
    return {"name": name, "version": version(w, model)}


def get_version(w):
    return Step("registry", "GET", VERSIONS + w.rng.choice(["get", "get", "get-download-uri"]), one_version(w), reads=True)


def update_version(w):
    body = one_version(w)
    if w.chance(0.85):
        body["description"] = w.rng.choice(["", "better", "ünï"])
    return Step("registry", "PATCH", VERSIONS + "update", body=body)


def delete_version(w):
    return Step("registry", "DELETE", VERSIONS + "delete", body=one_version(w))


def transition(w):
    body = {**one_version(w), "stage": w.rng.choice(STAGES + ["Foo", "", "none"] * w.chance(0.1))}
    if w.chance(0.6):
        body["archive_existing_versions"] = w.chance(0.5)
    return Step("registry", "POST", VERSIONS + "transition-stage", body=body)


def version_tag(w):
    body = {**one_version(w), "key": values.key(w.rng, values.TAG_KEYS)}
    if w.chance(0.3):
        return Step("registry", "DELETE", VERSIONS + "delete-tag", body=body)
    if w.chance(0.95):
        body["value"] = values.text(w.rng, values.TAG_VALUES, 5000, 0.02)
    return Step("registry", "POST", VERSIONS + "set-tag", body=body)


# --------------------------------------------------------------- searches


def name_clause(w):
    pool = [m.name for m in w.registered] + ["model %", "%${nonce}", "MODEL%", "renamed%", "nope"]
    prefix = w.rng.choice(["attributes.", "attr."]) if w.chance(0.05) else w.rng.choice(["", "", "attribute."])
    if w.chance(0.25):
        return f"{prefix}name {w.rng.choice(['IN', 'NOT IN', 'in'])} {filters.listing(w, pool)}"
    return f"{prefix}name {filters.operator(w, filters.TEXTUAL)} {filters.quoted(w, w.rng.choice(pool))}"


def tag_clause(w):
    if w.chance(0.1):
        return f"tags.`mlflow.prompt.is_prompt` {w.rng.choice(['=', '!='])} '{w.rng.choice(['true', 'false'])}'"
    left = w.rng.choice(["tags."] * 4 + ["tag."]) + filters.key_name(w, w.rng.choice(values.TAG_KEYS))
    return f"{left} {filters.operator(w, filters.TEXTUAL)} {filters.quoted(w, filters.pattern(w, values.TAG_VALUES))}"


def model_clause(w):
    return w.rng.choice([name_clause, name_clause, tag_clause, tag_clause, filters.odd_clause if w.chance(0.3) else name_clause])(w)


def version_clause(w):
    roll = w.rng.random()
    if roll < 0.6:
        return model_clause(w)
    if roll < 0.75:
        value = w.rng.choice([0, 1, 2, 3, "'1'", "1.5", "'a'", -1])
        return f"version_number {filters.operator(w, filters.NUMERIC)} {value}"
    name = w.rng.choice(["run_id", "source_path"])
    pool = [r.id for r in w.runs][-5:] + ["nope"] if name == "run_id" else ["s3://b/m", "s3://%", "%m"]
    if w.chance(0.3):
        return f"{name} {w.rng.choice(['IN', 'NOT IN'])} {filters.listing(w, pool)}"
    return f"{name} {filters.operator(w, filters.TEXTUAL)} {filters.quoted(w, w.rng.choice(pool))}"


def order(w, names):
    odd = ["creation_timestamp", "foo", "", "name;", "tags.team", "name, timestamp", "attribute.name", "`name`", "version", "aliases"]
    return [w.rng.choice(odd if w.chance(0.08) else names) + filters.direction(w) for _ in range(w.rng.choice([1, 1, 2]))]


def search(w, path, clause, names):
    query = {"filter": "name LIKE '%${nonce}'"}
    traits = set()
    if w.chance(0.7):
        more, traits = filters.build(w, clause)
        query["filter"] = more if w.chance(0.2) else f"{query['filter']} AND {more}"
    if w.chance(0.5):
        query["order_by"] = order(w, names)
    if w.chance(0.5):
        query["max_results"] = w.rng.choice([1, 2, 3, 5, 100, 1000])
    if w.chance(0.04):
        query["max_results"] = w.rng.choice([0, -1, 1001, 200000, 200001, "abc", ""])
    if w.chance(0.03):
        query["page_token"] = w.rng.choice(BAD_TOKENS)
    return paging(w, Step("registry", "GET", path, query, traits=traits, reads=True), query)


def search_registered_models(w):
    return search(w, MODELS + "search", model_clause, ["name", "timestamp", "last_updated_timestamp"])


def search_versions(w):
    return search(w, VERSIONS + "search", version_clause, ["name", "version_number", "creation_timestamp", "last_updated_timestamp"])


REGISTRY = [(create_registered_model, 4), (get_registered_model, 4), (update_registered_model, 2), (rename, 1),
            (delete_registered_model, 1), (model_tag, 3), (latest_versions, 3), (alias, 6), (create_version, 7), (get_version, 4),
            (update_version, 2), (delete_version, 1), (transition, 4), (version_tag, 3), (search_registered_models, 7),
            (search_versions, 7)]
