"""Artifacts on remote storages: stock MLflow and plain HTTP through the server, and stock MLflow past it."""

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest

import harness
import setup_stores
from components import CEPH, FULL

HERE = harness.pathlib.Path(__file__).resolve().parent
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MEGABYTE = 1 << 20


def stock_client(script, server, folder, environment, seconds=240):
    """Runs a script with stock MLflow and the SDKs of the storages."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([setup_stores.python(), HERE / "clients" / script], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds, env={
                              "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
                              "MLFLOW_TRACKING_URI": server.uri, "MLFLOW_DISABLE_TELEMETRY": "true",
                              "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "PYTHONWARNINGS": "ignore",
                              "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "GIT_PYTHON_REFRESH": "quiet",
                              "STORES_FOLDER": str(folder), **environment})
    assert done.returncode == 0, f"{done.stdout[-5000:]}\nserver:\n{server.output()}"
    return done.stdout.split()[-1]


def call(server, method, path, body=None, headers=None):
    """One request: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def ask(server, method, path, body=None):
    """One JSON request: status and JSON."""
    status, _, payload = call(server, method, path, json.dumps(body or {}), {"Content-Type": "application/json"})
    return status, json.loads(payload)


def says_no_secret(server, storage):
    log = server.log.read_text(errors="replace")
    for secret in storage.secrets:
        assert secret not in log and urllib.parse.quote(secret, safe="") not in log


def server_on(new_server, storage, prefix, **environment):
    return new_server(destination=f"{storage.location}/{prefix}", environment={**storage.environment, **environment})


def test_stock_mlflow_through_the_proxy(storage, new_server, prefix, tmp_path):
    server = server_on(new_server, storage, prefix)
    stock_client("transfer.py", server, tmp_path / "client", {"MLFLOW_S3_IGNORE_TLS": "false"})
    says_no_secret(server, storage)


@pytest.mark.skipif(not FULL, reason="a large download: only with make test-stores FULL=1")
@pytest.mark.parametrize("scheme", ["hdfs", "viewfs", "webhdfs"])
def test_stock_mlflow_through_the_proxy_to_hadoop(storages, new_server, prefix, tmp_path, scheme):
    """Past the server, MLflow needs Hadoop's own library, which no package registry has."""
    storage = storages("hdfs")
    root = {"hdfs": storage.location, "viewfs": "viewfs://cluster/mounted", "webhdfs": storage.web}[scheme]
    server = new_server(destination=f"{root}/{prefix}", environment=storage.environment)
    stock_client("transfer.py", server, tmp_path / "client", {})
    assert call(server, "DELETE", f"{PROXY}/1")[0] == 200
    assert ask(server, "GET", PROXY)[1] == {}


@pytest.mark.parametrize("name", ["moto", "gs", "azure", "sftp", "ftp", *CEPH])
def test_stock_mlflow_past_the_server(storages, new_server, prefix, tmp_path, name):
    """The client writes to the storage itself; the server lists and reads what it wrote, and the other way round."""
    storage = storages(name)
    root = f"{storage.location}/{prefix}"
    server = new_server(options=["--no-serve-artifacts", "--default-artifact-root", root],
                        environment=storage.environment)
    run = stock_client("transfer.py", server, tmp_path / "client", storage.environment)
    status, listed = ask(server, "GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}&path=all")
    assert status == 200 and listed["root_uri"].startswith(root), listed
    assert {"path": "all/notes.txt", "is_dir": False, "file_size": 6} in listed["files"]
    status, headers, body = call(server, "GET", f"/get-artifact?run_id={run}&path=all/notes.txt")
    assert (status, body) == (200, b"second")
    assert headers["Content-Disposition"] == "attachment; filename=notes.txt"
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Content-Type"] == "text/plain"
    status, _, _ = call(server, "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=up/loaded.txt", b"up",
                        {"Content-Type": "application/octet-stream"})
    assert status == 200
    assert call(server, "GET", f"/get-artifact?run_id={run}&path=up/loaded.txt")[2] == b"up"


