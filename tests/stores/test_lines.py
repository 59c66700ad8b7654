"""Artifacts on SFTP and FTP: who is let in, what is believed, and what happens when a line breaks."""

import os
import signal
import socket
import subprocess
import time

import pytest

import components
import harness
import setup_stores
from test_transfer import MEGABYTE, PROXY, ask, call, server_on

HERE = harness.pathlib.Path(__file__).resolve().parent


@pytest.fixture
def sftp(storages):
    return storages("sftp")


def round_trip(server, name="d/f.txt"):
    status, _, payload = call(server, "PUT", f"{PROXY}/{name}", b"content")
    assert status == 200, payload
    assert call(server, "GET", f"{PROXY}/{name}")[2] == b"content"


def is_refused(server, expected, words, silent=()):
    for method, path, body in [("GET", f"{PROXY}?path=", None), ("PUT", f"{PROXY}/f", b"x"), ("GET", f"{PROXY}/f", None)]:
        status, _, payload = call(server, method, path, body)
        assert status == expected and words in payload.decode(), (method, status, payload)
        for word in silent:
            assert word not in payload.decode() and word not in server.log.read_text(errors="replace")


def home_with(tmp_path, **files):
    """A home folder with these files in `.ssh`."""
    folder = tmp_path / f"home{len(list(tmp_path.iterdir()))}" / ".ssh"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return {"HOME": str(folder.parent)}


def ssh(storage, name):
    return (harness.pathlib.Path(storage.environment["HOME"]) / ".ssh" / name).read_text()


def test_only_known_hosts_are_talked_to(sftp, new_server, prefix, tmp_path):
    key = f"Host *\n IdentityFile {sftp.environment['HOME']}/.ssh/id_rsa\n"
    other = ssh(sftp, "known_hosts").split()[2]
    other = other[:-10] + other[-10:].translate(str.maketrans("ABCDEFGHIJabcdefghij", "BCDEFGHIJAbcdefghija"))
    for known, words in [({}, "is not in ~/.ssh/known_hosts"),
                         ({"known_hosts": f"127.0.0.1 ssh-ed25519 {other}\n"}, "another key than the one in")]:
        home = home_with(tmp_path, config=key, **known)
        is_refused(server_on(new_server, sftp, prefix, **home), 500, words)


def test_only_keys_that_the_host_knows_let_in(sftp, new_server, prefix, tmp_path):
    home = home_with(tmp_path, known_hosts=ssh(sftp, "known_hosts"))
    is_refused(server_on(new_server, sftp, prefix, **home), 401, "does not accept the keys of the server")


def test_the_configuration_of_openssh_names_hosts(sftp, new_server, prefix, tmp_path):
    user, rest = sftp.location.removeprefix("sftp://").split("@")
    host, rest = rest.split(":")
    port, files = rest.split("/", 1)
    config = (f"Host nobody\n Port 1\nHost store\n HostName {host}\n Port {port}\n User {user}\n"
              f" IdentityFile {sftp.environment['HOME']}/.ssh/id_rsa\n UserKnownHostsFile ~/.ssh/others\n")
    home = home_with(tmp_path, config=config, others=f"[{host}]:{port} {' '.join(ssh(sftp, 'known_hosts').split()[1:])}\n")
    round_trip(new_server(destination=f"sftp://store/{files}/{prefix}", environment={**home, "USER": "nobody"}))
    config = config.replace(" Port", " ProxyJump bastion\n Port")
    home = home_with(tmp_path, config=config)
    server = new_server(destination=f"sftp://store/{files}/{prefix}", environment=home)
    is_refused(server, 500, "is reached through another one")


@pytest.mark.parametrize("form", [[], ["form"]])
def test_passwords_in_locations(new_server, tmp_path, form):
    port, files = harness.free_port(), tmp_path / "files"
    files.mkdir()
    components.make_key(tmp_path / "hostkey", "-t", "rsa", "-b", "2048")
    process = components.launch(tmp_path / "log", setup_stores.python(), HERE / "password_sftp.py", str(port), str(files),
                                str(tmp_path / "hostkey"), "ana", "p@ss:word", *form)
    try:
        components.wait_for_port(process, port, tmp_path / "log")
        key = " ".join((tmp_path / "hostkey.pub").read_text().split()[:2])
        home = home_with(tmp_path, known_hosts=f"[127.0.0.1]:{port} {key}\n")
        server = new_server(destination=f"sftp://ana:p%40ss%3Aword@127.0.0.1:{port}/a/b", environment=home)
        round_trip(server)
        assert (files / "a" / "b" / "d" / "f.txt").read_bytes() == b"content"
        assert ask(server, "GET", PROXY)[1] == {"files": [{"path": "d", "is_dir": True}]}
        assert "p@ss" not in server.log.read_text() and "p%40ss" not in server.log.read_text()
        server = new_server(destination=f"sftp://ana:a-wrong-one@127.0.0.1:{port}/a", environment=home)
        is_refused(server, 401, "does not accept the user and password", silent=["a-wrong-one"])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_links_do_not_lead_out(sftp, new_server, prefix):
    server = server_on(new_server, sftp, prefix)
    assert call(server, "PUT", f"{PROXY}/d/f.txt", b"mine")[0] == 200
    root = sftp.folder / "files" / prefix
    (sftp.folder / "files" / f"{prefix}-secret").mkdir()
    (sftp.folder / "files" / f"{prefix}-secret" / "f.txt").write_text("secret")
    for name, target in [("out", f"../{prefix}-secret"), ("etc", "/etc"), ("file", f"../{prefix}-secret/f.txt"),
                         ("inside", "d"), ("nowhere", "nothing")]:
        (root / name).symlink_to(target)
    assert ask(server, "GET", PROXY)[1] == {"files": [{"path": "d", "is_dir": True}, {"path": "inside", "is_dir": True}]}
    for path in ("out/f.txt", "etc/passwd", "file"):
        status, _, payload = call(server, "GET", f"{PROXY}/{path}")
        assert status == 400 and b"outside the artifact directory" in payload, (path, status, payload)
    assert call(server, "GET", f"{PROXY}/inside/f.txt")[2] == b"mine"
    assert call(server, "PUT", f"{PROXY}/out/new.txt", b"x")[0] == 400
    assert call(server, "PUT", f"{PROXY}/out/deep/er/new.txt", b"x")[0] == 400
    assert call(server, "DELETE", f"{PROXY}/out/f.txt")[0] == 400
    # A link that is deleted takes nothing with it.
    assert call(server, "DELETE", f"{PROXY}/out")[0] == 200
    assert [path.name for path in (sftp.folder / "files" / f"{prefix}-secret").iterdir()] == ["f.txt"]


