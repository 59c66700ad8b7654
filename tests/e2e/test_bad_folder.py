"""An `mlruns` folder that cannot be used, or not any more: the server says why and what to do, and writes nothing half."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import API, Server, drives_stock, server_command

pytestmark = pytest.mark.skipif(drives_stock(), reason="stock MLflow has its own messages")
NOBODY = 65534


def refused(server, *fragments):
    ended = server.refuse_to_start()
    assert ended.code == 1 and "panicked" not in ended.output, ended
    for fragment in (*fragments, server.store):
        assert fragment in ended.output, f"expected {fragment!r} in:\n{ended.output}"


def test_a_file_in_place_of_the_folder(new_server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "mlruns"):
        refused(new_server(store=str(path)), "Cannot open the folder", "Name another folder")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_is_not_upgraded(tmp_path):
    for uri in (str(tmp_path), tmp_path.as_uri()):
        done = subprocess.run([*server_command(), "db", "upgrade", uri], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "needs no upgrade" in done.stderr and f"oxflow migrate --from {uri}" in done.stderr, done
    assert not list(tmp_path.iterdir())


def test_a_folder_on_another_machine(new_server):
    refused(new_server(store="file://elsewhere/mlruns"), "another machine")


@pytest.fixture
def powerless(tmp_path):
    """A server on an empty folder that may not ignore permissions, even if the tests may; not started yet."""
    with tempfile.TemporaryDirectory(prefix="oxflow-e2e-") as home:
        home = pathlib.Path(home)
        folder = home / "mlruns"
        folder.mkdir()
        settings = {"store": str(folder), "options": ["--default-artifact-root", str(folder)]}
        if os.geteuid() != 0:
            server = Server(home / "server", **settings)
        else:
            # Root's own folders are closed to others, so the binary comes along.
            [binary] = server_command()
            shutil.copy(binary, home / "oxflow")
            home.chmod(0o755)
            server = Server(home / "server", command=[str(home / "oxflow")], user=NOBODY, **settings)
            for path in (server.folder, folder):
                os.chown(path, NOBODY, NOBODY)
        server.log = tmp_path / "server.log"
        yield server, folder
        server.kill()
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)


def test_a_folder_that_may_not_be_read(powerless):
    server, folder = powerless
    folder.chmod(0o000)
    refused(server, "Permission denied", "permissions")


def test_a_folder_that_may_not_be_written(powerless):
    server, folder = powerless
    folder.chmod(0o555)
    refused(server, "Permission denied", "permissions")
    assert not list(folder.iterdir())


def unavailable(server, path, body, word):
    status, text = server.request("POST", API + path, body)
    answer = json.loads(text)
    assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE") and word in answer["message"], answer


def test_permissions_that_are_lost_while_running(powerless):
    """What cannot be written is refused as a whole, reads go on, and so do writes when it is mended."""
    server, folder = powerless
    with server:
        run = server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        (folder / "0" / run / "params").chmod(0o555)
        batch = {"run_id": run, "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "1"}],
                 "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 1}]}
        unavailable(server, "/runs/log-batch", batch, "permissions")
        data = server.call("GET", f"/runs/get?run_id={run}")["run"]["data"]
        assert not data.get("metrics") and not data.get("params") and "t" not in {tag["key"] for tag in data["tags"]}
        (folder / "0" / run / "params").chmod(0o755)
        server.call("POST", "/runs/log-batch", batch)
        data = server.call("GET", f"/runs/get?run_id={run}")["run"]["data"]
        assert len(data["metrics"]) == len(data["params"]) == 1
    assert not [path for path in folder.rglob("*") if "unfinished" in path.name]


def test_a_disk_that_fills_up_while_running(new_server, small_disk):
    """Writes are refused with a reason, reads go on, and nothing acknowledged is lost."""
    folder = small_disk / "mlruns"
    server = new_server(store=str(folder), options=["--default-artifact-root", str(folder)])
    with server:
        run = server.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        status, acknowledged = 200, 0
        while status == 200 and acknowledged < 500_000:
            metrics = [{"key": "m", "value": 0.1, "timestamp": n, "step": n} for n in range(acknowledged, acknowledged + 900)]
            body = {"run_id": run, "metrics": metrics, "tags": [{"key": f"t{acknowledged}", "value": "x"}]}
            status, text = server.request("POST", API + "/runs/log-batch", body)
            acknowledged += 900 if status == 200 else 0
        answer = json.loads(text)
        assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE") and "free some space" in answer["message"], answer
        history = server.call("GET", f"/metrics/get-history?run_id={run}&metric_key=m")["metrics"]
        assert len(history) == acknowledged > 0
    # A batch may be there in part only after a power failure.
    with server:
        history = server.call("GET", f"/metrics/get-history?run_id={run}&metric_key=m")["metrics"]
        assert [point["step"] for point in history] == list(range(acknowledged))
        tags = server.call("GET", f"/runs/get?run_id={run}")["run"]["data"]["tags"]
        assert len([tag for tag in tags if tag["key"].startswith("t")]) == acknowledged // 900


def test_a_full_disk_at_the_start(new_server, small_disk):
    (small_disk / "ballast").write_bytes(b"x" * (2 * 1024 * 1024))
    server = new_server(store=str(small_disk / "mlruns"))
    ended = server.refuse_to_start()
    assert ended.code == 1 and "space" in ended.output, ended
