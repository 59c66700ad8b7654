#!/usr/bin/env python3
"""Makes the fixtures: what some releases of MLflow make of fill.py, as text.

    dump.py [VERSION...]        the environments come from releases.py
"""

import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

import on_server
import releases

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = ["1.24.0", "2.22.5", "3.10.1"]
# Those that are kept of databases on servers.
ON_SERVERS = ["1.24.0", "3.10.1"]


def fill(version, uri, folder):
    env = {**os.environ, "FILL_SMALL": "1"}
    subprocess.run([str(releases.python(version)), str(HERE / "fill.py"), uri], check=True, env=env, cwd=folder)


def write(version, kind, text):
    target = HERE / "fixtures" / f"mlflow-{version}{kind}.sql"
    target.parent.mkdir(exist_ok=True)
    target.write_text(text.replace("\t", "    "))
    print(f"{target}: {target.stat().st_size} bytes")


def dump(version):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "mlflow.db"
        fill(version, f"sqlite:///{path}", folder)
        write(version, "", "\n".join(sqlite3.connect(path).iterdump()) + "\n")


def dump_on_server(version, kind):
    with tempfile.TemporaryDirectory() as folder, on_server.Server(kind) as databases:
        uri = databases.empty("filled")
        fill(version, uri, folder)
        write(version, f".{kind}", on_server.dump(uri))


if __name__ == "__main__":
    wanted = sys.argv[1:] or VERSIONS
    for version in wanted:
        dump(version)
    for version in wanted:
        for kind in on_server.KINDS if version in ON_SERVERS else ():
            dump_on_server(version, kind)