def test_ranges_validators_and_trees(storage, new_server, prefix):
    server = server_on(new_server, storage, prefix)
    for name in ("d/f.txt", "d/e/g.txt", "d-2/h.txt"):
        assert call(server, "PUT", f"{PROXY}/{name}", b"0123456789")[::2] == (200, b"")
    status, headers, body = call(server, "GET", f"{PROXY}/d/f.txt")
    assert (status, body, headers["Content-Length"], headers["Accept-Ranges"]) == (200, b"0123456789", "10", "bytes")
    tag = headers["ETag"]
    assert headers["Last-Modified"] and (tag.startswith('"') if storage.etags else tag is None)
    for value, expected, content in [("bytes=2-4", "bytes 2-4/10", b"234"), ("bytes=-3", "bytes 7-9/10", b"789"),
                                     ("bytes=5-", "bytes 5-9/10", b"56789")]:
        status, headers, body = call(server, "GET", f"{PROXY}/d/f.txt", headers={"Range": value})
        assert (status, headers["Content-Range"], body) == (206, expected, content)
    status, headers, _ = call(server, "GET", f"{PROXY}/d/f.txt", headers={"Range": "bytes=10-"})
    assert (status, headers["Content-Range"]) == (416, "bytes */10")
    if storage.etags:
        assert call(server, "GET", f"{PROXY}/d/f.txt", headers={"If-None-Match": tag})[0] == 304
    assert call(server, "GET", f"{PROXY}/nothing.txt")[0] == 404
    assert ask(server, "GET", f"{PROXY}?path=d")[1] == {"files": [
        {"path": "e", "is_dir": True}, {"path": "f.txt", "is_dir": False, "file_size": 10}]}
    if storage.name != "s3":  # It keeps keys as files, and does not know how to read or delete what is a folder to it.
        assert call(server, "GET", f"{PROXY}/d")[0] == 400
        assert call(server, "DELETE", f"{PROXY}/d")[0] == 200
        assert ask(server, "GET", PROXY)[1] == {"files": [{"path": "d-2", "is_dir": True}]}


@pytest.mark.parametrize("name", ["s3", "azure", "gs parts", *CEPH])
def test_stock_mlflow_uploads_in_parts_and_downloads_by_url(storages, new_server, prefix, tmp_path, name):
    storage = storages(name)
    server = server_on(new_server, storage, prefix)
    info = ask(server, "GET", "/api/3.0/mlflow/server-info")[1]
    assert info["multipart_uploads_enabled"] and info["multipart_downloads_enabled"]
    run = stock_client("transfer.py", server, tmp_path / "client", {
        "STORES_BIG": str(23 * MEGABYTE), "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(6 * MEGABYTE),
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(6 * MEGABYTE), "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true", "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": str(6 * MEGABYTE),
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(6 * MEGABYTE)})
    if name == "s3":
        # The server's own parts are larger, so that there would be two.
        headers = call(server, "GET", f"{PROXY}/1/{run}/artifacts/all/deep/er/model.bin", headers={"Range": "bytes=0-0"})[1]
        assert headers["ETag"].endswith('-4"'), headers["ETag"]
    says_no_secret(server, storage)


