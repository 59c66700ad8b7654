"""The releases of MLflow that changed its schema, and virtual environments to run them in.

    releases.py [FOLDER] [VERSION...]     creates the missing environments

Dependencies are those of the release's own time: what SQLAlchemy and Alembic wrote then is what lies in the databases
of today. Needs `uv` (on the PATH, or installed from PyPI into FOLDER) and the Pythons named here.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

# Version: (Python, dependencies not younger than this date).
RELEASES = {
    "1.0.0": ("3.7", "2019-07-01"),
    "1.2.0": ("3.7", "2019-08-20"),
    "1.4.0": ("3.7", "2019-11-10"),
    "1.5.0": ("3.7", "2020-01-10"),
    "1.8.0": ("3.7", "2020-05-01"),
    "1.11.0": ("3.7", "2020-09-15"),
    "1.13.1": ("3.8", "2021-01-10"),
    "1.15.0": ("3.8", "2021-04-05"),
    "1.24.0": ("3.8", "2022-03-05"),
    "1.25.1": ("3.8", "2022-05-01"),
    "1.28.0": ("3.8", "2022-08-20"),
    "1.30.1": ("3.8", "2023-04-20"),
    "2.3.2": ("3.9", "2023-06-01"),
    "2.4.2": ("3.9", "2023-07-15"),
    "2.8.1": ("3.9", "2023-12-01"),
    "2.13.2": ("3.10", "2024-06-12"),
    "2.15.1": ("3.10", "2024-08-20"),
    "2.17.2": ("3.10", "2024-11-10"),
    "2.22.5": ("3.10", None),
    "3.0.1": ("3.10", "2025-07-01"),
    "3.2.0": ("3.10", "2025-08-15"),
    "3.3.2": ("3.10", "2025-09-10"),
    "3.4.0": ("3.10", "2025-09-30"),
    "3.5.1": ("3.11", "2025-11-01"),
    "3.8.1": ("3.11", "2026-01-31"),
    "3.9.0": ("3.11", None),
    "3.10.1": ("3.11", None),
    "3.11.1": ("3.11", None),
    "3.12.0": ("3.11", None),
    "3.13.0": ("3.11", None),
    "3.14.0": ("3.11", None),
    "3.15.0": ("3.11", None),
    "3.16.0": ("3.11", None),
    "3.17.2": ("3.11", None),
}

# What depends on packages whose metadata only an old pip accepts.
WITH_PIP = {
    "1.0.0": [
        "mlflow==1.0.0", "pandas==0.25.3", "sqlalchemy==1.3.5", "alembic==1.0.11", "protobuf<3.21", "flask<1.1",
        "markupsafe<2.1", "jinja2<3", "itsdangerous<2", "werkzeug<1", "psycopg2-binary<2.9", "pymysql<1.1",
    ],
}


def folder():
    return pathlib.Path(os.environ.get("OXFLOW_UPGRADE_VENVS", "~/.cache/oxflow/upgrade")).expanduser()


def python(version):
    return folder() / version / "bin" / "python"


def uv():
    found = shutil.which("uv") or folder() / "uvenv" / "bin" / "uv"
    if not pathlib.Path(found).exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder() / "uvenv")], check=True)
        subprocess.run([str(folder() / "uvenv" / "bin" / "pip"), "-q", "install", "uv"], check=True)
    return str(found)


def interpreter(version):
    """A Python of this minor version: on the PATH, or pyenv's."""
    pyenv = sorted(pathlib.Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    return str(pyenv[-1]) if pyenv else f"python{version}"


def packages(version):
    parts = [int(part) for part in version.split(".")]
    # The small package exists since 1.14; pandas is asked for by parts that the client touches.
    name = "mlflow" if parts < [1, 14] else "mlflow-skinny"
    return [f"{name}=={version}", "sqlalchemy", "alembic", "setuptools<70", "sqlparse", "pymysql", "psycopg2-binary", "cryptography"]


def create(version):
    target, (minor, date) = folder() / version, RELEASES[version]
    done = target / "done"
    if done.exists():
        return f"{version}: there"
    if version in WITH_PIP:
        subprocess.run([interpreter(minor), "-m", "venv", "--clear", str(target)], check=True)
        ran = subprocess.run([str(python(version)), "-m", "pip", "-q", "install", *WITH_PIP[version]], capture_output=True, text=True)
        return finish(version, ran)
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    if "SSL_CERT_FILE" in env:
        env["UV_SYSTEM_CERTS"] = "1"
    subprocess.run([uv(), "venv", "-q", "--clear", "--python", interpreter(minor), str(target)], check=True, env=env)
    command = [uv(), "pip", "install", "-q", "--python", str(python(version))]
    command += ["--only-binary", "numpy", "--only-binary", "pandas"]
    if date:
        command += ["--exclude-newer", date]
    ran = subprocess.run([*command, *packages(version)], env=env, capture_output=True, text=True)
    return finish(version, ran)


def finish(version, ran):
    if ran.returncode:
        return f"{version}: FAILED\n{ran.stderr[-1500:]}"
    (folder() / version / "done").write_text("")
    return f"{version}: created"


def main():
    arguments = sys.argv[1:]
    if arguments and "/" in arguments[0]:
        os.environ["OXFLOW_UPGRADE_VENVS"] = arguments.pop(0)
    folder().mkdir(parents=True, exist_ok=True)
    failed = False
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line in pool.map(create, arguments or RELEASES):
            failed |= "FAILED" in line
            print(line, flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
