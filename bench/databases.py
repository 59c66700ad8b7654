#!/usr/bin/env python3
"""Writing to PostgreSQL and MariaDB: what the driver alone can do, what the store does, and how fast rows move there.

    python3 bench/databases.py --server target/release/oxflow [--seconds 4] [--rounds 3] [--runs 2000]

Starts each database in a temporary folder, with its log synced to disk at each commit, and prints Markdown tables.
Needs cargo and the Debian packages postgresql and mariadb-server.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "conformance" / "upgrade")]

import on_server  # noqa: E402 (needs the path above)

NAMES = {"postgres": "PostgreSQL", "mariadb": "MariaDB"}


def limits(uri, seconds, rounds):
    command = ["cargo", "run", "-q", "--release", "-p", "oxflow-store-sql", "--example", "limits", "--"]
    done = subprocess.run([*command, on_server.plain(uri), str(seconds), str(rounds)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def move(server, source, target):
    began = time.perf_counter()
    subprocess.run([server, "migrate", "--from", source, "--to", on_server.plain(target), "--no-progress", "--no-verify"], check=True,
                   stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def source(folder, runs):
    """A SQLite database, and how many rows of it move."""
    path = folder / "source.db"
    subprocess.run([sys.executable, HERE / "large_database.py", path, "--runs", str(runs), "--history", str(runs * 50)], check=True,
                   stdout=subprocess.DEVNULL)
    import sqlite3

    tables = ("runs", "metrics", "latest_metrics", "params", "tags")
    with sqlite3.connect(path) as db:
        return f"sqlite:///{path}", sum(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=pathlib.Path, help="the binary oxflow, a release build")
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    parser.add_argument("--rounds", type=int, default=3, help="of driver and store in turn; the median counts")
    parser.add_argument("--runs", type=int, default=2000, help="of the database that is moved")
    args = parser.parse_args()
    print(f"load before: {' '.join(f'{load:.1f}' for load in os.getloadavg())}\n")
    print("| database | call | callers | driver alone, calls/s | store, calls/s | ratio |\n|---|---|--:|--:|--:|--:|")
    moved = []
    with tempfile.TemporaryDirectory(prefix="oxflow-bench-") as folder:
        folder = pathlib.Path(folder)
        file, rows = source(folder, args.runs)
        for kind, name in NAMES.items():
            with on_server.Server(kind, durable=True) as databases:
                for found in limits(databases.empty("limits"), args.seconds, args.rounds):
                    driver, store = (statistics.median(found[key]) for key in ("driver", "store"))
                    print(f"| {name} | {found['what']} | {found['callers']} | {driver:,.0f} | {store:,.0f} | {store / driver:.0%} |", flush=True)
                seconds = move(args.server.resolve(), file, databases.empty("moved"))
                moved.append(f"| SQLite to {name} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} |")
    print("\n| oxflow migrate | rows | seconds | rows/s |\n|---|--:|--:|--:|", *moved, sep="\n")
    print(f"\nload after: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()
