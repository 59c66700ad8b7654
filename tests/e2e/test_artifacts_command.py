"""`oxflow artifacts` beside `mlflow artifacts`: the same results; and downloads that are taken up again."""

import http.client
import http.server
import os
import signal
import subprocess
import threading

import pytest

import commands
import harness

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MEGABYTE = 1 << 20
FILES = {
    "a.txt": b"hello", "empty": b"", "with space.txt": b"x", "50%.txt": b"percent", "a+b=c&d.txt": b"signs",
    "dir/b.bin": os.urandom(3 * MEGABYTE), "dir/deep/é.txt": b"accent", "dir/deep/twin": b"1", "model/MLmodel": b"flavors: {}\n",
}


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    running = commands.Stock(tmp_path_factory.mktemp("stock"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def new_run(server, experiment="0"):
    return server.call("POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]


def files_of(server, run, path=""):
    found = {}
    for file in server.call("GET", f"/artifacts/list?run_id={run}&path={path}").get("files", []):
        found.update(files_of(server, run, file["path"]) if file["is_dir"] else {file["path"]: file.get("file_size", 0)})
    return found


def fine(done):
    assert done.code == 0, done.error
    return done.out


def test_uploads_and_listings_are_those_of_mlflow(server, stock, source):
    environment = {"MLFLOW_TRACKING_URI": server.uri}
    runs = {"ours": new_run(server), "stock": new_run(server)}
    for run, command in [(runs["ours"], commands.ours), (runs["stock"], stock)]:
        for words in [["log-artifacts", "-l", str(source), "-r", run], ["log-artifacts", f"--local-dir={source}/dir", "--run-id",
                      run, "--artifact-path", "below/it"], ["log-artifact", "-l", str(source / "a.txt"), "-r", run],
                      ["log-artifact", "--local-file", str(source / "50%.txt"), "-r", run, "-a", "x/y"]]:
            assert fine(command("artifacts", *words, environment=environment)) == ""
    assert files_of(server, runs["ours"]) == files_of(server, runs["stock"])
    assert len(files_of(server, runs["ours"])) == len(FILES) + 4
    for path in [None, "dir", "dir/deep", "a.txt", "dir/deep/twin", "nothing", "below/it/"]:
        words = ["artifacts", "list", "-r", runs["stock"], *(["-a", path] if path else [])]
        printed = fine(stock(*words, environment=environment))
        assert fine(commands.ours(*words, environment=environment)) == printed, path
    wrong = [["log-artifact", "-l", "/nothing/here", "-r", runs["ours"]], ["list", "-r", "f" * 32],
             ["list", "-r", runs["ours"], "-a", "../up"], ["download"], ["download", "-r", runs["ours"], "-a", "nothing"],
             ["log-artifact", "-l", str(source), "-r", runs["ours"]]]
    for words in wrong:
        for command in (commands.ours, stock):
            assert command("artifacts", *words, environment=environment).code == 1, words
    for words in [["list"], ["log-artifact", "-l", "x"], ["log-artifacts", "-r", "x"], ["nothing"]]:
        for command in (commands.ours, stock):
            assert command("artifacts", *words, environment=environment).code == 2, words


@pytest.fixture(scope="module")
def models(server, source):
    """A run with files, a model that it made, and a version of that model."""
    run = new_run(server)
    fine(commands.ours("artifacts", "log-artifacts", "-l", str(source), "-r", run,
                       environment={"MLFLOW_TRACKING_URI": server.uri}))
    model = server.call("POST", "/logged-models", {"experiment_id": "0", "name": "forest", "source_run_id": run})
    info = model["model"]["info"]
    for name, content in [("MLmodel", b"flavors: {}\n"), ("data/model.pkl", b"pickle")]:
        path = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("PUT", f"{PROXY}/{path}/{name}", content)
        assert connection.getresponse().status == 200
        connection.close()
    server.call("POST", "/registered-models/create", {"name": "champion of 7"})
    server.call("POST", "/model-versions/create", {"name": "champion of 7", "source": info["artifact_uri"], "model_id": info["model_id"]})
    server.call("POST", "/registered-models/alias", {"name": "champion of 7", "alias": "best", "version": "1"})
    return run, info["model_id"]


def test_downloads_are_those_of_mlflow(server, stock, models, tmp_path):
    environment = {"MLFLOW_TRACKING_URI": server.uri}
    run, model = models
    root = f"{PROXY}/0/{run}/artifacts"
    cases = [["-r", run], ["-r", run, "-a", "a.txt"], ["-r", run, "-a", "dir"], ["-r", run, "-a", "dir/deep"],
             ["-r", run, "-a", "dir/b.bin"], ["-r", run, "-a", "dir/deep/twin"], ["-r", run, "-a", "forest"],
             ["-r", run, "-a", "forest/data"], ["-u", f"runs:/{run}/dir/deep"], ["-u", f"mlflow-artifacts:/0/{run}/artifacts/dir"],
             ["-u", f"{server.uri}{root}/with space.txt"], ["-u", f"{server.uri}{root}/dir/"], ["-u", f"models:/{model}"],
             ["-u", f"models:/{model}", "-r", "ignored"], ["-u", "models:/champion of 7/1"], ["-u", "models:/champion of 7@best/data"],
             ["-u", "models:/champion of 7/latest/MLmodel"], ["-r", run, "-a", "nothing"], ["-r", run, "-a", "dir/b.bin/x"],
             ["-u", "models:/champion of 7/9"], ["-u", "models:/champion of 7/Production"], ["-u", "runs:/"]]
    for number, words in enumerate(cases):
        got = {}
        for name, command in [("ours", commands.ours), ("stock", stock)]:
            folder = tmp_path / name / str(number) / "made"
            done = command("artifacts", "download", *words, "-d", str(folder), environment=environment)
            got[name] = (done.code, done.out.replace(str(folder), "<folder>"), commands.tree(folder) if done.code == 0 else {})
        assert got["ours"] == got["stock"], words
        assert number < 17 or got["ours"][0] == 1, words
    out = fine(commands.ours("artifacts", "download", "-r", run, "-a", "dir", environment=environment))
    assert out.startswith("\n/") and commands.tree(harness.pathlib.Path(out.strip()))["b.bin"] == FILES["dir/b.bin"]


def test_a_database_is_worked_with_directly(stock, source, tmp_path):
    """Without a server: the runs are in a database, and their artifacts where it says."""
    environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/own.db"}
    with harness.Server(tmp_path / "server", store=environment["MLFLOW_TRACKING_URI"],
                        options=["--no-serve-artifacts", "--default-artifact-root", str(tmp_path / "root")]) as server:
        experiment = server.call("POST", "/experiments/create", {"name": "e"})["experiment_id"]
        run = new_run(server, experiment)
    fine(commands.ours("artifacts", "log-artifacts", "-l", str(source), "-r", run, environment=environment))
    assert commands.tree(tmp_path / "root" / experiment / run / "artifacts") == FILES
    for words in [["list", "-r", run], ["list", "-r", run, "-a", "dir"], ["download", "-r", run],
                  ["download", "-u", f"{tmp_path}/root/{experiment}/{run}/artifacts/dir"]]:
        printed = fine(stock("artifacts", *words, environment=environment, cwd=tmp_path))
        assert fine(commands.ours("artifacts", *words, environment=environment, cwd=tmp_path)) == printed, words


class Relay(http.server.ThreadingHTTPServer):
    """Hands requests on and counts the bytes of artifacts; after `most` of them, nothing more arrives, as on a dead line."""

    daemon_threads = True

    def __init__(self, target, most=None):
        self.target, self.left, self.passed = target, most, 0
        self.lock, self.over = threading.Lock(), threading.Event()
        super().__init__(("127.0.0.1", 0), Relay.Handler)
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.over.set()
        self.shutdown()

    def take(self, wanted):
        with self.lock:
            if self.left is not None:
                wanted = min(wanted, self.left)
                self.left -= wanted
            self.passed += wanted
            return wanted

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.target.port)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = {key: value for key, value in self.headers.items() if key.lower() in ("range", "content-type")}
            connection.request(self.command, self.path, sent, kept)
            answer = connection.getresponse()
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                self.send_header(key, value)
            self.end_headers()
            counts = self.command == "GET" and PROXY in self.path and "?" not in self.path
            while piece := answer.read(MEGABYTE // 4):
                allowed = self.server.take(len(piece)) if counts else len(piece)
                try:
                    self.wfile.write(piece[:allowed])
                except OSError:
                    break
                if allowed < len(piece):
                    break
            # The server must not wait for whoever hangs on this end of the line.
            answer.close()
            connection.close()
            if counts and self.server.left == 0:
                self.server.over.wait()

        do_POST = do_HEAD = do_GET

        def log_message(self, *_):
            pass


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    run, content = new_run(server), os.urandom(60 * MEGABYTE)
    (tmp_path / "big.bin").write_bytes(content)
    fine(commands.ours("artifacts", "log-artifact", "-l", str(tmp_path / "big.bin"), "-r", run,
                       environment={"MLFLOW_TRACKING_URI": server.uri}))
    target = tmp_path / "target"
    words = ["artifacts", "download", "-r", run, "-a", "big.bin", "-d", str(target)]
    relay = Relay(server, most=40 * MEGABYTE)
    process = subprocess.Popen([*harness.server_command(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "MLFLOW_TRACKING_URI": relay.uri})

    def there():
        return sum(path.stat().st_size for path in target.glob(".big.bin.*.partial"))

    harness.wait_until(lambda: there() >= 16 * MEGABYTE, 60, "a part of the file is there")
    process.send_signal(signal.SIGKILL)
    process.wait()
    relay.end()
    kept = there()
    assert not (target / "big.bin").exists()
    relay = Relay(server)
    out = fine(commands.ours(*words, environment={"MLFLOW_TRACKING_URI": relay.uri}))
    relay.end()
    assert out == f"\n{target}/big.bin\n"
    assert commands.tree(target) == {"big.bin": content}
    assert relay.passed == 60 * MEGABYTE - kept


def test_many_files(server, tmp_path):
    source, run = tmp_path / "source", new_run(server)
    for number in range(400):
        path = source / f"d{number % 9}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    environment = {"MLFLOW_TRACKING_URI": server.uri}
    fine(commands.ours("artifacts", "log-artifacts", "-l", str(source), "-r", run, environment=environment))
    fine(commands.ours("artifacts", "download", "-r", run, "-d", str(tmp_path / "target"), environment=environment))
    assert commands.tree(tmp_path / "target") == commands.tree(source)
