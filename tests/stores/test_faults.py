"""What breaks in the middle of an upload: the server, the storage, the disk. Nobody ever sees a part of an artifact, and
the client is told in a way that its library tries again (a broken connection, or a status of 5xx)."""

import os
import select
import shutil
import socket
import subprocess
import sys
import time

import pytest

import components
import harness
from test_transfer import HERE, MEGABYTE, PROXY, ask, call, server_on

STAGING = ".artifact.uploading.oxflow"
OLD = {"files": [{"path": "f.bin", "is_dir": False, "file_size": 3}]}


class Sending:
    """An upload that stands still after some megabytes."""

    def __init__(self, server, megabytes, announced=200):
        self.client = socket.create_connection(("127.0.0.1", server.port))
        self.client.settimeout(60)
        head = f"PUT {PROXY}/f.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: {announced * MEGABYTE}\r\n\r\n"
        self.client.sendall(head.encode())
        for _ in range(megabytes):
            self.client.sendall(b"n" * MEGABYTE)

    def outcome(self, seconds=120):
        """The status that comes in the end, however the rest is received; `None` for a broken connection."""
        answer, deadline = b"", time.monotonic() + seconds
        self.client.setblocking(False)
        try:
            while b"\r\n" not in answer:
                assert time.monotonic() < deadline, "neither an answer nor an end"
                readable, writable, _ = select.select([self.client], [self.client], [], 1)
                if readable:
                    piece = self.client.recv(10_000)
                    if not piece:
                        return None
                    answer += piece
                elif writable:
                    self.client.send(b"n" * 100_000)
        except OSError:
            return None
        finally:
            self.client.close()
        return int(answer.split()[1])


def only_the_old_one_is_there(server):
    assert call(server, "GET", f"{PROXY}/f.bin")[2] == b"old"
    assert ask(server, "GET", PROXY)[1] == OLD


def and_a_new_one_is_accepted(server):
    assert call(server, "PUT", f"{PROXY}/f.bin", b"n" * MEGABYTE)[0] == 200
    assert call(server, "GET", f"{PROXY}/f.bin")[2] == b"n" * MEGABYTE


def parts(storage):
    return [path for path in (storage.folder / "buckets").rglob("*") if "upload" in path.name and path.is_file()]


@pytest.mark.parametrize("name", ["folder", "s3"])
def test_the_server_is_killed(storages, new_server, prefix, name):
    server = server_on(new_server, storages("s3"), prefix) if name == "s3" else new_server()
    assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
    sending = Sending(server, 40)
    if name == "s3":
        harness.wait_until(lambda: parts(storages("s3")), 30, "a part is in the storage")
    else:
        staging = harness.pathlib.Path(server.destination) / STAGING
        harness.wait_until(lambda: any(path.stat().st_size for path in staging.glob("*")), 30, "something is on the disk")
    server.kill()
    assert sending.outcome() is None
    server.start()
    only_the_old_one_is_there(server)
    and_a_new_one_is_accepted(server)


def test_the_storage_is_killed(new_server, tmp_path):
    storage = components.start_s3(tmp_path / "s3")
    try:
        server = new_server(destination=f"{storage.location}/x", environment=storage.environment)
        assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
        sending = Sending(server, 40)
        harness.wait_until(lambda: parts(storage), 30, "a part is in the storage")
        storage.stop()
        assert sending.outcome() in (503, None)
        assert call(server, "GET", f"{PROXY}/f.bin")[0] == 503
        storage = components.start_s3(tmp_path / "s3", port=int(storage.environment["MLFLOW_S3_ENDPOINT_URL"].split(":")[-1]))
        only_the_old_one_is_there(server)
        and_a_new_one_is_accepted(server)
    finally:
        storage.stop()


