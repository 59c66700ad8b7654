#!/usr/bin/env python3
"""Erasing a run with a long history: how long `oxflow gc` takes, and how much memory.

    python3 bench/gc.py --server target/release/oxflow [--points 10000000] [--stock .venvs/mlflow-3.17.2/bin/mlflow]

Prints a table: seconds, and the largest resident memory of the process. The points are written past the server, into its
SQLite database; the first line, a run with ten points, is what the program itself needs. With --stock, `mlflow gc` does the
same beside it.
"""

import argparse
import http.client
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time

import servers

POINTS = """
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
WITH RECURSIVE point(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM point WHERE n + 1 < :count)
SELECT 'metric' || (n % 10), n, n, :run, n / 10, 0 FROM point
"""


def call(server, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", f"/api/2.0/mlflow/{path}", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    payload = answer.read()
    assert answer.status == 200, payload
    return json.loads(payload)


def in_the_bin(server, folder, points):
    """A database with one deleted run."""
    with servers.Server(server, folder) as running:
        # A folder, not the proxy: MLflow's gc would want a server for that.
        experiment = call(running, "experiments/create", {"name": "long", "artifact_location": str(folder / "artifacts")})
        run = call(running, "runs/create", experiment)["run"]["info"]["run_id"]
        call(running, "runs/delete", {"run_id": run})
    database = sqlite3.connect(folder / "tracking.db")
    with database:
        database.execute(POINTS, {"count": points, "run": run})
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / "tracking.db"


def erase(command, database, name, points):
    log = database.with_suffix(".log")
    began = time.monotonic()
    with open(log, "wb") as output:
        uri = f"sqlite:///{database}"
        process = subprocess.Popen([*command, "gc", "--backend-store-uri", uri], stdout=output, stderr=output, cwd=database.parent,
                                   env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": uri})
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    assert status == 0, log.read_text()[-2000:]
    left = sqlite3.connect(database).execute("SELECT (SELECT count(*) FROM metrics) + (SELECT count(*) FROM runs)").fetchone()[0]
    assert left == 0, f"{left} rows are left"
    cpu = usage.ru_utime + usage.ru_stime
    print(f"| {points:,} | {name} | {seconds:.1f} s | {cpu:.1f} s | {usage.ru_maxrss / 1024:,.0f} MiB |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="the binary oxflow")
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--stock", help="the program mlflow")
    args = parser.parse_args()
    print(f"Load of the machine before: {os.getloadavg()[0]:.1f}, on {os.cpu_count()} CPUs.\n")
    print("| points | by | time | CPU | largest memory |\n|---:|---|---:|---:|---:|")
    oxflow = [os.path.abspath(args.server)]
    both = [("Oxflow", oxflow)] + ([("stock MLflow", [os.path.abspath(args.stock)])] if args.stock else [])
    for points in (10, args.points):
        for name, command in both:
            with tempfile.TemporaryDirectory() as folder:
                database = in_the_bin(oxflow, pathlib.Path(folder), points)
                erase(command, database, name, points)


if __name__ == "__main__":
    main()
