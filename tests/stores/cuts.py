"""Connections that are cut in the middle of an upload or a download: answered with a reset, or with nothing any more.

Not collected by itself: `test_faults.py` runs it in a network of its own, where filters of packets concern nobody else.
"""

import http.client
import os
import pathlib
import socket
import subprocess
import time

import pytest

import harness
from test_faults import STAGING, Sending, and_a_new_one_is_accepted, only_the_old_one_is_there, parts
from test_transfer import MEGABYTE, PROXY, call, server_on

RESET = ["REJECT", "--reject-with", "tcp-reset"]
CUTS = {"reset": RESET, "silence": ["DROP"]}


class Cut:
    """No packet gets to or from a port, until it is healed."""

    def __init__(self, port, how):
        # Resets themselves get through: those that the filter sends come this way, too.
        others = ["-p", "tcp", "!", "--tcp-flags", "RST", "RST"]
        self.rules = [["INPUT", *others, side, str(port), "-j", *CUTS[how]] for side in ("--dport", "--sport")]
        for rule in self.rules:
            subprocess.run(["iptables", "-A", *rule], check=True)

    def heal(self):
        while self.rules:
            subprocess.run(["iptables", "-D", *self.rules.pop()], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.heal()


def port_of(storage):
    return int(storage.environment["MLFLOW_S3_ENDPOINT_URL"].rsplit(":", 1)[1])


def staged(server):
    return list((pathlib.Path(server.destination) / STAGING).glob("*"))


def healthy(server):
    return call(server, "GET", "/health")[0] == 200


@pytest.mark.parametrize("how", CUTS)
def test_an_upload_to_the_server(new_server, how):
    server = new_server()
    assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
    sending = Sending(server, 40)
    harness.wait_until(lambda: staged(server) and staged(server)[0].stat().st_size, 30, "something is on the disk")
    with Cut(server.port, how):
        if how == "reset":
            assert sending.outcome() is None
        else:
            # Nobody tells the server that its client is gone.
            sending.client.close()
    assert healthy(server)
    only_the_old_one_is_there(server)
    and_a_new_one_is_accepted(server)
    harness.wait_until(lambda: not staged(server), 300, "the unfinished file is removed")


@pytest.mark.parametrize("size", [1, 100])
def test_a_transfer_outlives_a_short_silence(new_server, size):
    server, content = new_server(), os.urandom(size * MEGABYTE)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.putrequest("PUT", f"{PROXY}/f.bin")
    connection.putheader("Content-Length", str(len(content)))
    connection.endheaders()
    connection.send(content[:len(content) // 2])
    with Cut(server.port, "silence"):
        time.sleep(3)
    connection.send(content[len(content) // 2:])
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.request("GET", f"{PROXY}/f.bin")
    answer = connection.getresponse()
    first = answer.read(1000)
    with Cut(server.port, "silence"):
        time.sleep(3)
    assert first + answer.read() == content


@pytest.mark.parametrize("how", CUTS)
def test_a_download_from_the_server(new_server, how):
    server, size = new_server(), 200 * MEGABYTE
    assert call(server, "PUT", f"{PROXY}/f.bin", b"x" * size)[0] == 200
    client = socket.create_connection(("127.0.0.1", server.port))
    client.settimeout(20)
    client.sendall(f"GET {PROXY}/f.bin HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    got = len(client.recv(MEGABYTE))
    with Cut(server.port, how):
        try:
            while piece := client.recv(MEGABYTE):
                got += len(piece)
        except OSError:
            pass
        client.close()
    assert got < size
    assert healthy(server)
    assert len(call(server, "GET", f"{PROXY}/f.bin")[2]) == size


@pytest.mark.parametrize("how", CUTS)
def test_an_upload_to_the_storage(s3, new_server, prefix, how):
    server = server_on(new_server, s3, prefix)
    assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
    before = set(parts(s3))
    sending = Sending(server, 40)
    harness.wait_until(lambda: set(parts(s3)) - before, 30, "a part is in the storage")
    with Cut(port_of(s3), how):
        assert sending.outcome(seconds=400) in (503, None)
        assert healthy(server)
    only_the_old_one_is_there(server)
    and_a_new_one_is_accepted(server)


@pytest.mark.parametrize("how", CUTS)
def test_a_download_from_the_storage(s3, new_server, prefix, how):
    server, content = server_on(new_server, s3, prefix), os.urandom(100 * MEGABYTE)
    assert call(server, "PUT", f"{PROXY}/f.bin", content)[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=400)
    connection.request("GET", f"{PROXY}/f.bin")
    answer = connection.getresponse()
    got = answer.read(MEGABYTE)
    with Cut(port_of(s3), how):
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            while piece := answer.read(MEGABYTE):
                got += piece
                assert len(got) < len(content)
            raise http.client.IncompleteRead(got)
        assert content.startswith(got)
        assert healthy(server)
        status, _, _ = call(server, "GET", f"{PROXY}/g.bin")
        assert status == 503
    assert call(server, "GET", f"{PROXY}/f.bin")[2] == content


def test_a_download_outlives_a_storage_that_is_away_for_a_moment(s3, new_server, prefix):
    server, content = server_on(new_server, s3, prefix), os.urandom(100 * MEGABYTE)
    assert call(server, "PUT", f"{PROXY}/f.bin", content)[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=400)
    connection.request("GET", f"{PROXY}/f.bin")
    answer = connection.getresponse()
    first = answer.read(MEGABYTE)
    with Cut(port_of(s3), "silence"):
        time.sleep(3)
    assert first + answer.read() == content
