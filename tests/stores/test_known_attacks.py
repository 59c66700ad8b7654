"""What MLflow was attacked with, by the numbers of its vulnerabilities: those about artifacts and sources of models.

Outside of the server's folders lies a secret. No answer may hold it, and nobody may change it or put anything beside it;
and a port that nobody may connect to stays alone.
"""

import os
import re
import urllib.parse

import pytest

import harness
from test_transfer import PROXY, Trap, ask, call

SECRET = b"the secret of another program"
API = "/api/2.0/mlflow"


class Target:
    """A server, and what is to be kept from those who ask it."""

    def __init__(self, server, folder):
        self.server, self.outside, self.trap = server, folder / "outside", Trap()
        self.outside.mkdir()
        (self.outside / "secret.txt").write_bytes(SECRET)
        self.count, self.may_add = 0, False
        assert call(server, "PUT", f"{PROXY}/d/own.txt", b"own")[0] == 200

    def fill(self, text):
        """`{up}` goes up from everywhere."""
        return text.format(outside=self.outside, up="/".join([".."] * 12), port=self.trap.port)

    def send(self, method, path, body=None, headers=None):
        status, _, payload = call(self.server, method, path, body, headers)
        assert SECRET not in payload and b"root:x:0" not in payload, (method, path)
        return status, payload

    def name(self):
        self.count += 1
        return f"name-{self.count}"

    def is_whole(self):
        added = [path.name for path in self.outside.iterdir() if path.name != "secret.txt"]
        assert all(self.may_add and re.fullmatch("[0-9a-f]{32}", name) for name in added), added
        assert (self.outside / "secret.txt").read_bytes() == SECRET
        assert call(self.server, "GET", f"{PROXY}/d/own.txt")[2] == b"own"
        assert self.trap.hits == 0


@pytest.fixture
def target(new_server, tmp_path):
    target = Target(new_server(), tmp_path)
    yield target
    target.is_whole()


LOCATIONS = [
    ("CVE-2023-6909", "http:///?/{up}{outside}"), ("CVE-2023-6909", "mlflow-artifacts:/?/{up}{outside}"),
    ("CVE-2023-6974", "http://127.0.0.1:{port}/api/2.0/mlflow-artifacts/artifacts"), ("CVE-2023-6975", "ftp://127.0.0.1:{port}/"),
    ("CVE-2023-6975", "ftp://user@127.0.0.1:{port}/{up}"), ("CVE-2024-1483", "http:///#/{up}{outside}"),
    ("CVE-2024-1483", "file:///#/{up}{outside}"), ("CVE-2024-1593", "http:///;/{up}{outside}"),
    ("CVE-2024-1593", "mlflow-artifacts:/;/{up}{outside}"), ("CVE-2024-1594", "mlflow-artifacts:/#/{up}{outside}"),
    ("CVE-2024-2928", "http://host/#/{up}{outside}"), ("CVE-2024-3848", "mlflow-artifacts:/x#/{up}{outside}"),
    ("CVE-2024-8859", "dbfs:{outside}"), ("CVE-2024-8859", "dbfs:/{up}{outside}"), ("CVE-2024-8859", "dbfs://{outside}"),
    ("open SSRF", "http://169.254.169.254/latest"), ("open SSRF", "s3://bucket@127.0.0.1:{port}/x"),
    ("plain", "mlflow-artifacts:/{up}{outside}"),
]
# A folder of the server as a location is a feature of MLflow's: servers and clients may share disks. Each run gets a new
# folder in it, with a name that nobody can choose, and what is there is neither read nor replaced.
FOLDERS = [("CVE-2024-3573", "file://./{outside}"), ("CVE-2024-3573", "file:{outside}"), ("plain", "{outside}"),
           ("plain", "file://{outside}")]


@pytest.mark.parametrize("number, location", LOCATIONS + FOLDERS)
def test_locations_of_experiments(target, number, location):
    target.may_add = (number, location) in FOLDERS
    created, answer = ask(target.server, "POST", f"{API}/experiments/create",
                          {"name": target.name(), "artifact_location": target.fill(location)})
    if created != 200:
        assert created in (400, 403), answer
        return
    run = target.server.call("POST", "/runs/create", {"experiment_id": answer["experiment_id"]})["run"]["info"]["run_id"]
    # Down the location itself, and down what is left of it when its end is cut off.
    for path in ("secret.txt", str(target.outside)[1:] + "/secret.txt"):
        quoted = urllib.parse.quote(path)
        target.send("GET", f"/get-artifact?run_id={run}&path={quoted}")
        target.send("GET", f"{API}/artifacts/list?run_id={run}&path={urllib.parse.quote(os.path.dirname(path))}")
        target.send("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={quoted}", b"evil",
                    {"Content-Type": "application/octet-stream"})


