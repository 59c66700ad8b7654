"""Makes the answers of two servers comparable, and says where they differ.

Ids, times of now, generated names and folders differ between any two servers: they are replaced by what they
stand for. Tags, params and the latest metrics of one run have no promised order.
"""

import base64
import json
import re

ID = re.compile(r"(?:[md]|ls|rq|iss)-[0-9a-f]{32}|\b[0-9a-f]{32}\b")
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
NOW = re.compile(r"(?:1[7-9]|20)\d{11}")
PYTHON_SET = re.compile(r"\{('[^{}']*'(?:, '[^{}']*')+)\}")
# SQL errors name the driver, the statement and its parameters.
DRIVER = re.compile(r"\((?:sqlite3|builtins|raised)[\s\S]*|(?<=already exists\. Error: )[\s\S]*|UNIQUE constraint failed[\s\S]*")
TIMES = {"creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp", "creation_timestamp_ms",
         "last_updated_timestamp_ms", "created_time", "created_at", "last_updated_at", "creation_time_ms", "last_update_time_ms",
         "created_timestamp"}
NAMES = {"run_name", "name"}
EXPERIMENT_IDS = {"experiment_id", "experiment_ids"}
MODEL_HISTORY = "mlflow.log-model.history"
UNORDERED = {"tags", "params", "aliases", "dataset_inputs", "model_inputs", "model_outputs", "experiment_ids",
             "schema_ids"}


class Names:
    """The symbols of one server's ids, both ways."""

    def __init__(self, folder, port):
        self.values, self.symbols, self.experiments = {}, {}, {}
        self.folder, self.port = folder, str(port)
        self.exact = False  # Whether times and generated names are the same on both servers.

    def bind(self, symbol, value):
        self.values[symbol] = value
        if symbol.startswith("exp"):
            self.experiments[str(value)] = symbol
        elif not symbol.startswith("token"):
            self.symbols[str(value)] = symbol

    def replace(self, text):
        text = ID.sub(lambda m: "${%s}" % self.symbols[m[0]] if m[0] in self.symbols else "<hex32>", text)
        text = UUID.sub(lambda m: "${%s}" % self.symbols[m[0]] if m[0] in self.symbols else "<uuid>", text)
        text = re.sub(r"(?<=mlflow-artifacts:/)\d+", lambda m: experiment(m[0], self), text)
        text = text.replace(self.values.get("nonce", "${nonce}"), "${nonce}")
        return text.replace(self.folder, "<dir>").replace(self.port, "<port>")


class Normal:
    """An answer as it should look on every server. `body` is None if it is not JSON."""

    def __init__(self, answer, names, unordered=False):
        self.status = answer.status
        self.media = answer.headers.get("content-type", "").split(";")[0]
        self.body, self.text = None, None
        payload = answer.text()
        if self.media == "application/json" and payload:
            try:
                self.body = tidy(answer.json(), names)
                if unordered:
                    sort_lists(self.body)
            except ValueError:
                self.text = names.replace(payload)
        else:
            self.text = names.replace(payload) if "html" not in self.media else "<page>"
        errors = self.body if isinstance(self.body, dict) else {}
        self.error_code = errors.get("error_code")
        self.message = errors.get("message", "") if self.error_code else ""

    @property
    def ok(self):
        return self.status < 400

    def short(self, limit=700):
        text = self.text if self.body is None else json.dumps(self.body, ensure_ascii=False)
        text = text or ""
        return f"{self.status} {self.media if self.body is None else ''} {text if len(text) <= limit else text[:limit] + '...'}"