def send(url, method, body, headers=None):
    request = urllib.request.Request(url, method=method, data=body,
                                     headers={"Content-Type": "application/octet-stream", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers, answer.read()


@pytest.mark.parametrize("name", ["s3", "moto", "azure", "lake", "gs parts", *CEPH])
def test_parts_become_visible_together(storages, new_server, prefix, name):
    storage = storages(name)
    server = server_on(new_server, storage, prefix)
    mpu = "/api/2.0/mlflow-artifacts/mpu"
    status, upload = ask(server, "POST", f"{mpu}/create/1/run/artifacts", {"path": "/home/me/big file.bin", "num_parts": 2})
    assert status == 200 and [part["part_number"] for part in upload["credentials"]] == [1, 2], upload
    contents = [b"a" * (5 * MEGABYTE), b"b"]
    parts = []
    for part, content in zip(upload["credentials"], contents):
        headers, _ = send(part["url"], "PUT", content, part["headers"])
        parts.append({"part_number": part["part_number"], "etag": headers.get("ETag", ""), "url": part["url"]})
    assert ask(server, "GET", f"{PROXY}?path=1/run/artifacts")[1] == {}
    done = {"path": "big file.bin", "upload_id": upload.get("upload_id"), "parts": parts[::-1]}
    assert ask(server, "POST", f"{mpu}/complete/1/run/artifacts", done) == (200, {})
    assert call(server, "GET", f"{PROXY}/1/run/artifacts/big%20file.bin")[2] == b"".join(contents)
    status, signed = ask(server, "GET", "/api/2.0/mlflow-artifacts/presigned/1/run/artifacts/big%20file.bin")
    assert status == 200 and signed["file_size"] == 5 * MEGABYTE + 1, signed
    headers, body = send(signed["url"], "GET", None, signed["headers"])
    assert body == b"".join(contents) and headers["Content-Disposition"] == "attachment"
    assert ask(server, "GET", "/api/2.0/mlflow-artifacts/presigned/1/nothing")[0] == 404
    # Given up: nothing of it is ever seen, and it cannot be completed.
    _, upload = ask(server, "POST", f"{mpu}/create/1", {"path": "given-up", "num_parts": 1})
    headers, _ = send(upload["credentials"][0]["url"], "PUT", b"x")
    assert ask(server, "POST", f"{mpu}/abort/1", {"path": "given-up", "upload_id": upload.get("upload_id")}) == (200, {})
    # Azure has no uploads with an id; moto and Ceph fail with 500 where S3 says that there is none.
    if expected := {"s3": 403, "gs parts": 404}.get(name):
        done = {"path": "given-up", "upload_id": upload["upload_id"],
                "parts": [{"part_number": 1, "etag": headers["ETag"], "url": ""}]}
        assert ask(server, "POST", f"{mpu}/complete/1", done)[0] == expected
    for bad in ({"path": "x", "num_parts": 0}, {"path": "x", "num_parts": 10_001}, {"path": "a/", "num_parts": 1}, {}):
        assert ask(server, "POST", f"{mpu}/create/1", bad)[0] == 400, bad
    assert ask(server, "POST", f"{mpu}/create/..%2f..", {"path": "x", "num_parts": 1})[0] == 400
    says_no_secret(server, storage)


@pytest.mark.parametrize("name", ["s3", *CEPH])
def test_signed_urls_are_for_one_artifact_and_expire(storages, new_server, prefix, name):
    s3 = storages(name)
    root = f"{s3.location}/{prefix}"
    server = new_server(options=["--no-serve-artifacts", "--default-artifact-root", root], environment=s3.environment)
    experiment = server.call("POST", "/experiments/create", {"name": "e"})["experiment_id"]
    run = server.call("POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    api = "/api/2.0/mlflow/artifacts"
    status, up = ask(server, "POST", f"{api}/presigned-upload-url", {"run_id": run, "path": "d/f.txt"})
    assert status == 200, up
    send(up["presigned_url"], "PUT", b"content", up["headers"])
    wanted = {"run_id": run, "path": "d/f.txt", "expiration": 120}
    status, down = ask(server, "POST", f"{api}/presigned-download-url", wanted)
    assert (status, down["file_size"]) == (200, 7), down
    assert send(down["presigned_url"], "GET", None, down["headers"])[1] == b"content"
    for url in (down["presigned_url"].replace("f.txt", "g.txt"), up["presigned_url"].replace("f.txt", "g.txt")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            send(url, "PUT" if url.startswith(up["presigned_url"][:20]) and "g.txt" in url else "GET", b"evil")
        assert refused.value.code in (400, 403)

    _, short = ask(server, "POST", f"{api}/presigned-download-url", {**wanted, "expiration": 1})

    def expired():
        try:
            send(short["presigned_url"], "GET", None, short["headers"])
        except urllib.error.HTTPError as error:
            return error.code in (400, 403)
        return False

    harness.wait_until(expired, 15, "the URL expires")
    assert ask(server, "POST", f"{api}/presigned-download-url", {"run_id": run, "path": "nothing"})[0] == 404
    for bad in ({"run_id": run, "path": "../x"}, {"run_id": run, "path": "x", "expiration": 0}):
        assert ask(server, "POST", f"{api}/presigned-upload-url", bad)[0] == 400
    says_no_secret(server, s3)


GOOGLE = """
import os, sys, requests
from google.cloud.storage._signing import generate_signed_url_v4
from google.oauth2 import service_account
from google.resumable_media.requests import XMLMPUContainer, XMLMPUPart
endpoint, file = os.environ["STORAGE_EMULATOR_HOST"], sys.argv[1]
url, session = f"{endpoint}/mlflow/{sys.argv[2]}", requests.Session()
headers = {"Authorization": "Bearer a-token"}
container = XMLMPUContainer(url, file, headers=headers)
container.initiate(session, "text/plain")
part = XMLMPUPart(url, container.upload_id, file, 0, 5 << 20, 1, headers=headers)
part.upload(session)
container.register_part(1, part.etag)
account = service_account.Credentials.from_service_account_file(os.environ["GOOGLE_APPLICATION_CREDENTIALS"])
signed = generate_signed_url_v4(account, f"/mlflow/{sys.argv[2]}", 60, endpoint, method="PUT",
                                query_parameters={"partNumber": 2, "uploadId": container.upload_id})
answer = requests.put(signed, b"end")
assert answer.status_code == 200, answer.text
for forged in (signed.replace("partNumber=2", "partNumber=3"), signed.replace("Expires=60", "Expires=61")):
    assert requests.put(forged, b"evil").status_code == 403, forged
container.register_part(2, answer.headers["ETag"])
container.finalize(session)
other = XMLMPUContainer(url, file, headers=headers)
other.initiate(session, "text/plain")
other.cancel(session)
"""


def test_what_stands_for_google_in_tests_is_like_google(storages, prefix, tmp_path):
    """Google's own library uploads in parts there, with its own signatures."""
    storage, file = storages("gs parts"), tmp_path / "file"
    file.write_bytes(b"a" * (5 * MEGABYTE))
    done = subprocess.run([setup_stores.python(), "-c", GOOGLE, str(file), prefix], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, **storage.environment})
    assert done.returncode == 0, done.stdout
    assert send(f"{storage.environment['STORAGE_EMULATOR_HOST']}/mlflow/{prefix}", "GET", None)[1] == file.read_bytes() + b"end"


def test_parts_that_do_not_fit_are_refused_as_google_does(storages, new_server, prefix):
    storage = storages("gs parts")
    server = server_on(new_server, storage, prefix)
    mpu = "/api/2.0/mlflow-artifacts/mpu"
    status, upload = ask(server, "POST", f"{mpu}/create/d", {"path": "100% é a+b.bin", "num_parts": 3})
    assert status == 200, upload
    urls = [part["url"] for part in upload["credentials"]]
    tags = [send(url, "PUT", b"small")[0]["ETag"] for url in urls]
    with pytest.raises(urllib.error.HTTPError) as refused:
        send(urls[0].replace("partNumber=1", "partNumber=2"), "PUT", b"evil")
    assert refused.value.code == 403
    for parts, words in [([(1, tags[0]), (2, tags[1])], "smaller than 5 MiB"), ([(1, "wrong")], "another ETag"),
                         ([(4, tags[0])], "missing"), ([(1, tags[0]), (1, tags[0])], "twice")]:
        done = {"path": "100% é a+b.bin", "upload_id": upload["upload_id"],
                "parts": [{"part_number": number, "etag": tag, "url": ""} for number, tag in parts]}
        status, answer = ask(server, "POST", f"{mpu}/complete/d", done)
        assert status == 400 and words in answer["message"], answer
    done["parts"] = [{"part_number": 3, "etag": tags[2], "url": ""}]
    assert ask(server, "POST", f"{mpu}/complete/d", done) == (200, {})
    assert call(server, "GET", f"{PROXY}/d/100%25%20%C3%A9%20a+b.bin")[2] == b"small"


SIGN = """
import datetime, sys
from google.cloud.storage._signing import generate_signed_url_v4
from google.oauth2 import service_account
file, resource, endpoint, method, expires, moment, disposition = sys.argv[1:]
print(generate_signed_url_v4(service_account.Credentials.from_service_account_file(file), resource, int(expires), endpoint,
                             method=method, response_disposition=disposition or None, _request_timestamp=moment))
"""


def test_google_urls_are_those_of_its_own_library(storages, new_server, prefix, tmp_path):
    """The emulator checks no signatures, so that Google's own library has to say what they are."""
    storage = storages("gs")
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"type": "service_account", "client_email": "ana@project.iam.gserviceaccount.com",
                                   "private_key": key, "token_uri": "http://127.0.0.1:1/"}))
    root = f"{storage.location}/{prefix}"
    server = new_server(options=["--no-serve-artifacts", "--default-artifact-root", root],
                        environment={**storage.environment, "GOOGLE_APPLICATION_CREDENTIALS": str(account)})
    experiment = server.call("POST", "/experiments/create", {"name": "e"})["experiment_id"]
    run = server.call("POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    name = "d/100% é a+b.txt"
    wanted = {"run_id": run, "path": name}
    status, up = ask(server, "POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", wanted)
    assert status == 200, up
    send(up["presigned_url"], "PUT", b"content", up.get("headers"))
    status, down = ask(server, "POST", "/api/2.0/mlflow/artifacts/presigned-download-url", {**wanted, "expiration": 120})
    assert (status, down["file_size"]) == (200, 7), down
    assert send(down["presigned_url"], "GET", None, down.get("headers"))[1] == b"content"
    for method, url, disposition in [("PUT", up["presigned_url"], ""), ("GET", down["presigned_url"], "attachment")]:
        ours = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(ours.query))
        signed = subprocess.run([setup_stores.python(), "-c", SIGN, str(account), ours.path, f"{ours.scheme}://{ours.netloc}",
                                 method, query["X-Goog-Expires"], query["X-Goog-Date"], disposition],
                                check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        theirs = urllib.parse.urlsplit(signed)
        assert (ours.path, query) == (theirs.path, dict(urllib.parse.parse_qsl(theirs.query)))
    assert "PRIVATE KEY" not in server.log.read_text(errors="replace")


def test_google_without_credentials(new_server, tmp_path):
    """Nobody answers: neither the machine's metadata service, nor Google."""
    nobody = f"http://127.0.0.1:{harness.free_port()}"
    environment = {"HOME": str(tmp_path), "HTTP_PROXY": nobody, "HTTPS_PROXY": nobody, "NO_PROXY": ""}
    server = new_server(destination="gs://bucket/x", environment=environment)
    for method, path, body in [("GET", f"{PROXY}?path=", None), ("PUT", f"{PROXY}/f", b"x")]:
        status, _, payload = call(server, method, path, body)
        assert status == 500 and b"GOOGLE_APPLICATION_CREDENTIALS" in payload, (status, payload)
    environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(tmp_path / "nothing.json")
    server = new_server(destination="gs://bucket/x", environment=environment)
    status, _, payload = call(server, "GET", f"{PROXY}?path=")
    assert status == 500 and b"Google gives no token for the credentials" in payload, (status, payload)


@pytest.mark.skipif(not FULL, reason="takes minutes: only with make test-stores FULL=1")
@pytest.mark.parametrize("name", ["folder", "s3"])
def test_stock_mlflow_with_2_gib_and_10_000_files(storages, new_server, prefix, tmp_path, name):
    server = new_server() if name == "folder" else server_on(new_server, storages(name), prefix)
    stock_client("large.py", server, tmp_path / "client", {
        "STORES_MIB": "2048", "STORES_FILES": "10000", "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true"}, seconds=1800)
    shutil.rmtree(tmp_path / "client")


@pytest.mark.parametrize("name, size", [("s3", 25), ("moto", 25), ("azure", 25), ("gs", 15), *((name, 25) for name in CEPH)])
def test_large_downloads_come_in_order(storages, new_server, prefix, name, size):
    """They are fetched in parts, several at a time."""
    server = server_on(new_server, storages(name), prefix)
    content = os.urandom(size * MEGABYTE + 7)
    assert call(server, "PUT", f"{PROXY}/f.bin", content)[0] == 200
    assert call(server, "GET", f"{PROXY}/f.bin")[2] == content
    for first, last in [(5, len(content) - 3), (8 * MEGABYTE, len(content) - 1), (1, 9 * MEGABYTE)]:
        status, headers, body = call(server, "GET", f"{PROXY}/f.bin", headers={"Range": f"bytes={first}-{last}"})
        assert (status, headers["Content-Range"]) == (206, f"bytes {first}-{last}/{len(content)}")
        assert body == content[first:last + 1]


@pytest.mark.parametrize("name", ["s3", "moto", "azure", *CEPH])
def test_a_download_whose_file_is_replaced_is_no_mix(storages, new_server, prefix, name):
    """It breaks off, on storages that heed If-Match (all but s3s-fs) and on others."""
    server = server_on(new_server, storages(name), prefix)
    size = 64 * MEGABYTE
    assert call(server, "PUT", f"{PROXY}/f.bin", b"o" * size)[0] == 200
    with socket.socket() as client:
        # What is in the buffers of the connection is less than what has not been asked for.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        client.settimeout(60)
        client.connect(("127.0.0.1", server.port))
        client.sendall(f"GET {PROXY}/f.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = client.recv(1 << 16)
        assert answer.startswith(b"HTTP/1.1 200") and b"o" in answer
        assert call(server, "PUT", f"{PROXY}/f.bin", b"n" * size)[0] == 200
        got, others = len(answer), 0
        try:
            while piece := client.recv(1 << 20):
                got += len(piece)
                others += piece.count(b"n")
        except ConnectionError:
            pass
    assert got < size, "the download came to an end as if nothing had happened"
    assert others == 0 or name == "s3"
    assert call(server, "GET", f"{PROXY}/f.bin")[2] == b"n" * size


def peak_memory(server):
    return int(re.search(r"VmHWM:\s+(\d+) kB", open(f"/proc/{server.process.pid}/status").read()).group(1)) << 10


def test_large_and_many_files_in_little_memory(s3, new_server, prefix):
    """300 MB up and down, and 1,000 files: the server keeps a few parts in memory, and never a file."""
    server = server_on(new_server, s3, prefix)
    before, size, piece = peak_memory(server), 300 * MEGABYTE, os.urandom(MEGABYTE)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("PUT", f"{PROXY}/big.bin", (piece for _ in range(300)), {"Content-Length": str(size)})
    assert connection.getresponse().read() == b""
    connection.request("GET", f"{PROXY}/big.bin")
    answer = connection.getresponse()
    for number in range(300):
        assert answer.read(MEGABYTE) == piece, f"MB {number} differs"
    assert answer.read() == b""
    grown = peak_memory(server) - before
    assert grown < 160 * MEGABYTE, f"{grown >> 20} MB more than at the start"
    for number in range(1000):
        connection.request("PUT", f"{PROXY}/many/{number:04}.txt", b"x")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()
    files = ask(server, "GET", f"{PROXY}?path=many")[1]["files"]
    assert [file["path"] for file in files] == [f"{number:04}.txt" for number in range(1000)]


def test_an_upload_that_breaks_off_leaves_nothing(s3, new_server, prefix):
    buckets = s3.folder / "buckets"

    def parts():
        return {path for path in buckets.rglob("*") if "upload" in path.name and path.is_file()}

    # Servers that were killed could not clean up.
    before = parts()
    server = server_on(new_server, s3, prefix)
    assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"PUT {PROXY}/f.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\n".encode())
        for _ in range(40):
            client.sendall(b"x" * MEGABYTE)
        harness.wait_until(lambda: parts() - before, 20, "the first parts are there")
    harness.wait_until(lambda: not parts() - before, 20, "its parts are gone")
    assert call(server, "GET", f"{PROXY}/f.bin")[2] == b"old"
    assert ask(server, "GET", PROXY)[1] == {"files": [{"path": "f.bin", "is_dir": False, "file_size": 3}]}


def test_artifacts_behind_stock_mlflow(new_server, prefix, tmp_path):
    """Stock MLflow as the storage: it sends neither lengths nor parts of files."""
    stock = harness.Server(tmp_path / "stock", command=[str(setup_stores.python().with_name("python")), "-m", "mlflow"],
                           options=["--workers", "1"])
    try:
        stock.launch()
        harness.wait_until(stock.is_healthy, 120, "stock MLflow answers")
        server = new_server(destination=f"{stock.uri}{PROXY}/{prefix}")
        content = os.urandom(5 * MEGABYTE)
        for name, body in [("d/big.bin", content), ("d/e/f.txt", b"0123456789"), ("d/100%25.txt", b"percent"), ("d/d", b"twin")]:
            assert call(server, "PUT", f"{PROXY}/{name}", body)[::2] == (200, b""), name
        assert call(server, "GET", f"{PROXY}/d/big.bin")[2] == content
        status, headers, body = call(server, "GET", f"{PROXY}/d/big.bin", headers={"Range": "bytes=4000000-4000009"})
        assert (status, headers["Content-Range"], body) == (206, f"bytes 4000000-4000009/{len(content)}", content[4000000:4000010])
        assert ask(server, "GET", f"{PROXY}?path=d")[1] == {"files": [
            {"path": "100%.txt", "is_dir": False, "file_size": 7}, {"path": "big.bin", "is_dir": False, "file_size": len(content)},
            {"path": "d", "is_dir": False, "file_size": 4}, {"path": "e", "is_dir": True}]}
        assert call(server, "GET", f"{PROXY}/d/nothing")[0] == 404
        assert call(server, "GET", f"{PROXY}/d/e")[0] == 400
        assert call(server, "DELETE", f"{PROXY}/d/e")[0] == 200
        assert call(server, "GET", f"{PROXY}/d/e/f.txt")[0] == 404
        assert (tmp_path / "stock" / "artifacts" / prefix / "d" / "big.bin").read_bytes() == content
    finally:
        stock.kill()


def test_credentials_are_for_the_own_storage(new_server):
    """The server that keeps the artifacts is told who asks; another one, which a client chose, is not."""
    own, other = Listener(), Listener()
    server = new_server(options=["--no-serve-artifacts", "--default-artifact-root", f"{own.uri}{PROXY}/own"], environment={
        "MLFLOW_TRACKING_TOKEN": "a-token", "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES": "http"})
    for host, location in [(own, None), (other, f"{other.uri}{PROXY}")]:
        created = server.call("POST", "/experiments/create", {"name": host.uri, "artifact_location": location})
        run = server.call("POST", "/runs/create", {"experiment_id": created["experiment_id"]})["run"]["info"]["run_id"]
        assert ask(server, "GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}")[0] == 200
    assert [headers["Authorization"] for headers in own.seen] == ["Bearer a-token"]
    assert [headers["Authorization"] for headers in other.seen] == [None]
    assert "a-token" not in server.log.read_text(errors="replace")


class Listener(http.server.ThreadingHTTPServer):
    """Answers everything with an empty listing, and keeps the headers."""

    daemon_threads = True

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), Listener.Handler)
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.seen.append(self.headers)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass


