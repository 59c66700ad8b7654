#!/usr/bin/env python3
"""Upgrades databases of old MLflow releases with stock MLflow and with Oxflow, and compares what comes out.

    matrix.py --server target/debug/oxflow [--database mariadb] [--work FOLDER] [--table docs/databases.md] [VERSION...]

For each release at which the schema changed, that release creates a database and fills it (fill.py). One copy is
upgraded by `mlflow db upgrade` of the newest release, one by `oxflow db upgrade`. Schemas (tables, columns, types,
defaults, constraints and indexes by name) and all rows must be equal. Environments are made by releases.py.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import answers_alike  # noqa: E402
import on_server  # noqa: E402
import releases  # noqa: E402
import schema_equal  # noqa: E402

NEWEST = "3.17.2"
# Releases that could not create their tables there, with the packages of their time, and those whose databases are
# not upgraded there.
LEFT_OUT = {"sqlite": [], "postgres": ["1.15.0"], "mariadb": list(releases.RELEASES)[:8], "mysql": list(releases.RELEASES)[:8]}
# Jobs that wait or run are cancelled by the last revision, at the time of the upgrade.
CLOCK = {("jobs", "last_update_time")}


def run(command, **more):
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    began = time.monotonic()
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=env, **more)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}")
    return ran.stdout, time.monotonic() - began


def newest_mlflow():
    """The program of the release whose schema is the goal: the one the end-to-end tests have, which can serve, else the small one."""
    whole = pathlib.Path(os.environ.get("OXFLOW_VENVS", "~/.cache/oxflow/venvs")).expanduser() / f"mlflow-{NEWEST}" / "bin" / "mlflow"
    return whole if whole.exists() else releases.python(NEWEST).parent / "mlflow"


def revision(path):
    with sqlite3.connect(path) as db:
        return db.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def rows(path):
    """All rows of all tables, each value with its type."""
    db = sqlite3.connect(path)
    db.text_factory = bytes
    found = {}
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        table = table.decode()
        columns = sorted(row[1].decode() for row in db.execute(f'PRAGMA table_xinfo("{table}")'))
        kept = [column for column in columns if (table, column) not in CLOCK]
        listed = ", ".join(f'"{column}"' for column in kept)
        found[table] = sorted(repr(tuple(zip(kept, row))) for row in db.execute(f'SELECT {listed} FROM "{table}"'))
    db.close()
    return found


def compare_schemas(expected, actual):
    """Differences between two databases, as lines."""
    left, right = schema_equal.describe(expected, ""), schema_equal.describe(actual, "oxflow_")
    lines = []
    for kind in left:
        for key in sorted(left[kind].keys() | right[kind].keys()):
            if left[kind].get(key) != right[kind].get(key):
                lines.append(f"{kind} {key}:\n    stock  {left[kind].get(key)}\n    oxflow {right[kind].get(key)}")
    return lines


def compare_rows(expected, actual):
    left, right = rows(expected), rows(actual)
    lines = []
    for table in sorted(left.keys() | right.keys()):
        mine, theirs = right.get(table, []), left.get(table, [])
        if mine != theirs:
            only = [row for row in theirs if row not in set(mine)][:3], [row for row in mine if row not in set(theirs)][:3]
            lines.append(f"rows of {table}: {len(theirs)} and {len(mine)}\n    stock  {only[0]}\n    oxflow {only[1]}")
    return lines, sum(map(len, left.values()))


def copy(source, target):
    for suffix in ("-wal", "-shm", "-journal"):
        pathlib.Path(f"{target}{suffix}").unlink(missing_ok=True)
    shutil.copy(source, target)
    return target


def source_of(version, work):
    """The database that this release fills; made once."""
    path = work / f"{version}.db"
    if not path.exists():
        unfinished = work / f"{version}.unfinished.db"
        unfinished.unlink(missing_ok=True)
        said, _ = run([releases.python(version), HERE / "fill.py", f"sqlite:///{unfinished}"], cwd=work)
        unfinished.with_suffix(".filled").write_text(said.splitlines()[-1])
        unfinished.rename(path)
    return path, (work / f"{version}.unfinished.filled").read_text().split(": ", 1)[-1]


def check(version, server, work, ask):
    """One line of the matrix: what was found, and the differences."""
    source, filled = source_of(version, work)
    stock, ours = copy(source, work / f"{version}.stock.db"), copy(source, work / f"{version}.oxflow.db")
    mlflow = newest_mlflow()
    _, stock_seconds = run([mlflow, "db", "upgrade", f"sqlite:///{stock}"], cwd=work)
    said, our_seconds = run([server, "db", "upgrade", f"sqlite:///{ours}"], cwd=work)
    for backup in work.glob(f"{ours.name}.backup-*"):
        if compare_schemas(source, backup) or rows(source) != rows(backup):
            raise RuntimeError(f"{backup} is not what it was made from")
        backup.unlink()
    differences = compare_schemas(stock, ours)
    row_differences, count = compare_rows(stock, ours)
    asked = 0
    if ask:
        answers, asked = answers_alike.differences(mlflow, server, stock, ours, work)
        differences += answers
    steps = len(re.findall("^Upgrade ", said, re.M))
    return {
        "release": version, "revision": revision(source), "steps": steps, "rows": count, "asked": asked, "filled": filled,
        "stock": stock_seconds, "ours": our_seconds, "differences": differences + row_differences,
    }


def check_on_server(version, server, kind, databases, work):
    """The same, for a database on a server. The source is kept as a dump."""
    source, name = work / f"{version}.{kind}.sql", version.replace(".", "_")
    if not source.exists():
        uri = databases.empty(f"filled_{name}")
        said, _ = run([releases.python(version), HERE / "fill.py", uri], cwd=work)
        source.with_suffix(".filled").write_text(said.splitlines()[-1].split(": ", 1)[-1])
        source.write_text(on_server.dump(uri))
    stock, ours = (databases.empty(f"{program}_{name}") for program in ("stock", "oxflow"))
    for uri in (stock, ours):
        on_server.load(uri, source.read_text())
    found = on_server.revision(ours)
    # The small package has the drivers of servers beside it.
    _, stock_seconds = run([releases.python(NEWEST).parent / "mlflow", "db", "upgrade", stock], cwd=work)
    said, our_seconds = run([server, "db", "upgrade", ours], cwd=work)
    row_differences, count = on_server.compare_rows(stock, ours)
    return {
        "release": version, "revision": found, "steps": len(re.findall("^Upgrade ", said, re.M)), "rows": count, "asked": 0,
        "filled": source.with_suffix(".filled").read_text(), "stock": stock_seconds, "ours": our_seconds,
        "differences": on_server.compare_schemas(stock, ours) + row_differences,
    }


def verdict(line):
    return "equal" if not line["differences"] else f"**{len(line['differences'])} differences**"


# The table in the documentation has a column for each kind of database; a run writes its own.
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB", "mysql": "MySQL"}
BEGIN, END = "<!-- upgrade matrix: begin -->\n", "<!-- upgrade matrix: end -->"
HEAD = f"| Release | Revision | Steps | Rows | {' | '.join(NAMES.values())} |\n|---|---|--:|--:|{'---|' * len(NAMES)}\n"


def write_column(path, kind, lines):
    """Writes what was found on this kind of database into the table of the page."""
    page = path.read_text()
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    rows = {row[1]: row[2:-1] for row in (re.split(r" *\| *", line) for line in page[begin:end].splitlines()[2:])}
    for line in lines:
        cells = rows.get(line["release"], [""] * (3 + len(NAMES)))
        cells[:3] = f"`{line['revision']}`", str(line["steps"]), str(line["rows"])
        cells[3 + list(NAMES).index(kind)] = verdict(line)
        rows[line["release"]] = cells
    for at, left_out in enumerate(LEFT_OUT[kind] for kind in NAMES):
        for release in left_out:
            rows.get(release, {3 + at: ""})[3 + at] = "–"
    text = "".join(f"| {release} | {' | '.join(rows[release])} |\n" for release in releases.RELEASES if release in rows)
    path.write_text(page[:begin] + HEAD + text + page[end:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=pathlib.Path, help="the program oxflow")
    parser.add_argument("--work", type=pathlib.Path, help="keep databases here; sources that are there are used again")
    parser.add_argument("--answers", action="store_true", help="also start both servers and compare what they answer")
    parser.add_argument("--table", type=pathlib.Path, help="write what was found into the table of this page")
    parser.add_argument("--database", choices=["sqlite", *on_server.ALL_KINDS], default="sqlite", help="where the databases are")
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="oxflow-upgrade-"))
        on_servers = args.database != "sqlite"
        databases = stack.enter_context(on_server.Server(args.database)) if on_servers else None
        work = (args.work or pathlib.Path(scratch)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        lines, failed = [], 0
        wanted = [version for version in releases.RELEASES if version not in LEFT_OUT[args.database]]
        for version in args.versions or wanted:
            try:
                if on_servers:
                    line = check_on_server(version, args.server.resolve(), args.database, databases, work)
                else:
                    line = check(version, args.server.resolve(), work, args.answers)
            except RuntimeError as error:
                failed += 1
                print(f"{version}: {error}", flush=True)
                continue
            lines.append(line)
            failed += bool(line["differences"])
            print("{release} at {revision}: {steps} steps, {rows} rows, {asked} answers, {0} difference(s); {filled}".format(len(line["differences"]), **line), flush=True)
            for difference in line["differences"]:
                print(f"  {difference}")
    if args.table:
        write_column(args.table, args.database, lines)
    print(f"upgrade matrix, {args.database}: {len(lines)} releases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
