"""Webhooks. What they are told goes to a port of this machine where nobody listens."""

from .world import API, Resource, Step

WEBHOOKS = API + "webhooks"
BAD_IDS = ["00000000-0000-0000-0000-000000000000", "nope", "a b"]
URLS = ["https://127.0.0.1:9/a", "https://127.0.0.1:9/a?b=c%20d#e", "HTTPS://127.0.0.1:9", "https://user:pass@127.0.0.1:9/", "https://[::1]:9/é"]
ODD_URLS = ["http://127.0.0.1:9/", "ftp://127.0.0.1/", "127.0.0.1", "https://", "https:///a", "", " ", "//127.0.0.1", "https:127.0.0.1", "é"]
NAMES = ["hook", "Hook-1", "a.b_c", "7"]
ODD_NAMES = ["", " ", "-a", "a-", "a b", "é", "${h*63}", "${h*64}", "a/b", "a\n"]
EVENTS = [("REGISTERED_MODEL", "CREATED"), ("MODEL_VERSION", "CREATED"), ("MODEL_VERSION_TAG", "SET"), ("MODEL_VERSION_TAG", "DELETED"),
          ("MODEL_VERSION_ALIAS", "CREATED"), ("MODEL_VERSION_ALIAS", "DELETED"), ("PROMPT", "CREATED"), ("PROMPT_VERSION", "CREATED"),
          ("PROMPT_TAG", "SET"), ("PROMPT_VERSION_TAG", "DELETED"), ("PROMPT_ALIAS", "CREATED"), ("BUDGET_POLICY", "EXCEEDED"), (1, 1)]
ODD_EVENTS = [("REGISTERED_MODEL", "DELETED"), ("PROMPT_TAG", "CREATED"), ("MODEL_VERSION", "UPDATED"), ("ENTITY_UNSPECIFIED", "CREATED"),
              ("PROMPT", "ACTION_UNSPECIFIED"), (None, "CREATED"), ("PROMPT", None)]


def hook(w, dead=0.08):
    if w.chance(dead) or not w.hooks:
        return None, w.rng.choice(BAD_IDS)
    found = w.rng.choice(w.hooks)
    return found, found.id


def event(w, odd=0.02):
    entity, action = w.rng.choice(ODD_EVENTS if w.chance(odd) else EVENTS)
    return {key: value for key, value in (("entity", entity), ("action", action)) if value is not None}


def events(w):
    found = [event(w) for _ in range(w.rng.choice([0, 1, 1, 1, 2, 3]) if w.chance(0.3) else 1)]
    return [one for at, one in enumerate(found) if one not in found[:at]]


def create(w):
    body = {"name": w.rng.choice(NAMES if w.chance(0.93) else ODD_NAMES), "url": w.rng.choice(URLS if w.chance(0.93) else ODD_URLS),
            "events": events(w)}
    if w.chance(0.4):
        body["description"] = w.rng.choice(["told", "", "ünï", "${d*1000}"])
    if w.chance(0.3):
        body["secret"] = w.rng.choice(["s", "", "é", "${s*300}"])
    if w.chance(0.5):
        body["status"] = w.rng.choice(["ACTIVE", "DISABLED", 1, 2])
    symbol = w.symbol("hook")
    return Step("webhooks", "POST", WEBHOOKS, body=body, capture={symbol: "webhook.webhook_id"},
                then=lambda: w.hooks.append(Resource("${%s}" % symbol)))


def get(w):
    return Step("webhooks", "GET", f"{WEBHOOKS}/{hook(w)[1]}", reads=True)


def listed(w):
    query = {}
    if w.chance(0.7):
        query["max_results"] = w.rng.choice([1, 2, 5, 1000, 0, -1, 1001])
    if w.chance(0.15):
        query["page_token"] = w.rng.choice(["", "zz", "eyJvZmZzZXQiOiAxfQ==", "e30="])
    return Step("webhooks", "GET", WEBHOOKS, query, reads=True)


def update(w):
    body = {}
    if w.chance(0.4):
        body["name"] = w.rng.choice(NAMES if w.chance(0.9) else ODD_NAMES)
    if w.chance(0.4):
        body["url"] = w.rng.choice(URLS if w.chance(0.9) else ODD_URLS)
    if w.chance(0.4):
        body["events"] = events(w)
    if w.chance(0.3):
        body["description"] = w.rng.choice(["better", "", "é"])
    if w.chance(0.2):
        body["secret"] = w.rng.choice(["t", ""])
    if w.chance(0.3):
        body["status"] = w.rng.choice(["ACTIVE", "DISABLED"])
    return Step("webhooks", "PATCH", f"{WEBHOOKS}/{hook(w)[1]}", body=body)


def delete(w):
    found, id = hook(w, 0.2)
    return Step("webhooks", "DELETE", f"{WEBHOOKS}/{id}", then=lambda: found in w.hooks and w.hooks.remove(found))


def test(w):
    body = {"event": event(w, 0.1)} if w.chance(0.5) else {}
    return Step("webhooks", "POST", f"{WEBHOOKS}/{hook(w)[1]}/test", body=body, reads=True)


HOOKS = [(create, 4), (get, 3), (listed, 3), (update, 4), (delete, 1), (test, 1)]
