"""Something that takes connections and says nothing, as a forwarded port or a machine that hangs does."""

import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import server_command


@pytest.fixture
def silent():
    """A port that takes connections, and an event that one was taken."""
    listener, taken, kept = socket.create_server(("127.0.0.1", 0)), threading.Event(), []

    def take():
        while True:
            try:
                kept.append(listener.accept()[0])
            except OSError:
                return
            taken.set()

    threading.Thread(target=take, daemon=True).start()
    yield listener.getsockname()[1], taken
    listener.close()
    for connection in kept:
        connection.close()


def start(uri, folder):
    command = [*server_command(), "server", "--backend-store-uri", uri, "--port", "0", "--default-artifact-root", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_database_that_says_nothing_is_given_up(silent, tmp_path, scheme):
    port, _ = silent
    with start(f"{scheme}://someone:hush@127.0.0.1:{port}/mlflow?connect_timeout=1", tmp_path) as server:
        output, _ = server.communicate(timeout=60)
    assert server.returncode == 1 and "does not answer" in output, output
    assert f"127.0.0.1:{port}" in output and "hush" not in output, output


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_waits_for_its_database_can_be_stopped(silent, tmp_path, scheme):
    port, taken = silent
    with start(f"{scheme}://someone:hush@127.0.0.1:{port}/mlflow?connect_timeout=600", tmp_path) as server:
        assert taken.wait(60)
        asked = time.monotonic()
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
    assert time.monotonic() - asked < 60 and server.returncode == 0
