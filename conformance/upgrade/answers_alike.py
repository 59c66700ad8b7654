"""Stock MLflow and Oxflow, each on its upgraded copy of one database, are asked the same things."""

import contextlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import time
import urllib.parse

API = "/api/2.0/mlflow/"
NOT_BUILT = 501


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(command, database, folder):
    """A server on a database; gives its port."""
    port = free_port()
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    arguments = ["server", "--backend-store-uri", f"sqlite:///{database}", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with open(folder / f"{database.name}.log", "wb") as log:
        server = subprocess.Popen([str(command), *arguments], cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        wait(server, port, log.name)
        yield port
    finally:
        # Stock MLflow's workers are processes of their own, in one group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, 9)
            server.wait()


def wait(server, port, log):
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended; see {log}")
        with contextlib.suppress(OSError):
            if ask(port, ("GET", "/health", None))[0] == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the server does not answer; see {log}")


def ask(port, request):
    method, path, body = request
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
    response = connection.getresponse()
    payload = response.read()
    connection.close()
    with contextlib.suppress(ValueError):
        payload = json.loads(payload)
    return response.status, normal(payload)


def normal(value):
    """Lists whose order means nothing are sorted by the key of their members."""
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [normal(item) for item in value]
        keyed = all(isinstance(item, dict) and ("key" in item or "alias" in item) for item in items)
        stepped = any(isinstance(item, dict) and "step" in item for item in items)
        return sorted(items, key=json.dumps) if keyed or stepped else items
    return value


def requests(database):
    """What is asked, from what is in the database."""
    db = sqlite3.connect(database)
    column = lambda sql: [row[0] for row in db.execute(sql)]  # noqa: E731
    experiments = [str(number) for number in column("SELECT experiment_id FROM experiments ORDER BY 1")]
    runs = column("SELECT run_uuid FROM runs ORDER BY 1")
    metrics = db.execute('SELECT DISTINCT run_uuid, "key" FROM metrics ORDER BY 1, 2').fetchall()
    models = column("SELECT name FROM registered_models ORDER BY 1")
    aliases = db.execute("SELECT name, alias FROM registered_model_aliases ORDER BY 1, 2").fetchall()
    logged = column("SELECT model_id FROM logged_models ORDER BY 1")
    db.close()

    def get(path, **query):
        return "GET", API + path + "?" + urllib.parse.urlencode(query), None

    def post(path, **body):
        return "POST", API + path, body

    yield post("experiments/search", max_results=100, view_type="ALL", order_by=["experiment_id ASC"])
    for number in experiments:
        yield get("experiments/get", experiment_id=number)
    for filter_, order in (
        ("", "attributes.start_time ASC"), ("metrics.loss < 0.5", "metrics.loss DESC"), ("tags.unicode LIKE '%x%'", "attributes.end_time DESC"),
        ("attributes.status = 'FINISHED'", "params.p1 ASC"), ("params.empty = ' '", "attributes.run_id ASC"),
    ):
        tie = ["attributes.run_id ASC"] if "run_id" not in order else []
        yield post("runs/search", experiment_ids=experiments, max_results=500, run_view_type="ALL", filter=filter_, order_by=[order, *tie])
    for run in runs:
        yield get("runs/get", run_id=run)
    for run, key in metrics[:40]:
        yield get("metrics/get-history", run_id=run, metric_key=key)
    yield get("registered-models/search", max_results=100)
    yield get("model-versions/search", max_results=100)
    for name in models:
        yield get("registered-models/get", name=name)
        yield post("registered-models/get-latest-versions", name=name)
    for name, alias in aliases:
        yield get("registered-models/alias", name=name, alias=alias)
    yield post("logged-models/search", experiment_ids=experiments, max_results=50, order_by=[{"field_name": "name", "ascending": True}])
    for model in logged:
        yield get(f"logged-models/{model}")


def differences(mlflow, oxflow, stock_database, our_database, folder):
    """Lines about answers that differ, and how many were the same."""
    lines, same = [], 0
    with serving(mlflow, stock_database, folder) as stock, serving(oxflow, our_database, folder) as ours:
        for request in requests(stock_database):
            want, got = ask(stock, request), ask(ours, request)
            if want == got:
                same += 1
            elif got[0] != NOT_BUILT:
                lines.append(f"{request}:\n    stock  {str(want)[:600]}\n    oxflow {str(got)[:600]}")
    return lines, same
