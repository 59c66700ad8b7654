#!/usr/bin/env python3
"""Creates one virtual environment per stock MLflow version that the end-to-end tests drive.

    setup_venvs.py [FOLDER]        default: $OXFLOW_VENVS, else .venvs in the repository

The pins are in requirements/. An environment whose pins have not changed is left alone, so that running this again
costs nothing. pytest itself lives in the environment of the newest version.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
# The oldest client of the three has no wheels for newer Pythons, and 3.11 has them all.
PYTHON = os.environ.get("OXFLOW_PYTHON") or shutil.which("python3.11") or sys.executable


def venv_root():
    return pathlib.Path(os.environ.get("OXFLOW_VENVS", REPOSITORY / ".venvs")).resolve()


def requirement_files():
    return sorted((HERE / "requirements").glob("*.txt"), reverse=True)


def is_fresh(venv, pins):
    stamp = venv / "pins.sha256"
    return stamp.exists() and stamp.read_text() == hashlib.sha256(pins.read_bytes()).hexdigest()


def create(venv, pins):
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([PYTHON, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    # Wheels only: no compiler is needed, and nothing runs code at install time.
    subprocess.run([*pip, "install", "--only-binary", ":all:", "--requirement", str(pins)], check=True)
    # Written last: an interrupted install is started over.
    (venv / "pins.sha256").write_text(hashlib.sha256(pins.read_bytes()).hexdigest())


def ensure(root, pins):
    venv, began = root / pins.stem, time.monotonic()
    if is_fresh(venv, pins):
        return f"{venv}: up to date"
    create(venv, pins)
    return f"{venv}: created in {time.monotonic() - began:.0f} s"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else venv_root()
    root.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line in pool.map(lambda pins: ensure(root, pins), requirement_files()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
