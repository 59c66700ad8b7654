"""kill -9 under load: every point that the server acknowledged is there after it starts again.

OXFLOW_CRASH_KILLS sets the number of kills (default 20).
"""

import contextlib
import http.client
import json
import os
import random
import sqlite3
import threading
import time

from harness import API

KILLS = int(os.environ.get("OXFLOW_CRASH_KILLS", 20))
PAIRS = 3  # Of writers: one logs single points, the other batches.
BATCH = 50


class Writer(threading.Thread):
    """Logs numbered points on one keep-alive connection until the server is gone; notes what was acknowledged."""

    def __init__(self, server, run_id, key):
        super().__init__(daemon=True)
        self.run_id, self.key, self.size = run_id, key, BATCH if key.startswith("batch") else 1
        self.acknowledged, self.refused = 0, None
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def point(self, step):
        return {"key": self.key, "value": step * 0.1, "timestamp": 1000 + step, "step": step}

    def post(self, path, body):
        self.connection.request("POST", f"{API}/runs/{path}", json.dumps({"run_id": self.run_id, **body}),
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def log(self, first):
        if self.size == 1:
            return self.post("log-metric", self.point(first))
        return self.post("log-batch", {"metrics": [self.point(step) for step in range(first, first + self.size)]})

    def run(self):
        try:
            while self.refused is None:
                status, text = self.log(self.acknowledged)
                if status == 200:
                    self.acknowledged += self.size
                else:
                    self.refused = f"{status} {text.decode(errors='replace')}"
        except (OSError, http.client.HTTPException):
            pass  # The server was killed: whatever was in flight is not promised.
        finally:
            self.connection.close()


def test_no_acknowledged_point_is_lost(new_server):
    server = new_server().start()
    chance, rounds = random.Random(1), []
    for kill in range(KILLS):
        run_id = server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        writers = [Writer(server, run_id, f"{kind} {index}") for index in range(PAIRS) for kind in ("single", "batch")]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.2, 0.8))
        server.kill()
        for writer in writers:
            writer.join(40)
            assert writer.refused is None, f"kill {kill}: {writer.refused}"
        server.start()
        rounds.append((run_id, {writer.key: stored(server, writer, f"after kill {kill}") for writer in writers}))
    points = sum(count for _, counts in rounds for count in counts.values())
    assert points > KILLS * PAIRS, f"too little was logged to prove anything: {points} points"
    for run_id, counts in rounds:
        assert latest_steps(server, run_id) == {key: count - 1 for key, count in counts.items() if count}
    server.stop()
    check_database(server, points)


def stored(server, writer, when):
    """How many points of a writer there are; every acknowledged one is there once, with its value."""
    path = f"/metrics/get-history?run_id={writer.run_id}&metric_key={writer.key.replace(' ', '%20')}"
    history = server.call("GET", path).get("metrics", [])
    steps = [point["step"] for point in history]
    lost = set(range(writer.acknowledged)) - set(steps)
    assert not lost, f"{when}, {writer.key}: {len(lost)} of {writer.acknowledged} acknowledged points lost"
    # One request may have been in flight: its points are there or not, but never some of them.
    assert steps == list(range(writer.acknowledged)) or steps == list(range(writer.acknowledged + writer.size)), (
        f"{when}, {writer.key}: {writer.acknowledged} acknowledged, {len(steps)} stored")
    wrong = [point for point in history if point["value"] != point["step"] * 0.1]
    assert not wrong, f"{when}, {writer.key}: {wrong[:3]}"
    return len(steps)


def latest_steps(server, run_id):
    """The latest value belongs to the last point: the two tables never parted."""
    metrics = server.call("GET", f"/runs/get?run_id={run_id}")["run"]["data"].get("metrics", [])
    return {metric["key"]: metric["step"] for metric in metrics}


def check_database(server, points):
    with contextlib.closing(sqlite3.connect(server.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM metrics").fetchone() == (points,)
