"""`oxflow demo`, and its files as an archive that other programs read."""

import io
import json
import os
import subprocess
import urllib.request
import zipfile
import zlib

import pytest

from harness import drives_stock, server_command

pytestmark = pytest.mark.skipif(drives_stock(), reason="stock MLflow has neither demo nor archives")


def demo(server):
    server.folder.mkdir(parents=True, exist_ok=True)
    command = [*server_command(), "demo", "--backend-store-uri", server.store, "--artifacts-destination",
               server.destination, "--runs", "7", "--steps", "20"]
    return subprocess.run(command, capture_output=True, text=True, cwd=server.folder, timeout=120)


def call(server, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.uri + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def check_picture(data):
    """A PNG whose data is whole, as a decoder would see it."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(data[at:at + 4], "big") for at in (16, 20))
    start = data.index(b"IDAT")
    size = int.from_bytes(data[start - 4:start], "big")
    body = data[start + 4:start + 4 + size]
    assert zlib.crc32(b"IDAT" + body) == int.from_bytes(data[start + 4 + size:start + 8 + size], "big")
    assert len(zlib.decompress(body)) == height * (1 + 3 * width)


def test_a_demo_is_made_once_and_its_files_come_as_an_archive(new_server):
    server = new_server()
    made = demo(server)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("Made 6 experiments with 62 runs and 103 files."), made.stdout
    again = demo(server)
    assert (again.returncode, again.stdout) == (1, "")
    assert "There is a demo in this database already" in again.stderr
    with server:
        search = {"experiment_ids": ["1"], "max_results": 1, "order_by": ["attributes.start_time DESC"]}
        run = json.loads(call(server, "/api/2.0/mlflow/runs/search", search))["runs"][0]
        assert {metric["step"] for metric in run["data"]["metrics"] if metric["key"] == "val/loss"} == {19}
        files = f"/ajax-api/2.0/oxflow/runs/{run['info']['run_id']}/artifacts/archive"
        archive = zipfile.ZipFile(io.BytesIO(call(server, files)))
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)) == 17 and "code/train.py" in names
        assert archive.getinfo("code/train.py").date_time[0] >= 2024
        pictures = [name for name in names if name.startswith("images/val~sample+step+")]
        assert len(pictures) == 5
        check_picture(archive.read(pictures[0]))
        # Large enough for many pieces, and for a sum that is right only if none is lost.
        large = os.urandom(3_000_000)
        upload = urllib.request.Request(
            f"{server.uri}/api/2.0/mlflow-artifacts/artifacts/1/{run['info']['run_id']}/artifacts/deep/er/large.bin",
            large, method="PUT")
        urllib.request.urlopen(upload, timeout=60).close()
        folder = zipfile.ZipFile(io.BytesIO(call(server, files + "?path=deep")))
        assert folder.namelist() == ["er/large.bin"] and folder.read("er/large.bin") == large
