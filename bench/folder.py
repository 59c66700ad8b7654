#!/usr/bin/env python3
"""Folders of MLflow's file store: listing one with many runs, and moving it to a database and back.

    python3 bench/folder.py --server target/release/oxflow [--stock PATH/TO/mlflow] [--runs 10000]

Prints a Markdown table. Everything it made is removed at the end.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from servers import Server

ENVIRONMENT = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
METRICS, POINTS, PARAMS, TAGS = 10, 20, 10, 5
SEARCHES = {
    "first page of 100 runs": {},
    "100 runs by a metric": {"order_by": ["metrics.m3 DESC"]},
    "a metric and a param condition": {"filter": "metrics.m1 > 0.5 AND params.p2 = '7'"},
}


def make_folder(folder, runs):
    """A folder as MLflow writes it."""
    for number, name in [(0, "Default"), (1, "many")]:
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "meta.yaml").write_text(
            f"artifact_location: {folder}/{number}\ncreation_time: 1\nexperiment_id: '{number}'\nlast_update_time: 1\n"
            f"lifecycle_stage: active\nname: {name}\n")
    (folder / "models").mkdir()
    (folder / ".trash").mkdir()
    for number in range(runs):
        run = folder / "1" / f"{number:032x}"
        for kind in ["metrics", "params", "tags", "artifacts"]:
            (run / kind).mkdir(parents=True)
        for at in range(METRICS):
            lines = "".join(f"{1_700_000_000_000 + step} {(number * 7 + at + step) % 1000 / 1000!r} {step}\n" for step in range(POINTS))
            (run / "metrics" / f"m{at}").write_text(lines)
        for at in range(PARAMS):
            (run / "params" / f"p{at}").write_text(str((number + at) % 10))
        for at in range(TAGS):
            (run / "tags" / f"t{at}").write_text(f"v{number % 10}")
        (run / "meta.yaml").write_text(
            f"artifact_uri: {run}/artifacts\nend_time: 1700000001000\nentry_point_name: ''\nexperiment_id: '1'\n"
            f"lifecycle_stage: active\nrun_id: '{run.name}'\nrun_name: run-{number}\nsource_name: ''\nsource_type: 4\n"
            f"source_version: ''\nstart_time: {1_700_000_000_000 + number}\nstatus: 3\ntags: []\nuser_id: u\n")


def listing(command, home, store, repeat):
    """Milliseconds of the first search after the start, and the median of later ones."""
    results = {}
    os.environ.update(ENVIRONMENT)
    with Server(command, home, store=str(store)) as server:
        for name, search in SEARCHES.items():
            body = json.dumps({"experiment_ids": ["1"], "max_results": 100, **search})
            taken = []
            for _ in range(1 + repeat):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
                began = time.perf_counter()
                connection.request("POST", "/api/2.0/mlflow/runs/search", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                found = json.loads(answer.read())
                taken.append((time.perf_counter() - began) * 1000)
                assert answer.status == 200 and len(found["runs"]) == 100, found
                connection.close()
            if not results:
                results["first search after the start"] = taken[0]
            results[name] = statistics.median(taken[1:])
    return results


def move(command, source, target, names=("--from", "--to")):
    began = time.perf_counter()
    done = subprocess.run([*command, names[0], str(source), names[1], str(target), "--no-progress"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT})
    assert done.returncode == 0, done.stdout
    return time.perf_counter() - began, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--stock")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    server, stock = [str(Path(args.server).resolve())], args.stock and [str(Path(args.stock).absolute())]
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        folder = home / "data" / "mlruns"
        make_folder(folder, args.runs)
        rows = args.runs * (1 + METRICS * POINTS + PARAMS + TAGS)
        print(f"{args.runs:,} runs, each with {METRICS} metrics of {POINTS} points, {PARAMS} params, {TAGS} tags: {rows:,} rows\n")
        ours = listing(server, home / "ours", folder, args.repeat)
        theirs = listing(stock, home / "stock", folder, args.repeat) if stock else {}
        print("| search | Oxflow, ms | MLflow, ms | ratio |\n|---|---:|---:|---:|")
        for name, value in ours.items():
            other = theirs.get(name)
            print(f"| {name} | {value:,.0f} | " + (f"{other:,.0f} | {other / value:,.0f} × |" if other else "| |"))
        print("\n| move | seconds | rows/s |\n|---|---:|---:|")
        database = f"sqlite:///{home / 'ours.db'}"
        for name, source, target in [("folder to SQLite", folder, database), ("SQLite to folder", database, home / "copy"),
                                     ("SQLite to SQLite", database, f"sqlite:///{home / 'other.db'}")]:
            for what, options in [(name, ["--no-verify"]), (f"{name} again, with the comparison", [])]:
                seconds, _ = move([*server, "migrate", *options], source, target)
                print(f"| {what} | {seconds:.1f} | {rows / seconds:,.0f} |")
        if stock:
            seconds, _ = move([*stock, "migrate-filestore"], home / "data", f"sqlite:///{home / 'stock.db'}", ("--source", "--target"))
            print(f"| MLflow: folder to SQLite | {seconds:.1f} | {rows / seconds:,.0f} |")


if __name__ == "__main__":
    main()
