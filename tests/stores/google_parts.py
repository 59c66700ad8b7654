"""Uploads in parts as Google's XML interface has them, in front of an emulator that lacks them.

Requests about uploads in parts are answered here, by what Google's documentation of them says; all others are passed on.
URLs of parts have to be signed (version 4) with the key of the account, for this request and for now. That this is how
Google does it is not taken for granted: the tests let Google's own library upload in parts and sign URLs here.
"""

import datetime
import hashlib
import http.client
import http.server
import secrets
import threading
import urllib.parse
import xml.etree.ElementTree

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SMALLEST = 5 << 20
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Refused(Exception):
    def __init__(self, status, code):
        self.status, self.code = status, code


def new_key():
    """A key of an account, as its file of credentials holds it, and the half that others know."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return text.decode(), key.public_key()


class GoogleParts(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, emulator, email, public_key):
        self.emulator, self.email, self.public_key = emulator, email, public_key
        self.uploads = {}
        super().__init__(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def check_signature(self, method, path, query, host):
        """As https://cloud.google.com/storage/docs/access-control/signed-urls describes it."""
        pairs = query.split("&")
        fields = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        kept = "&".join(sorted(pair for pair in pairs if not pair.startswith("X-Goog-Signature=")))
        try:
            moment = datetime.datetime.strptime(fields["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
            age = (datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()
            email, scope = fields["X-Goog-Credential"].split("/", 1)
            fits = (fields["X-Goog-Algorithm"] == "GOOG4-RSA-SHA256" and fields["X-Goog-SignedHeaders"] == "host"
                    and email == self.email and scope == f"{moment:%Y%m%d}/auto/storage/goog4_request"
                    and -900 < age < int(fields["X-Goog-Expires"]) <= 604800)
            request = f"{method}\n{path}\n{kept}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
            text = "\n".join(["GOOG4-RSA-SHA256", fields["X-Goog-Date"], scope, hashlib.sha256(request.encode()).hexdigest()])
            self.public_key.verify(bytes.fromhex(fields["X-Goog-Signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (KeyError, ValueError, InvalidSignature):
            raise Refused(403, "SignatureDoesNotMatch") from None
        if not fits:
            raise Refused(403, "AccessDenied")

    def upload(self, upload_id, path):
        found = self.uploads.get(upload_id)
        if found is None or found["path"] != path:
            raise Refused(404, "NoSuchUpload")
        return found

    def complete(self, upload_id, path, body):
        upload, parts, content, before = self.upload(upload_id, path), [], b"", 0
        for part in xml.etree.ElementTree.fromstring(body):
            number, etag = int(part.findtext("PartNumber")), part.findtext("ETag")
            if number <= before:
                raise Refused(400, "InvalidPartOrder")
            stored = upload["parts"].get(number)
            if stored is None or etag.strip('"') != hashlib.md5(stored).hexdigest():
                raise Refused(400, "InvalidPart")
            parts.append(stored)
            before = number
        if any(len(part) < SMALLEST for part in parts[:-1]):
            raise Refused(400, "EntityTooSmall")
        content = b"".join(parts)
        bucket, name = urllib.parse.unquote(path)[1:].split("/", 1)
        target = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={urllib.parse.quote(name, safe='')}"
        assert self.ask("POST", target, content, {"Content-Type": upload["kind"]})[0] == 200
        del self.uploads[upload_id]

    def ask(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.emulator, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        fields = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if "uploads" not in fields and "uploadId" not in fields:
            # The emulator tells clients of its own address where it can.
            return self.send(*self.server.ask(self.command, self.path, body, dict(self.headers)))
        try:
            self.send(*self.about_parts(path, query, fields, body))
        except Refused as refused:
            self.send(refused.status, [], f"<?xml version='1.0'?><Error><Code>{refused.code}</Code></Error>".encode())

    def about_parts(self, path, query, fields, body):
        server, upload_id = self.server, fields.get("uploadId")
        if self.command == "POST" and "uploads" in fields:
            if self.headers.get("Content-Length") != "0":
                raise Refused(411, "MissingContentLength")
            upload_id = secrets.token_urlsafe(40)
            server.uploads[upload_id] = {"path": path, "parts": {}, "kind": self.headers["Content-Type"]}
            return 200, [], (f"<?xml version='1.0' encoding='UTF-8'?><InitiateMultipartUploadResult xmlns='{NAMESPACE}'>"
                             f"<UploadId>{upload_id}</UploadId></InitiateMultipartUploadResult>").encode()
        if self.command == "PUT":
            # Google's own library sends the token of the account in place of a signature.
            if self.headers.get("Authorization") != "Bearer a-token":
                server.check_signature("PUT", path, query, self.headers["Host"])
            server.upload(upload_id, path)["parts"][int(fields["partNumber"])] = body
            return 200, [("ETag", f'"{hashlib.md5(body).hexdigest()}"')], b""
        if self.command == "POST":
            server.complete(upload_id, path, body)
            return 200, [], f"<CompleteMultipartUploadResult xmlns='{NAMESPACE}'/>".encode()
        server.upload(upload_id, path)
        del server.uploads[upload_id]
        return 204, [], b""

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = answer

    def send(self, status, headers, payload):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def log_message(self, *_):
        pass
