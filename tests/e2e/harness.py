"""What the end-to-end tests share: servers on folders of their own, stock clients, and plain HTTP."""

import dataclasses
import http.client
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import time
import urllib.parse

import setup_venvs

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
API = "/api/2.0/mlflow"
CLIENT_SECONDS = 240
# The servers that databases are made on; MySQL itself where somebody unpacked it (tests/setup_mysql.sh).
DATABASE_SERVERS = ["mysql"] if "OXFLOW_MYSQL" in os.environ else ["postgres", "mariadb"]


def server_command():
    """The command before `server`: our binary, or another server to prove the tests against."""
    if "OXFLOW_SERVER_CMD" in os.environ:
        return shlex.split(os.environ["OXFLOW_SERVER_CMD"])
    return [os.path.abspath(os.environ.get("OXFLOW_BIN", REPOSITORY / "target" / "debug" / "oxflow"))]


def drives_stock():
    """Whether the server under test is stock MLflow: slower to start, several processes, its own messages."""
    return "OXFLOW_SERVER_CMD" in os.environ


STARTUP_SECONDS = 90 if drives_stock() else 15


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclasses.dataclass
class Exit:
    code: int
    output: str


class Server:
    """A tracking server on `folder`; starting it again continues with the same database and artifacts."""

    def __init__(self, folder, command=None, store=None, options=(), user=None, environment=None, destination=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command = command or server_command()
        self.database = self.folder / "mlflow.db"
        self.store = store or f"sqlite:///{self.database}"
        self.options = list(options)
        self.destination = destination or str(self.folder / "artifacts")
        self.user = user
        self.environment = environment or {}
        self.log = self.folder / "server.log"
        self.port = free_port()
        self.process = None

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.port}"

    def launch(self):
        """Starts the process without waiting for it to answer."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "server", "--host", "127.0.0.1", "--port", str(self.port),
                 "--backend-store-uri", self.store, "--artifacts-destination", self.destination,
                 *self.options],
                stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, user=self.user, start_new_session=True,
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true",
                     # Only stock MLflow has a job runner; without it, it starts and stops faster.
                     "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONPATH": drivers(), **self.environment})
        return self

    def start(self):
        self.launch()
        deadline = time.monotonic() + STARTUP_SECONDS
        while not self.is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start:\n{self.output()}")
            time.sleep(0.01)
        return self

    def is_healthy(self):
        try:
            return self.request("GET", "/health")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, timeout=30):
        """One request on a connection of its own: status and bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def call(self, method, path, body=None):
        """One API request that has to succeed: its JSON."""
        status, payload = self.request(method, API + path, body)
        assert status == 200, f"{method} {path}: {status} {payload.decode(errors='replace')}"
        return json.loads(payload)

    def client_settings(self, version="3"):
        """What a client script has to know about this server: whether it serves a model registry.

        MLflow 1.x keeps its registry under a prefix that Oxflow serves and MLflow 3 does not.
        """
        prefix = "/api/2.0/preview/mlflow" if version.startswith("1.") else API
        status, text = self.request("GET", f"{prefix}/registered-models/search?max_results=1")
        return {"registry": "yes"} if status == 200 and b"doctype" not in text else {}

    def stop(self):
        """Ends the server the polite way, as a service manager does, and expects it to succeed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.kill()
        assert drives_stock() or code == 0, f"exit code {code} after SIGTERM:\n{self.output()}"

    def kill(self):
        """Ends the server as a power cut would; also sweeps up worker processes of a stock server."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def refuse_to_start(self, seconds=STARTUP_SECONDS):
        """Expects the server to give up by itself."""
        self.launch()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            state = "it answers /health" if self.is_healthy() else "it neither answers nor gives up"
            raise AssertionError(f"the server should have refused to start; {state}:\n{self.output()}") from None
        finally:
            self.kill()
        return Exit(code, self.output())

    def output(self):
        return self.log.read_text(errors="replace")[-8000:]

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.kill() if kind else self.stop()


def drivers():
    """Where stock MLflow finds the drivers of database servers, which its own environments do not hold."""
    [folder] = setup_venvs.venv_root().glob("database-drivers/lib/python*/site-packages")
    return str(folder)


class DatabaseServer:
    """A database server in a temporary folder, which goes when this one does, or this process."""

    def __init__(self, kind):
        self.script = subprocess.Popen([REPOSITORY / "tests" / "database-server.sh", kind], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.admin = self.script.stdout.readline().strip()
        assert "://" in self.admin, f"the {kind} server did not start"
        self.count = 0

    def tell(self, order):
        """`stop`, `start` or `restart`; returns when that is done."""
        print(order, file=self.script.stdin, flush=True)
        assert self.script.stdout.readline() == "done\n"

    def new_database(self):
        """The URI of an empty database, as stock MLflow and Oxflow both understand it."""
        self.count += 1
        name = f"e2e_{self.count}"
        options = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if self.admin.startswith("mysql") else ""
        sql(self.admin, f"CREATE DATABASE {name}{options}")
        server = self.admin.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg2://")
        return server.replace("mysql://", "mysql+pymysql://") + "/" + name

    def close(self):
        self.script.stdin.close()
        self.script.wait(60)


def sql(uri, text):
    """Runs SQL past everybody; the rows as lists of texts."""
    if uri.startswith("mysql"):
        parts = urllib.parse.urlsplit(uri)
        command = ["mariadb", "--no-defaults", "-h", parts.hostname, "-P", str(parts.port), "-u", parts.username, "-BN",
                   parts.path[1:], "-e", text]
    else:
        command = ["psql", uri.replace("+psycopg2", ""), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def python_of(version):
    python = setup_venvs.venv_root() / f"mlflow-{version}" / "bin" / "python"
    assert python.exists(), f"{python} is missing; run tests/e2e/setup_venvs.py"
    return python


def run_client(version, script, server_uri, folder, **settings):
    """Runs a script of clients/ with a stock client; the script asserts, and fails by exit code.

    `settings` reach the script as E2E_<NAME>. `folder` is where it keeps files that outlive it.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "MLFLOW_TRACKING_URI": server_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # For those that are sent to a folder: newer clients refuse one otherwise.
        "MLFLOW_ALLOW_FILE_STORE": "true",
        # A retry would hide a server error and wait for minutes.
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MPLBACKEND": "Agg",
        "GIT_PYTHON_REFRESH": "quiet",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": drivers(),
        "E2E_FOLDER": str(folder),
        **{f"E2E_{name.upper()}": str(value) for name, value in settings.items()},
    }
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    done = subprocess.run([python_of(version), HERE / "clients" / script], env=environment, cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=CLIENT_SECONDS)
    assert done.returncode == 0, f"{script} with MLflow {version} failed:\n{done.stdout[-6000:]}"
    return done.stdout


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.05)
