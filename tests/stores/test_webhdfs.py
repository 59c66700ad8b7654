"""Whom a NameNode may send the server to (`webhdfs://`). That a real one is understood, `make test-stores FULL=1` tests."""

import http.server
import json
import threading
import urllib.parse

import pytest

from test_transfer import PROXY, Trap, call

STATUS = {"type": "FILE", "length": 4, "modificationTime": 1, "fileId": 7, "pathSuffix": ""}


class Node(http.server.ThreadingHTTPServer):
    """A NameNode with one file, whose readers and writers it sends to `target`; without one, it answers them itself."""

    daemon_threads = True

    def __init__(self, target=None):
        self.target, self.seen = target, []
        super().__init__(("127.0.0.1", 0), Node.Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            path, _, query = self.path.partition("?")
            fields = dict(urllib.parse.parse_qsl(query))
            operation, target = fields["op"], self.server.target
            self.server.seen.append((operation, path, fields.get("user.name")))
            if operation in ("OPEN", "CREATE") and target:
                target = target(path, query)
                return self.send(307, b"", {"Location": target} if target else {})
            if operation == "CREATE":
                while size := int(self.rfile.readline(), 16):
                    self.rfile.read(size + 2)
                return self.send(201, b"")
            if operation == "OPEN":
                return self.send(200, b"text")
            if operation == "GETFILESTATUS" and path.endswith("/new.txt"):
                return self.send(404, json.dumps({"RemoteException": {"exception": "FileNotFoundException"}}).encode())
            status = {**STATUS, "type": "DIRECTORY"} if path.endswith("/root") else STATUS
            answers = {"GETFILESTATUS": {"FileStatus": status}, "LISTSTATUS": {"FileStatuses": {"FileStatus": []}}}
            self.send(200, json.dumps(answers.get(operation, {"boolean": True})).encode())

        do_GET = do_PUT = do_DELETE = answer

        def send(self, status, payload, headers=None):
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(payload))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_):
            pass


def served(new_server, node):
    return new_server(destination=f"webhdfs://bob@127.0.0.1:{node.port}/root")


def test_a_data_node_is_followed(new_server):
    data = Node()
    node = Node(lambda path, query: f"http://127.0.0.1:{data.port}{path}?{query}&more=1")
    server = served(new_server, node)
    assert call(server, "GET", f"{PROXY}/f.txt")[::2] == (200, b"text")
    assert call(server, "PUT", f"{PROXY}/new.txt", b"text")[0] == 200
    assert [operation for operation, _, _ in data.seen] == ["OPEN", "CREATE"]
    assert {user for _, _, user in node.seen} == {"bob"}


@pytest.mark.parametrize("target", [
    "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/latest/meta-data", "http://127.0.0.1:{port}/webhdfs/v1/root/other.txt?op=OPEN",
    "http://127.0.0.1:{port}/proxy{path}?op=OPEN", "https://127.0.0.1:{port}{path}?op=OPEN",
    "http://user:password@127.0.0.1:{port}{path}?op=OPEN", "file:///etc/passwd", "{path}", ""])
def test_nothing_else_is_followed(new_server, target):
    trap = Trap()
    server = served(new_server, Node(lambda path, query: target.format(port=trap.port, path=path)))
    for method, path, body in [("GET", "f.txt", None), ("PUT", "new.txt", b"text")]:
        status, _, payload = call(server, method, f"{PROXY}/{path}", body)
        assert status == 500 and b"root:" not in payload and str(trap.port).encode() not in payload, payload
    assert trap.hits == 0


def test_a_data_node_sends_nobody_on(new_server):
    trap = Trap()
    second = Node(lambda path, query: f"http://127.0.0.1:{trap.port}{path}?{query}")
    server = served(new_server, Node(lambda path, query: f"http://127.0.0.1:{second.port}{path}?{query}"))
    for method, path, body in [("GET", "f.txt", None), ("PUT", "new.txt", b"text")]:
        assert call(server, method, f"{PROXY}/{path}", body)[0] == 500
    assert trap.hits == 0