SOURCES = [
    ("CVE-2023-1176", "C:{outside}"), ("CVE-2023-1176", "C:\\Windows"), ("CVE-2023-1177", "{outside}"),
    ("CVE-2023-1177", "//proc/self/root{outside}"), ("CVE-2023-1177", "file://{outside}"), ("CVE-2023-2356", "./{up}{outside}"),
    ("CVE-2023-2780", "file://localhost{outside}"), ("CVE-2023-2780", "FILE://{outside}"),
    ("CVE-2023-2780", "file:///proc/self/root{outside}"), ("CVE-2023-6018", "mlflow-artifacts:/{up}{outside}"),
    ("CVE-2023-6018", "mlflow-artifacts://127.0.0.1:{port}/x"), ("CVE-2023-6753", "\\\\127.0.0.1\\share"),
    ("CVE-2023-6975", "ftp://127.0.0.1:{port}/x"), ("CVE-2024-1483", "http://host/#/{up}{outside}"),
    ("CVE-2024-1558", "mlflow-artifacts:/%2e%2e/{up}{outside}"), ("CVE-2024-1558", "models:/{up}{outside}/1"),
    ("CVE-2024-1558", "runs:/{up}{outside}"), ("CVE-2024-1593", "mlflow-artifacts:/d;/{up}{outside}"),
    ("CVE-2024-8859", "dbfs:{outside}"), ("CVE-2025-11201", "mlflow-artifacts:/d/{up}{outside}"),
    ("CVE-2025-11201", "mlflow-artifacts:/d/..%252f..%252f{outside}"),
]


@pytest.mark.parametrize("prompt", [False, True], ids=["model", "CVE-2026-2614: a prompt"])
@pytest.mark.parametrize("number, source", SOURCES)
def test_sources_of_models(target, number, source, prompt):
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}] if prompt else []
    run = target.server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    for run_id in (None, run):
        name = target.name()
        target.server.call("POST", "/registered-models/create", {"name": name, "tags": tags})
        wanted = {"name": name, "source": target.fill(source), "tags": tags, **({"run_id": run_id} if run_id else {})}
        created, answer = ask(target.server, "POST", f"{API}/model-versions/create", wanted)
        assert created in (200, 400, 403), answer
        if created == 200:
            version = answer["model_version"]["version"]
            for path in ("secret.txt", str(target.outside)[1:] + "/secret.txt"):
                target.send("GET", f"/model-versions/get-artifact?name={name}&version={version}&path={urllib.parse.quote(path)}")


def test_links_among_the_artifacts(target):
    """CVE-2023-6977, and what was found of it later."""
    run = target.server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]
    root = harness.pathlib.Path(target.server.destination) / "0" / run["run_id"] / "artifacts"
    root.mkdir(parents=True)
    (root / "link").symlink_to(target.outside)
    (root / "file.txt").symlink_to(target.outside / "secret.txt")
    (root / "up").symlink_to("../" * 12 + str(target.outside)[1:])
    for link in ("link", "up"):
        name = target.name()
        target.server.call("POST", "/registered-models/create", {"name": name})
        created, answer = ask(target.server, "POST", f"{API}/model-versions/create",
                              {"name": name, "source": f"{run['artifact_uri']}/{link}", "run_id": run["run_id"]})
        if created == 200:
            target.send("GET", f"/model-versions/get-artifact?name={name}&version={answer['model_version']['version']}&path=secret.txt")
        target.send("GET", f"/get-artifact?run_id={run['run_id']}&path={link}/secret.txt")
        target.send("GET", f"{API}/artifacts/list?run_id={run['run_id']}&path={link}")
        inside = f"{PROXY}/0/{run['run_id']}/artifacts/{link}"
        target.send("GET", f"{inside}/secret.txt")
        target.send("PUT", f"{inside}/new.txt", b"evil")
        target.send("DELETE", f"{inside}/secret.txt")
    assert target.send("GET", f"/get-artifact?run_id={run['run_id']}&path=file.txt")[0] != 200
    # Of a folder that is deleted, links go, and not what they lead to.
    target.send("DELETE", f"{PROXY}/0/{run['run_id']}")


