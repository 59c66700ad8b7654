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

import releases

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = ["1.24.0", "2.22.5", "3.10.1"]


def dump(version):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "mlflow.db"
        env = {**os.environ, "FILL_SMALL": "1"}
        subprocess.run([str(releases.python(version)), str(HERE / "fill.py"), f"sqlite:///{path}"], check=True, env=env, cwd=folder)
        lines = list(sqlite3.connect(path).iterdump())
    target = HERE / "fixtures" / f"mlflow-{version}.sql"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(line.replace("\t", "    ") for line in lines) + "\n")
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    for version in sys.argv[1:] or VERSIONS:
        dump(version)
