"""Webhooks: stock clients manage them, receivers verify what they get as MLflow's documentation tells them to."""

import base64
import concurrent.futures
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import itertools
import json
import sqlite3
import ssl
import threading

import pytest
from conftest import STOCK
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from harness import drives_stock, free_port, run_client, wait_until

KEY = Fernet.generate_key().decode()
ENVIRONMENT = {
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": KEY,
    # Stock MLflow is not to remember who asked for what.
    "MLFLOW_WEBHOOK_CACHE_TTL": "0",
}
# What a server was sending when it was killed is another's half a minute after the request would have ended.
IMPATIENT = {**ENVIRONMENT, "MLFLOW_WEBHOOK_REQUEST_TIMEOUT": "1"}
LEASE = 50
CREATED = {"entity": "REGISTERED_MODEL", "action": "CREATED"}


class Receiver:
    """Keeps what it is sent: pairs of headers and body."""

    def __init__(self, port=0, certificate=None):
        self.seen = seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                seen.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.scheme = "https" if certificate else "http"

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count, seconds=30):
        wait_until(lambda: len(self.seen) >= count, seconds, f"{count} requests came in")
        assert len(self.seen) == count, self.seen
        return self.seen


def is_signed(headers, body, secret):
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.{body.decode()}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(digest).decode()}"
    return hmac.compare_digest(expected, headers.get("x-mlflow-signature", ""))


def certificate(folder):
    """A certificate for 127.0.0.1 that nobody but who is told to will trust, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
            .add_extension(address, critical=False).sign(key, hashes.SHA256()))
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    path = folder / "receiver.pem"
    path.write_bytes(private + public)
    return path


def create(server, url, **more):
    body = {"name": "w", "url": url, "events": [CREATED], **more}
    return server.call("POST", "/webhooks", body)["webhook"]["webhook_id"]


def test_a_stock_client_manages_webhooks(new_server, tmp_path):
    with Receiver() as receiver, new_server(environment=ENVIRONMENT) as server:
        run_client(STOCK, "webhooks.py", server.uri, tmp_path / "client", url=receiver.url)
        seen = receiver.wait_for(4)
        assert all(is_signed(headers, body, "hush") for headers, body in seen)
        told = {(one := json.loads(body))["entity"]: one for _, body in seen[2:]}
        created, tagged = told["registered_model"], told["model_version_tag"]
        assert created["data"] == {"name": "iris", "tags": {}, "description": ""}
        assert tagged["data"] == {"name": "iris", "version": "1", "key": "k", "value": "v"}
        datetime.datetime.fromisoformat(tagged["timestamp"])


@pytest.mark.skipif(drives_stock(), reason="stock MLflow forgets what it has not sent")
def test_a_power_cut_loses_no_delivery(new_server):
    port = free_port()
    server = new_server(environment=IMPATIENT)
    server.start()
    create(server, f"http://127.0.0.1:{port}/hook")
    for n in range(5):
        server.call("POST", "/registered-models/create", {"name": f"m{n}"})
    server.kill()
    with Receiver(port) as receiver, server:
        names = {json.loads(body)["data"]["name"] for _, body in receiver.wait_for(5, LEASE)}
        assert names == {f"m{n}" for n in range(5)}


@pytest.mark.skipif(drives_stock(), reason="stock MLflow tells its own webhooks only, and forgets them")
def test_servers_that_share_a_database_deliver_once(new_server):
    each, first = 40, new_server(environment=ENVIRONMENT)
    with Receiver() as receiver, first:
        create(first, receiver.url)
        with new_server(environment=ENVIRONMENT, store=first.store) as second:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                servers = itertools.cycle([first, second])
                list(pool.map(lambda pair: pair[1].call("POST", "/registered-models/create", {"name": f"m{pair[0]}"}),
                              zip(range(2 * each), servers)))
            wait_until(lambda: len(receiver.seen) >= 2 * each, 30, "every event came in")
            wait_until(lambda: count_queued(first) == 0, 30, "nothing is left in the queue")
            names = sorted(json.loads(body)["data"]["name"] for _, body in receiver.wait_for(2 * each))
            assert names == sorted(f"m{n}" for n in range(2 * each))


@pytest.mark.skipif(drives_stock(), reason="stock MLflow forgets what it has not sent")
def test_a_server_takes_over_what_another_cannot_send_any_more(new_server):
    port = free_port()
    first = new_server(environment=IMPATIENT)
    first.start()
    create(first, f"http://127.0.0.1:{port}/hook", secret="hush")
    with new_server(environment=ENVIRONMENT, store=first.store):
        first.call("POST", "/registered-models/create", {"name": "m"})
        first.kill()
        with Receiver(port) as receiver:
            assert is_signed(*receiver.wait_for(1, LEASE)[0], "hush")


def count_queued(server):
    with sqlite3.connect(server.database, timeout=20) as database:
        return database.execute("SELECT COUNT(*) FROM oxflow_webhook_deliveries").fetchone()[0]


def test_secrets_are_exchanged_with_stock_mlflow(new_server, tmp_path):
    with Receiver() as receiver, new_server(environment=ENVIRONMENT) as server:
        create(server, receiver.url, name="signed", secret="ours ✓")
        create(server, receiver.url, name="unsigned")
        run_client(STOCK, "webhook_secrets.py", server.store, tmp_path / "client", key=KEY, url=receiver.url)
        server.call("POST", "/registered-models/create", {"name": "m"})
        seen = receiver.wait_for(3)
        assert sorted(is_signed(*one, "ours ✓") for one in seen) == [False, False, True]
        assert sorted(is_signed(*one, "theirs ✓") for one in seen) == [False, False, True]


@pytest.mark.skipif(drives_stock(), reason="stock MLflow trusts nobody but its own list")
def test_receivers_are_encrypted_to_and_must_be_trusted(new_server, tmp_path):
    trusted = certificate(tmp_path)
    with Receiver(certificate=trusted) as receiver:
        with new_server(environment=ENVIRONMENT) as server:
            webhook = create(server, receiver.url)
            result = server.call("POST", f"/webhooks/{webhook}/test", {})["result"]
            assert not result["success"] and "encrypted connection" in result["error_message"], result
        environment = {**ENVIRONMENT, "SSL_CERT_FILE": str(trusted)}
        with new_server(environment=environment) as server:
            webhook = create(server, receiver.url)
            assert server.call("POST", f"/webhooks/{webhook}/test", {})["result"]["success"]
        receiver.wait_for(1)
