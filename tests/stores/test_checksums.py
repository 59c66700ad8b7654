"""Downloads of the command line are compared with the checksums that storages tell."""

import http.client
import http.server
import os
import subprocess
import threading
import urllib.parse

import pytest

import harness

CONTENT = bytes(range(256)) * 400


class Liar(http.server.ThreadingHTTPServer):
    """Passes requests on to a storage, and damages the first so many downloads; each in its own way, or all in one."""

    daemon_threads = True

    def __init__(self, storage, damaged, alike=False):
        self.target, self.damaged, self.alike, self.downloads = urllib.parse.urlsplit(storage).netloc, damaged, alike, 0
        super().__init__(("127.0.0.1", 0), Liar.Handler)
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def damage(self, body):
        if len(body) != len(CONTENT):
            return body
        self.downloads += 1
        if self.downloads > self.damaged:
            return body
        at = 1000 if self.alike else 1000 + self.downloads
        return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            connection = http.client.HTTPConnection(self.server.target, timeout=30)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            # Signatures are made for the storage's own name, which the client does not know.
            connection.request(self.command, self.path, body, {**headers, "Host": self.headers["Host"]})
            answer = connection.getresponse()
            payload = answer.read()
            if self.command == "GET":
                payload = self.server.damage(payload)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(payload))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

        def log_message(self, *_):
            pass


def oxflow(folder, environment, *words):
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run([*harness.server_command(), "artifacts", *words], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, env={
                              **os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "HOME": str(folder),
                              "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", **environment})


VARIABLE = {"s3": "MLFLOW_S3_ENDPOINT_URL", "moto": "MLFLOW_S3_ENDPOINT_URL", "gs": "STORAGE_EMULATOR_HOST"}


def uploaded(storage, prefix, server):
    from test_transfer import PROXY, call

    assert call(server, "PUT", f"{PROXY}/f.bin", CONTENT)[0] == 200
    return f"{storage.location}/{prefix}/f.bin"


@pytest.mark.parametrize("name, damaged, alike, fine, downloads", [
    ("moto", 0, False, True, 1), ("moto", 1, False, True, 2), ("moto", 99, False, False, 4), ("gs", 1, False, True, 2),
    ("gs", 99, True, False, 4),
    # An encrypted bucket has ETags that only look like checksums: what comes twice the same is what the storage has.
    ("moto", 99, True, True, 2)])
def test_damaged_downloads(storages, new_server, prefix, tmp_path, name, damaged, alike, fine, downloads):
    storage = storages(name)
    server = new_server(destination=f"{storage.location}/{prefix}", environment=storage.environment)
    uri = uploaded(storage, prefix, server)
    liar = Liar(storage.environment[VARIABLE[name]], damaged, alike)
    done = oxflow(tmp_path / "client", {**storage.environment, VARIABLE[name]: liar.uri}, "download", "--artifact-uri", uri,
                  "--dst-path", str(tmp_path / "target"))
    liar.shutdown()
    file = tmp_path / "target" / "f.bin"
    assert (done.returncode == 0) == fine, done.stdout
    assert liar.downloads == downloads, done.stdout
    if fine:
        assert (file.read_bytes() == CONTENT) == (damaged < 99)
    else:
        assert "is damaged on its way" in done.stdout and not file.exists(), done.stdout
