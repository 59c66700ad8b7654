#!/usr/bin/env python3
"""Make a SQLite tracking database for measuring the web pages (web/scripts/measure.mjs).

    page_database.py FILE [--runs 10000] [--metrics 100] [--steps 100000]

Experiment 1: many runs with as many metrics and 10 params each. Experiment 2: 50 runs with 20 metrics of 1,000 points.
Experiment 3: 50 runs with one metric of many points. The schema is MLflow's, without our extra indexes; the server adds
those when it opens the file.
"""

import argparse
import hashlib
import math
import random
import sqlite3
import time
from pathlib import Path

SCHEMA = Path(__file__).parent.parent / "crates/store-sql/src/schema/sqlite.sql"
START = 1_760_000_000_000
CURVES = 50


def run_id(experiment, number):
    return hashlib.md5(f"{experiment} {number}".encode()).hexdigest()


def add_experiment(database, number, name):
    database.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)"
        " VALUES (?, ?, ?, 'active', ?, ?)", (number, name, f"mlflow-artifacts:/{number}", START, START))


def add_run(database, experiment, number):
    run = run_id(experiment, number)
    start = START + number * 60_000
    database.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,"
        " source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, ?)",
        (run, f"run-{number}", start, start + 50_000, f"mlflow-artifacts:/{experiment}/{run}/artifacts", experiment))
    database.executemany("INSERT INTO tags VALUES (?, ?, ?)", [
        ("mlflow.user", "bench", run), ("mlflow.runName", f"run-{number}", run), ("mlflow.source.name", "train.py", run)])
    return run, start


def add_points(database, run, key, points):
    rows = [(key, value, time_ms, run, step, 0) for step, time_ms, value in points]
    database.executemany('INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)', rows)
    key, value, time_ms, run, step, _ = rows[-1]
    database.execute('INSERT INTO latest_metrics ("key", value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)',
                     (key, value, time_ms, step, run))


def curve(rng, start, steps):
    speed, noise = rng.uniform(2, 6), rng.uniform(0.01, 0.05)
    return ((step, start + step * 10, math.exp(-speed * step / steps) + 0.2 + rng.gauss(0, noise)) for step in range(steps))


def build(path, runs, metrics, steps):
    database = sqlite3.connect(path)
    database.executescript(SCHEMA.read_text())
    database.execute("PRAGMA synchronous = OFF")
    rng = random.Random(7)
    add_experiment(database, 1, "many runs")
    for number in range(runs):
        run, start = add_run(database, 1, number)
        for at in range(metrics):
            add_points(database, run, f"metrics/m{at:03}", [(0, start, rng.random())])
        params = [(f"p{at}", str(rng.choice((0.1, 0.01, 0.001))), run) for at in range(9)]
        database.executemany("INSERT INTO params VALUES (?, ?, ?)", [*params, ("seed", str(number), run)])
    add_experiment(database, 2, "20 curves of 50 runs")
    add_experiment(database, 3, "long curves of 50 runs")
    for number in range(CURVES):
        run, start = add_run(database, 2, number)
        for at in range(20):
            add_points(database, run, f"train/m{at:02}", curve(rng, start, 1000))
        run, start = add_run(database, 3, number)
        add_points(database, run, "loss", curve(rng, start, steps))
    database.commit()
    database.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--metrics", type=int, default=100)
    parser.add_argument("--steps", type=int, default=100_000, help="points of a long curve")
    args = parser.parse_args()
    if args.file.exists():
        parser.error(f"{args.file} exists")
    started = time.monotonic()
    build(args.file, args.runs, args.metrics, args.steps)
    print(f"{args.file}: {args.file.stat().st_size >> 20} MiB in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
