"""A server that is stopped and started again has forgotten nothing."""

import http.client
import time

import pytest

from conftest import STOCK
from harness import drives_stock, run_client


def test_a_restart_keeps_everything(new_server, tmp_path):
    server = new_server()
    with server:
        run_client(STOCK, "training_job.py", server.uri, tmp_path / "job", **server.client_settings())
        run_client(STOCK, "read_back.py", server.uri, tmp_path / "job", write="before")
    with server:
        run_client(STOCK, "read_back.py", server.uri, tmp_path / "job", expect="before")


@pytest.mark.skipif(drives_stock(), reason="stock MLflow waits for its connections")
def test_stopping_is_quick_even_with_an_idle_connection(new_server):
    server = new_server()
    with server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/health")
        connection.getresponse().read()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    connection.close()