PATHS = [
    ("CVE-2023-30172", "{up}{outside}/secret.txt"), ("CVE-2023-30172", "{outside}/secret.txt"), ("CVE-2023-30172", "/{outside}/secret.txt"),
    ("CVE-2023-3765", "C:{outside}/secret.txt"), ("CVE-2023-3765", "C:\\secret.txt"), ("CVE-2023-3765", "\\\\host\\secret.txt"),
    ("CVE-2023-3765", "..\\..\\..\\..\\outside\\secret.txt"), ("CVE-2023-6831", "%2e%2e/%2e%2e/outside/secret.txt"),
    ("CVE-2023-6831", "..%2f..%2foutside%2fsecret.txt"), ("CVE-2023-6831", "d/%2e%2e%2f%2e%2e%2f%2e%2e%2foutside/secret.txt"),
    ("CVE-2023-6976", "d/../../../outside/new.txt"), ("CVE-2024-1560", "%252e%252e%252f%252e%252e%252foutside%252fsecret.txt"),
    ("CVE-2024-1560", "%25252e%25252e/%25252e%25252e/outside/secret.txt"), ("CVE-2024-1593", "..;/..;/outside/secret.txt"),
    ("CVE-2024-1593", ";/../../outside/secret.txt"), ("CVE-2024-3848", "#/../../outside/secret.txt"),
    ("CVE-2026-2033", "d/./../../../outside/secret.txt"), ("CVE-2026-2033", "..%5c..%5coutside%5csecret.txt"),
    ("others", "secret.txt%00.png"), ("others", "\uff0e\uff0e/\uff0e\uff0e/outside/secret.txt"), ("others", "....//....//outside/secret.txt"),
    ("others", "file://{outside}/secret.txt"), ("others", "a/" * 3000 + "x"),
]


@pytest.mark.parametrize("number, path", PATHS)
def test_paths_of_artifacts(target, number, path):
    run = target.server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    text = target.fill(path)
    octets = {"Content-Type": "application/octet-stream"}
    # As it stands, and once more encoded; the text alone has not always a form that a request line can hold.
    for form in (urllib.parse.quote(text, safe="/%:;.\\"), urllib.parse.quote(text, safe="")):
        for method, where, body in [
                ("GET", f"{PROXY}/{form}", None), ("DELETE", f"{PROXY}/{form}", None), ("PUT", f"{PROXY}/{form}", b"evil"),
                ("GET", f"{PROXY}?path={form}", None), ("GET", f"/get-artifact?run_id={run}&path={form}", None),
                ("GET", f"{API}/artifacts/list?run_id={run}&path={form}", None),
                ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={form}", b"evil"),
                ("GET", f"/api/2.0/mlflow-artifacts/presigned/{form}", None)]:
            status, payload = target.send(method, where, body, octets)
            # What is a name like any other may be written and read; what is none is refused.
            assert status in (200, 400, 404, 414, 501), (method, where, status, payload)
    for action in ("create", "complete", "abort"):
        body = {"path": text, "num_parts": 1, "upload_id": "x", "parts": []}
        assert ask(target.server, "POST", f"/api/2.0/mlflow-artifacts/mpu/{action}/d", body)[0] in (400, 501)


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "MLmodel", "page.xhtml", "script.js", "x.xml"])
def test_documents_do_not_run_in_browsers(target, name):
    """CVE-2026-33865, CVE-2024-27132: whoever opens an artifact gets a file, not a page of the server."""
    body = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    run = target.server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    assert call(target.server, "PUT", f"{PROXY}/0/{run}/artifacts/{name}", body)[0] == 200
    for where in (f"{PROXY}/0/{run}/artifacts/{name}", f"/get-artifact?run_id={run}&path={name}"):
        status, headers, content = call(target.server, "GET", where)
        assert (status, content, headers["X-Content-Type-Options"]) == (200, body, "nosniff")
        assert headers["Content-Disposition"].startswith("attachment")