def tidy(value, names, key=None, parent=None, holder=None):
    """A JSON value without what differs between servers; `key` is where it is in `parent`, which is at `holder`."""
    if isinstance(value, dict):
        return {names.replace(k): tidy(item, names, k, value, key) for k, item in value.items()}
    if isinstance(value, list):
        items = [tidy(item, names, key, parent or {}) for item in value]
        return sorted(items, key=sortable) if key in UNORDERED or (key == "metrics" and holder == "data") else items
    if key in EXPERIMENT_IDS and isinstance(value, int):
        return experiment(str(value), names)
    if key in TIMES and not names.exact and isinstance(value, int) and not isinstance(value, bool) and NOW.fullmatch(str(value)):
        return "<now>"
    if not isinstance(value, str):
        return value
    parent = parent or {}
    if key == "digest" and "dataset_id" in (parent or {}):
        return "<digest>"  # Of a name and a moment.
    if key == "records" and not names.exact:
        return [tidy(record, names) for record in json.loads(value)] if value.startswith("[") else value
    if key == "next_page_token":
        return token(value, names)
    if key == "message":
        return message(names.replace(value), names)
    if key in EXPERIMENT_IDS:
        return experiment(value, names)
    if key == "error_message":
        return re.sub(r"(?<=^Failed to test webhook: )[\s\S]*", "<why>", value)
    if key in NAMES or (key == "value" and parent.get("key") == "mlflow.runName"):
        value = "<random-name>" if RANDOM_NAME.fullmatch(value) and not names.exact else value
    if parent.get("key") == MODEL_HISTORY and key == "value":
        value = spelled_alike(value)
    if NOW.fullmatch(value) and str(parent.get("key")).startswith("mlflow."):
        return "<now>"
    return names.replace(value)


def spelled_alike(text):
    """A JSON text without regard to the order of members and to spaces."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def experiment(id, names):
    return "${%s}" % names.experiments[id] if id in names.experiments else id


def token(value, names):
    try:
        return json.dumps(tidy(json.loads(base64.b64decode(value)), names), sort_keys=True)
    except ValueError:
        return "<token>"


def message(text, names):
    text = DRIVER.sub("<driver>", text)
    if "xperiment" in text:
        text = re.sub(r"(?<=id[ =])\d+|(?<=experiment )\d+|(?<=experiment ')\d+(?=')", lambda m: experiment(m[0], names), text)
    text = re.sub(r"(?<=Got value )\d+", lambda m: experiment(m[0], names), text)
    text = re.sub(r"(?<=')\d+(?=/\$\{)", lambda m: experiment(m[0], names), text)
    return PYTHON_SET.sub(lambda m: "{%s}" % ", ".join(sorted(m[1].split(", "))), text)


def sortable(item):
    return json.dumps(item, sort_keys=True)


def sort_lists(body):
    for key, value in body.items() if isinstance(body, dict) else ():
        if isinstance(value, list):
            body[key] = sorted(value, key=sortable)


# -------------------------------------------------------------- comparison


def compare(want, got):
    """Differences of two normal answers as (place, stock's, ours); places have no list positions."""
    if want.status != got.status:
        return [("status", want.status, got.status)]
    if (want.body is None) != (got.body is None) or (want.body is None and want.text != got.text):
        return [("media", f"{want.media} {want.text or ''}"[:200], f"{got.media} {got.text or ''}"[:200])]
    if want.media != got.media:
        return [("media", want.media, got.media)]
    return inside(want.body, got.body, "body")


def inside(want, got, place):
    if isinstance(want, dict) and isinstance(got, dict):
        found = []
        for key in {**want, **got}:
            if key not in got:
                found.append((f"{place}.{key}", want[key], "<absent>"))
            elif key not in want:
                found.append((f"{place}.{key}", "<absent>", got[key]))
            else:
                found += inside(want[key], got[key], f"{place}.{key}")
        return found
    if isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            return [(f"{place}[length]", names_of(want), names_of(got))]
        if want != got and sorted(map(sortable, want)) == sorted(map(sortable, got)):
            return [(f"{place}[order]", names_of(want), names_of(got))]
        return [difference for pair in zip(want, got) for difference in inside(*pair, f"{place}[]")]
    if type(want) is type(got) and (want == got or want != want and got != got):
        return []
    return [(place, want, got)]


def names_of(items):
    """What identifies the items of a list, to see at a glance which are missing."""
    found = []
    for item in items:
        text = json.dumps(item)
        symbol = re.search(r"\$\{(?:run|exp|model|version)\d+\}", text)
        found.append(symbol[0] if symbol else text[:80])
    return found