def test_markers_of_folders_are_hidden(storages, new_server, prefix):
    moto = storages("moto")
    server = server_on(new_server, moto, prefix)
    url = f"{moto.environment['MLFLOW_S3_ENDPOINT_URL']}/mlflow/{prefix}"
    for key in ("d/", "d/e/"):
        send(f"{url}/{key}", "PUT", b"")
    assert call(server, "PUT", f"{PROXY}/d/f", b"x")[0] == 200
    assert ask(server, "GET", f"{PROXY}?path=d")[1] == {"files": [
        {"path": "e", "is_dir": True}, {"path": "f", "is_dir": False, "file_size": 1}]}


def test_what_the_storage_refuses_is_explained(s3, new_server, prefix):
    """Each failure has a status of its own and says what to do; none tells secrets, or hosts."""
    nowhere = harness.free_port()
    cases = [({"MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{nowhere}"}, 503, "does not answer"),
             ({"AWS_SECRET_ACCESS_KEY": "a-wrong-secret"}, 401, "does not accept the credentials"),
             ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 500, "has no credentials")]
    for environment, expected, words in cases:
        server = server_on(new_server, s3, prefix, **environment)
        for method, path, body in [("GET", f"{PROXY}?path=", None), ("PUT", f"{PROXY}/f", b"x")]:
            status, _, payload = call(server, method, path, body)
            assert status == expected and words in payload.decode(), (environment, status, payload)
            assert str(nowhere) not in payload.decode() and "wrong-secret" not in payload.decode()
        log = server.log.read_text(errors="replace")
        assert "wrong-secret" not in log and s3.secrets[0] not in log


