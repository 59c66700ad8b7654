"""Reviewing traces. Nothing makes traces yet, so the test puts them into the database itself."""

import contextlib
import json
import sqlite3
import urllib.error
import urllib.parse
import urllib.request


def call(server, method, path, body=None, **query):
    url = f"{server.uri}/api/3.0/mlflow/review-queues/{path}"
    if query:
        url += "?" + urllib.parse.urlencode(query)
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def add_traces(database, *traces):
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.executemany(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (?, 0, 1, 'OK')",
            [(trace,) for trace in traces])


def states(server, queue, **query):
    _, listed = call(server, "GET", "items/list", queue_id=queue, **query)
    return {item["item_id"]: (item["status"], item.get("completed_by")) for item in listed.get("items", [])}


def test_traces_are_reviewed_in_queues(new_server):
    with new_server() as server:
        _, made = call(server, "POST", "create", {"experiment_id": "0", "name": "team", "queue_type": "CUSTOM"})
        queue = made["review_queue"]["queue_id"]
        add_traces(server.database, "tr-1", "tr-2")
        status, refused = call(server, "POST", "items/add", {"queue_id": queue, "item_ids": ["tr-1", "tr-x"]})
        assert (status, refused["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
        assert "['tr-x']" in refused["message"]
        status, added = call(server, "POST", "items/add", {"queue_id": queue, "item_ids": [" tr-2", "tr-1", "tr-2"]})
        assert (status, [item["item_id"] for item in added["items"]]) == (200, ["tr-2", "tr-1"])
        assert states(server, queue) == {"tr-1": ("PENDING", None), "tr-2": ("PENDING", None)}

        def review(item, status, **by):
            return call(server, "POST", "items/set-status", {"queue_id": queue, "item_id": item, "status": status, **by})

        status, done = review("tr-1", "COMPLETE", completed_by=" Ada")
        assert (status, done["item"]["completed_by"]) == (200, "ada")
        _, again = review("tr-1", "COMPLETE", completed_by="bob")
        assert again == done, "who was first stays on record"
        call(server, "POST", "items/add", {"queue_id": queue, "item_ids": ["tr-1"]})
        assert states(server, queue, status="COMPLETE") == {"tr-1": ("COMPLETE", "ada")}
        _, reopened = review("tr-1", "PENDING")
        assert "completed_time_ms" not in reopened["item"]
        review("tr-2", "DECLINED", completed_by="bob")
        assert states(server, queue) == {"tr-1": ("PENDING", None), "tr-2": ("DECLINED", "bob")}

        frozen = {"queue_id": queue, "update_schema_ids": True}
        assert "locked" in call(server, "POST", "update", frozen)[1]["message"]
        _, holding = call(server, "GET", "list", experiment_id=0, item_id="tr-1")
        assert [one["queue_id"] for one in holding["review_queues"]] == [queue]
        call(server, "POST", "items/remove", {"queue_id": queue, "item_ids": ["tr-1", "tr-2"]})
        assert states(server, queue) == {}
        assert call(server, "POST", "update", frozen)[0] == 200
