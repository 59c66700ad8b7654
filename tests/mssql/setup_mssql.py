#!/usr/bin/env python3
"""Installs what SQL Server's tests need: a parser of Transact-SQL and clients of its protocol.

    setup_mssql.py                  into mssql/ beside the environments of tests/e2e (OXFLOW_VENVS, else .venvs)

What is there already, in the same version, is left alone. FreeTDS's `tsql` is a Debian package; `make` installs it.
"""

import hashlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import setup_venvs  # noqa: E402 (needs the path above)

STOCK = "mlflow-3.17.2"


def main():
    venv, pins = setup_venvs.venv_root() / "mssql", HERE / "requirements.txt"
    if setup_venvs.is_fresh(venv, pins):
        print(f"{venv}: up to date")
        return
    subprocess.run([setup_venvs.PYTHON, "-m", "venv", "--clear", str(venv)], check=True)
    # MLflow and pytest come from the environment of the end-to-end tests.
    packages = next((venv / "lib").glob("python*")) / "site-packages"
    stock = next((setup_venvs.venv_root() / STOCK / "lib").glob("python*")) / "site-packages"
    (packages / "stock.pth").write_text(f"{stock}\n")
    subprocess.run([str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install",
                    "--only-binary", ":all:", "--requirement", str(pins)], check=True)
    # Written last: an interrupted install is started over.
    (venv / "pins.sha256").write_text(hashlib.sha256(pins.read_bytes()).hexdigest())
    print(f"{venv}: created")


if __name__ == "__main__":
    main()