def on_a_small_disk(folder, megabytes):
    """Words in front of a command that let it see a disk of its own in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    words = [*own, "sh", "-c", f'mount -t tmpfs -o size={megabytes}m tmpfs "{folder}" && exec "$@"', "sh"]
    if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("nobody may mount a disk here")
    return words


def test_the_disk_is_full(new_server, tmp_path):
    words = on_a_small_disk(tmp_path / "disk", 16)
    server = new_server(command=[*words, *harness.server_command()], destination=str(tmp_path / "disk"))
    assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
    # A client that looks for an answer while it sends, and one that sends everything first.
    assert Sending(server, 1, announced=60).outcome() == 503
    only_the_old_one_is_there(server)
    assert call(server, "PUT", f"{PROXY}/f.bin", b"n" * (60 * MEGABYTE))[0] == 503
    only_the_old_one_is_there(server)
    assert "the artifact storage is full" in server.log.read_text()
    and_a_new_one_is_accepted(server)


def test_the_disk_of_the_storage_is_full(new_server, tmp_path):
    words = on_a_small_disk(tmp_path / "s3" / "buckets", 60)
    storage = components.start_s3(tmp_path / "s3", words=[*words, "sh", "-c", f'mkdir -p "$0" && exec "$@"',
                                                          str(tmp_path / "s3" / "buckets" / components.BUCKET)])
    try:
        server = new_server(destination=f"{storage.location}/x", environment=storage.environment)
        assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
        assert Sending(server, 1).outcome() in (500, 503, None)
        only_the_old_one_is_there(server)
        harness.wait_until(lambda: call(server, "PUT", f"{PROXY}/g.bin", b"n" * MEGABYTE)[0] == 200, 30, "space is given back")
    finally:
        storage.stop()


FAILING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>
static int fails(void) { return access(SWITCH, F_OK) == 0; }
int fsync(int file) {
    if (fails()) { errno = EIO; return -1; }
    return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(file);
}
int fdatasync(int file) {
    if (fails()) { errno = EIO; return -1; }
    return ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(file);
}
"""


def test_the_disk_does_not_keep_what_it_is_given(new_server, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or pytest.skip("there is no C compiler")
    switch, library = tmp_path / "fails", tmp_path / "failing.so"
    (tmp_path / "failing.c").write_text(FAILING.replace("SWITCH", f'"{switch}"'))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "failing.c"), "-ldl"], check=True)
    server = new_server(environment={"LD_PRELOAD": str(library)})
    assert call(server, "PUT", f"{PROXY}/f.bin", b"old")[0] == 200
    switch.touch()
    for size in (10, 5 * MEGABYTE):
        status, _, payload = call(server, "PUT", f"{PROXY}/f.bin", b"n" * size)
        assert status == 500 and b"Cannot write" in payload, (status, payload)
    switch.unlink()
    only_the_old_one_is_there(server)
    assert not list((harness.pathlib.Path(server.destination) / STAGING).glob("*"))
    and_a_new_one_is_accepted(server)


@pytest.mark.skipif(not components.FULL, reason="takes minutes: only with make test-stores FULL=1")
def test_connections_that_are_cut(tmp_path):
    own = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    done = subprocess.run([*own, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, "-m", "pytest", "-q", "-x",
                           "-p", "no:cacheprovider", "--durations=0", f"--basetemp={tmp_path / 'cuts'}", str(HERE / "cuts.py")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
    print(done.stdout)
    assert done.returncode == 0


@pytest.mark.parametrize("count", [1, 2])
def test_servers_in_a_circle_say_so(tmp_path, count):
    """Each would ask the next one without end."""
    servers = [harness.Server(tmp_path / str(number)) for number in range(count)]
    try:
        for number, server in enumerate(servers):
            server.destination = f"{servers[number - 1].uri}{PROXY}"
            server.start()
        for method, path, body in [("GET", f"{PROXY}?path=", None), ("PUT", f"{PROXY}/f", b"x"), ("GET", f"{PROXY}/f", None)]:
            status, _, payload = call(servers[0], method, path, body)
            assert status == 500 and b"which keeps them behind this one again" in payload, (method, status, payload)
    finally:
        for server in servers:
            server.kill()
