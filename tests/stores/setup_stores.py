#!/usr/bin/env python3
"""Installs the storages that artifact stores are tested against, and the SDKs of stock MLflow for them.

    setup_stores.py                 into stores/ beside the environments of tests/e2e (OXFLOW_VENVS, else .venvs)

    s3s-fs     an S3 server that checks signatures and sizes of parts (cargo)
    Azurite    Microsoft's emulator of blob storage (npm)
    gcp-storage-emulator, boto3, google-cloud-storage, azure-storage-blob, pysftp (pip)

What is there already, in the same version, is left alone.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import setup_venvs  # noqa: E402 (needs the path above)

S3S = "0.14.1"
AZURITE = "3.37.0"
STOCK = "mlflow-3.17.2"


def root():
    return setup_venvs.venv_root() / "stores"


def s3s():
    return root() / "cargo" / "bin" / "s3s-fs"


def azurite():
    return root() / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


def python():
    """A Python with stock MLflow and the SDKs."""
    return root() / "venv" / "bin" / "python"


def install_s3s():
    subprocess.run(["cargo", "install", "--quiet", "--locked", "--debug", "--version", S3S, "--features", "binary",
                    "--root", str(root() / "cargo"), "s3s-fs"], check=True)


def install_azurite():
    (root() / "package.json").write_text('{"private": true}\n')
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error", "--no-package-lock",
                    f"azurite@{AZURITE}"], check=True, cwd=root())


def install_python():
    venv = root() / "venv"
    subprocess.run([setup_venvs.PYTHON, "-m", "venv", "--clear", str(venv)], check=True)
    # MLflow comes from the environment of the end-to-end tests; pip sees it and adds only what is not there.
    packages = next((venv / "lib").glob("python*")) / "site-packages"
    stock = next((setup_venvs.venv_root() / STOCK / "lib").glob("python*")) / "site-packages"
    (packages / "stock.pth").write_text(f"{stock}\n")
    subprocess.run([str(python()), "-m", "pip", "--disable-pip-version-check", "--quiet", "install",
                    "--requirement", str(HERE / "requirements.txt")], check=True)


def parts():
    pins = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    return {"s3s-fs": (S3S, s3s(), install_s3s), "azurite": (AZURITE, azurite(), install_azurite),
            "python": (pins, python(), install_python)}


def ensure(name, version, needed, install):
    stamp, began = root() / f"{name}.version", time.monotonic()
    if needed.exists() and stamp.exists() and stamp.read_text() == version:
        return f"{name}: up to date"
    install()
    # Written last: an interrupted install is started over.
    stamp.write_text(version)
    return f"{name}: installed in {time.monotonic() - began:.0f} s"


def main():
    root().mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for line in pool.map(lambda part: ensure(part[0], *part[1]), parts().items()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