class Trap:
    """A port that nobody may connect to."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.hits = self.socket.getsockname()[1], 0
        threading.Thread(target=self.count, daemon=True).start()

    def count(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.hits += 1


def test_locations_of_clients_do_not_lead_elsewhere(s3, new_server, prefix):
    """Whatever location a client gives an experiment, the server connects to its own storage only."""
    trap = Trap()
    host = f"127.0.0.1:{trap.port}"
    server = server_on(new_server, s3, prefix)
    locations = [f"s3://{host}/x", f"s3://b@{host}/x", f"s3://{host}#/x", f"s3://b/../../{host}", f"gs://{host}/x",
                 f"gs://b@{host}/x", f"wasbs://c@{host}/x", f"wasbs://c@{host}\\.blob.core.windows.net/x",
                 "wasbs://c@127.0.0.1/x", f"abfss://c@{host}/x", f"r2://b@{host}/x", f"b2://b@{host}/x",
                 f"http://{host}/api/2.0/mlflow-artifacts/artifacts/x", f"mlflow-artifacts://{host}/x",
                 f"ftp://{host}/x", f"sftp://{host}/x", f"hdfs://{host}/x", f"webhdfs://{host}/x", f"swebhdfs://{host}/x",
                 f"s3://mlflow/../other/{prefix}",
                 f"s3://mlflow%2f..%2fother/x", f"s3:///{host}/x", f"s3://mlflow?endpoint=http://{host}/x"]
    refused = 0
    for number, location in enumerate(locations):
        status, created = ask(server, "POST", "/api/2.0/mlflow/experiments/create",
                              {"name": f"e{number}", "artifact_location": location})
        if status != 200:
            assert status == 400, (location, created)
            refused += 1
            continue
        run = server.call("POST", "/runs/create", {"experiment_id": created["experiment_id"]})["run"]["info"]["run_id"]
        if location.startswith("mlflow-artifacts:"):
            continue
        for method, path, body in [
                ("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}", None),
                ("GET", f"/get-artifact?run_id={run}&path=f", None),
                ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=f", b"x")]:
            status, _, payload = call(server, method, path, body)
            # A bucket of this name may be missing in the own storage; nothing else can be asked for.
            assert status in (400, 404, 500) or location.startswith("s3://mlflow?"), (location, status, payload)
    assert refused >= 8
    assert trap.hits == 0