def test_ftp_says_what_it_wants(storages, new_server, prefix):
    ftp, ftps = storages("ftp"), storages("ftps")
    wrong = ftp.location.replace(":p%40ss", ":a-wrong-one")
    is_refused(new_server(destination=f"{wrong}/{prefix}"), 401, "does not accept the user and password", silent=["a-wrong-one"])
    plain = ftps.location.replace("ftps://", "ftp://")
    is_refused(new_server(destination=f"{plain}/{prefix}"), 401, "wants TLS (ftps:// instead of ftp://)", silent=["p@ss"])
    # Nobody vouches for its certificate.
    is_refused(new_server(destination=f"{ftps.location}/{prefix}"), 500, "does not believe")
    no_tls = ftp.location.replace("ftp://", "ftps://")
    is_refused(new_server(destination=f"{no_tls}/{prefix}"), 500, "offers no TLS")


@pytest.mark.parametrize("scheme", ["sftp", "ftp", "ftps"])
def test_nobody_is_there(new_server, tmp_path, scheme):
    location = f"{scheme}://ana:pw@127.0.0.1:{harness.free_port()}/x"
    server = new_server(destination=location, environment=home_with(tmp_path))
    is_refused(server, 503, "does not answer", silent=[":pw@"])
    for path in ("/api/2.0/mlflow-artifacts/mpu/create/1", "/api/2.0/mlflow-artifacts/presigned/1/f"):
        method = "GET" if "presigned" in path else "POST"
        status, answer = ask(server, method, path, {"path": "f", "num_parts": 1} if method == "POST" else None)
        assert status == 501 or scheme and status in (501, 503), (path, status, answer)


@pytest.mark.parametrize("name", ["sftp", "ftps"])
def test_an_upload_that_breaks_off_leaves_nothing(storages, new_server, prefix, name):
    storage = storages(name)
    server = server_on(new_server, storage, prefix)
    assert call(server, "PUT", f"{PROXY}/d/f.bin", b"old")[0] == 200
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"PUT {PROXY}/d/f.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\r\n".encode())
        for _ in range(20):
            client.sendall(b"x" * MEGABYTE)
    root = storage.folder / "files" / prefix

    def names():
        return sorted(str(path.relative_to(root)) for path in root.rglob("*"))

    harness.wait_until(lambda: names() == ["d", "d/f.bin"], 30, "the unfinished file is gone")
    assert call(server, "GET", f"{PROXY}/d/f.bin")[2] == b"old"


def descendants(pid):
    found = []
    for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
        found += [int(child), *descendants(child)]
    return found


@pytest.mark.parametrize("name", ["sftp", "ftps"])
def test_a_line_that_breaks_is_replaced(storages, new_server, prefix, name):
    """The storage hangs up on everybody: uploads fail in a way that may be tried again, and the next request works."""
    storage = storages(name)
    server = server_on(new_server, storage, prefix)
    round_trip(server, "before.txt")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(60)
        client.sendall(f"PUT {PROXY}/torn.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000000\r\n\r\n".encode())
        client.sendall(b"x" * (5 * MEGABYTE))
        staging = storage.folder / "files" / prefix / ".artifact.uploading.oxflow"
        harness.wait_until(lambda: any(path.stat().st_size for path in staging.glob("*")), 30, "something has arrived")
        for pid in descendants(storage.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        answer = b""
        deadline = time.monotonic() + 60
        while b"\r\n\r\n" not in answer and time.monotonic() < deadline:
            try:
                client.sendall(b"x" * 100_000)
            except OSError:
                pass
            client.settimeout(0.05)
            try:
                answer += client.recv(10_000) or b"\r\n\r\n"
            except TimeoutError:
                pass
            except OSError:
                break
        assert b" 503 " in answer[:20] or not answer.strip(), answer
    assert call(server, "GET", f"{PROXY}/torn.bin")[0] == 404
    assert ask(server, "GET", PROXY)[1] == {"files": [{"path": "before.txt", "is_dir": False, "file_size": 7}]}
    round_trip(server, "after.txt")
