#!/usr/bin/env python3
"""Make a SQLite tracking database with many runs, for measuring searches.

    large_database.py FILE [--runs 100000] [--history 1000000]

Experiment 1 holds these runs; 50 others share a tenth as many more, so that searches have rows
of other experiments to skip. Every run has 10 metrics, 11 parameters and 5 tags. One run
also has one metric with a long history. The schema is MLflow's, without our extra indexes:
both servers get what MLflow would have left behind.
"""

import argparse
import hashlib
import sqlite3
import time
from pathlib import Path

SCHEMA = Path(__file__).parent.parent / "crates/store-sql/src/schema/sqlite.sql"
SMALL_EXPERIMENTS = 50
START = 1_760_000_000_000

# `number` counts the runs; a prime multiplier spreads the values without a random source.
STATEMENTS = f"""
INSERT INTO experiments
    (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
SELECT number, iif(number, 'experiment-' || number, 'Default'), 'mlflow-artifacts:/' || number,
       'active', {START}, {START}
FROM number_to(51);

INSERT INTO runs
    (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
     end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
SELECT id, 'run-' || number, 'UNKNOWN', '', '', 'bench', 'FINISHED', {START} + number * 1000,
       {START} + number * 1000 + 500, '', 'active',
       'mlflow-artifacts:/' || experiment || '/' || id || '/artifacts', experiment
FROM run_ids;

INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan)
SELECT 'm' || k.number, ((r.number * 7919 + k.number * 104729) % 1000003) / 1000003.0,
       {START} + r.number * 1000, r.id, 0, 0
FROM run_ids r CROSS JOIN number_to(9) k;

INSERT INTO latest_metrics ("key", value, timestamp, step, is_nan, run_uuid)
SELECT "key", value, timestamp, step, is_nan, run_uuid FROM metrics ORDER BY rowid;

INSERT INTO params ("key", value, run_uuid)
SELECT 'p' || k.number, substr('xyzw', (r.number + k.number) % 4 + 1, 1), r.id
FROM run_ids r CROSS JOIN number_to(9) k;

INSERT INTO params ("key", value, run_uuid) SELECT 'seed', number, id FROM run_ids;

INSERT INTO tags ("key", value, run_uuid)
SELECT t.column1, replace(t.column2, '?', iif(t.column1 = 'team', r.number % 7, r.number)), r.id
FROM run_ids r CROSS JOIN (
    VALUES ('mlflow.user', 'bench'), ('mlflow.source.name', 'train.py'),
           ('mlflow.source.type', 'LOCAL'), ('mlflow.runName', 'run-?'), ('team', 't?')
) t;
"""

HISTORY = f"""
INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan)
SELECT 'history', ((p.number * 7919) % 1000003) / 1000003.0, {START} + p.number * 100, r.id,
       p.number, 0
FROM run_ids r CROSS JOIN number_to(:last) p WHERE r.number = 1;

INSERT INTO latest_metrics ("key", value, timestamp, step, is_nan, run_uuid)
SELECT "key", value, timestamp, step, is_nan, run_uuid FROM metrics
WHERE "key" = 'history' AND step = :last;
"""


# The run that has the long history.
HISTORY_RUN = 1


def run_id(number):
    """Ids in no particular order, as real ones are."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def experiment_of(number):
    """Every eleventh run belongs to one of the small experiments."""
    return 1 if number % 11 else 2 + number // 11 % SMALL_EXPERIMENTS


def build(path, runs, history):
    path = Path(path)
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    # The file is worth nothing until it is complete.
    for setting in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -500000"):
        db.execute(f"PRAGMA {setting}")
    db.execute("BEGIN")
    db.execute("CREATE TEMP TABLE run_ids (number INTEGER PRIMARY KEY, id, experiment)")
    db.executemany(
        "INSERT INTO run_ids VALUES (?, ?, ?)",
        ((n, run_id(n), experiment_of(n)) for n in range(runs + runs // 10)),
    )
    script = SCHEMA.read_text() + STATEMENTS
    if history:
        script += HISTORY.replace(":last", str(history - 1))
    for statement in statements(script):
        db.execute(statement)
    db.execute("COMMIT")
    db.close()


def statements(script):
    """Single statements; `number_to(n)` becomes a query for the numbers from 0 to n."""
    current = ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            yield expand(current)
            current = ""


def expand(statement):
    head, found, rest = statement.partition("number_to(")
    if not found:
        return statement
    limit, _, tail = rest.partition(")")
    numbers = (
        "(WITH RECURSIVE n (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM n"
        f" WHERE number < {limit}) SELECT number FROM n)"
    )
    return head + numbers + tail


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--history", type=int, default=1_000_000)
    args = parser.parse_args()
    began = time.monotonic()
    build(args.file, args.runs, args.history)
    size = Path(args.file).stat().st_size / 2**20
    print(f"{args.file}: {args.runs} runs, {size:.0f} MiB, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
