"""`MLFLOW_S3_EXPECTED_BUCKET_OWNER`: every request to S3 names the owner of the bucket, and the signature covers it."""

import collections
import http.client
import http.server
import re
import subprocess
import threading
import urllib.error
import urllib.parse

import pytest

import setup_stores
from components import BUCKET
from test_conformance import FOLDERS, keep_promises
from test_transfer import MEGABYTE, PROXY, ask, call, send, server_on

OWNER, HEADER = "111122223333", "x-amz-expected-bucket-owner"
DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Owned(http.server.ThreadingHTTPServer):
    """Lets those through to a storage who name its owner, and sign that; the storage checks the signatures.

    No storage at hand knows owners. That boto's requests get in as well says that this one asks for what Amazon does.
    """

    daemon_threads = True
    request_queue_size = 100

    def __init__(self, storage):
        self.storage = storage.environment["MLFLOW_S3_ENDPOINT_URL"].removeprefix("http://")
        self.let_in, self.refused = collections.Counter(), []
        super().__init__(("127.0.0.1", 0), Owned.Handler)
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        self.environment = {**storage.environment, "MLFLOW_S3_ENDPOINT_URL": self.uri}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def named(self):
            """How the request names the owner; None if it does not, or does not sign it."""
            query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
            if "X-Amz-Signature" in query:
                return "url" if query.get(HEADER) == OWNER else None
            signed = re.search(r"SignedHeaders=([^,]+)", self.headers.get("Authorization", ""))
            return "header" if signed and HEADER in signed[1].split(";") and self.headers.get(HEADER) == OWNER else None

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            how = self.named()
            if how is None:
                self.server.refused.append(f"{self.command} {self.path}")
                return self.send(403, [("Content-Type", "application/xml")], DENIED)
            self.server.let_in[f"{self.command} {how}"] += 1
            storage = http.client.HTTPConnection(self.server.storage, timeout=60)
            try:
                # With the host that was signed.
                storage.request(self.command, self.path, body, dict(self.headers))
                answered = storage.getresponse()
                self.send(answered.status, answered.getheaders(), answered.read())
            finally:
                storage.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        def send(self, status, headers, payload):
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection") and (self.command == "HEAD" or name.lower() != "content-length"):
                    self.send_header(name, value)
            if self.command != "HEAD" or not headers:
                self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)

        def log_message(self, *_):
            pass


@pytest.fixture
def owned(s3):
    front = Owned(s3)
    yield front
    front.shutdown()
    front.server_close()


def owned_server(owned, s3, new_server, prefix, owner=OWNER):
    return server_on(new_server, s3, prefix, MLFLOW_S3_ENDPOINT_URL=owned.uri, MLFLOW_S3_EXPECTED_BUCKET_OWNER=owner)


BOTO = f"""
import boto3, sys
s3 = boto3.client("s3", endpoint_url=sys.argv[1])
s3.put_object(Bucket="{BUCKET}", Key="boto", Body=b"content", ExpectedBucketOwner="{OWNER}")
assert s3.get_object(Bucket="{BUCKET}", Key="boto", ExpectedBucketOwner="{OWNER}")["Body"].read() == b"content"
for wrong in [{{}}, {{"ExpectedBucketOwner": "444455556666"}}]:
    try:
        s3.get_object(Bucket="{BUCKET}", Key="boto", **wrong)
    except s3.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
    else:
        sys.exit("a request without the owner got in")
"""


def test_what_stands_for_amazon_in_tests_knows_boto(owned):
    done = subprocess.run([setup_stores.python(), "-c", BOTO, owned.uri], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=owned.environment)
    assert done.returncode == 0, done.stdout
    assert len(owned.refused) == 2


def test_the_promises_with_an_owner(owned, s3):
    keep_promises(s3, {"MLFLOW_S3_ENDPOINT_URL": owned.uri, "MLFLOW_S3_EXPECTED_BUCKET_OWNER": OWNER}, skip=FOLDERS)
    assert not owned.refused
    assert {"GET header", "HEAD header", "PUT header", "POST header", "DELETE header"} <= set(owned.let_in), owned.let_in


def test_uploads_in_parts_with_an_owner(owned, s3, new_server, prefix):
    server = owned_server(owned, s3, new_server, prefix)
    mpu = "/api/2.0/mlflow-artifacts/mpu"
    status, upload = ask(server, "POST", f"{mpu}/create/d", {"path": "a b+c.bin", "num_parts": 2})
    assert status == 200, upload
    contents = [b"a" * (5 * MEGABYTE), b"b"]
    parts = [{"part_number": part["part_number"], "etag": send(part["url"], "PUT", content)[0]["ETag"], "url": part["url"]}
             for part, content in zip(upload["credentials"], contents)]
    done = {"path": "a b+c.bin", "upload_id": upload["upload_id"], "parts": parts}
    assert ask(server, "POST", f"{mpu}/complete/d", done) == (200, {})
    assert call(server, "GET", f"{PROXY}/d/a%20b+c.bin")[2] == b"".join(contents)
    upload = ask(server, "POST", f"{mpu}/create/d", {"path": "other.bin", "num_parts": 1})[1]
    assert ask(server, "POST", f"{mpu}/abort/d", {"path": "other.bin", "upload_id": upload["upload_id"]}) == (200, {})
    assert not owned.refused
    assert owned.let_in["POST header"] == 3 and owned.let_in["PUT url"] == 2 and owned.let_in["DELETE header"] == 1, owned.let_in


def test_urls_with_an_owner_cannot_be_changed(owned, s3, new_server, prefix):
    environment = {**owned.environment, "MLFLOW_S3_EXPECTED_BUCKET_OWNER": OWNER}
    server = new_server(options=["--no-serve-artifacts", "--default-artifact-root", f"{s3.location}/{prefix}"], environment=environment)
    experiment = server.call("POST", "/experiments/create", {"name": "e"})["experiment_id"]
    run = server.call("POST", "/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    wanted = {"run_id": run, "path": "d/100% é a+b.txt"}
    up = ask(server, "POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", wanted)[1]
    send(up["presigned_url"], "PUT", b"content", up.get("headers"))
    down = ask(server, "POST", "/api/2.0/mlflow/artifacts/presigned-download-url", wanted)[1]
    # As a browser does it: without a header.
    assert send(down["presigned_url"], "GET", None)[1] == b"content"
    assert HEADER in down["presigned_url"] and HEADER not in down.get("headers", {})
    for changed in (f"{HEADER}={OWNER}", ""), (OWNER, "444455556666"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            # The storage itself, which does not know owners, but signatures.
            send(down["presigned_url"].replace(*changed).replace(owned.uri, f"http://{owned.storage}"), "GET", None)
        assert refused.value.code == 403


def test_the_bucket_of_somebody_else_gets_nothing(owned, s3, new_server, prefix):
    server = owned_server(owned, s3, new_server, prefix, owner="444455556666")
    status, _, payload = call(server, "PUT", f"{PROXY}/f.txt", b"x")
    assert status == 403 and b"storage" in payload, payload
    assert call(server, "GET", f"{PROXY}/f.txt")[0] == 403
    assert owned.refused and not owned.let_in
