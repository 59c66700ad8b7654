"""The promises of artifact stores (crates/artifacts/src/conformance.rs), kept by each storage."""

import os
import re
import socket
import subprocess

import pytest

import components
import harness

# With the whole workspace, so that nothing is compiled that the other tests do not need as well.
RUN = ["cargo", "test", "--workspace", "--test", "remote", "--", "--ignored"]


# Some storages come with a home of their own, in which cargo would look for itself.
CARGO = {name: os.environ.get(name, os.path.expanduser(folder)) for name, folder in [("CARGO_HOME", "~/.cargo"), ("RUSTUP_HOME", "~/.rustup")]}

# s3s-fs keeps keys as files: what only a storage without folders can do is left to moto.
FOLDERS = ["a_bucket_that_does_not_exist", "a_store_does_not_see_its_neighbours", "listings_are_complete",
           "a_folder_is_not_a_file", "deleting_a_folder"]


@pytest.mark.parametrize("name", ["moto", "gs", "azure", *components.CEPH])
def test_a_storage_keeps_every_promise(storages, name):
    keep_promises(storages(name))


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_s3_that_checks_signatures_keeps_its_promises(s3, style):
    environment = {"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": style}
    if style == "virtual":
        # The storage takes `<bucket>.localhost` for a bucket, as Amazon does with its own domain.
        if not resolves(f"{components.BUCKET}.localhost"):
            pytest.skip("this machine has no names below localhost, which a bucket as host name needs")
        environment["MLFLOW_S3_ENDPOINT_URL"] = s3.environment["MLFLOW_S3_ENDPOINT_URL"].replace("127.0.0.1", "localhost")
    keep_promises(s3, environment, skip=FOLDERS)


def resolves(host):
    try:
        return bool(socket.getaddrinfo(host, None))
    except socket.gaierror:
        return False


def test_another_server_keeps_its_promises(storages):
    keep_promises(storages("http"), skip=["a_bucket_that_does_not_exist"])


@pytest.mark.parametrize("name", ["sftp", "ftp", "ftps", "old ftp"])
def test_folders_at_the_end_of_a_line_keep_their_promises(storages, name):
    keep_promises(storages(name), skip=["a_bucket_that_does_not_exist"])


@pytest.mark.skipif(not components.FULL, reason="a large download: only with make test-stores FULL=1")
@pytest.mark.parametrize("name", ["hdfs", "webhdfs"])
def test_hadoop_keeps_its_promises(storages, name):
    keep_promises(storages(name), skip=["a_bucket_that_does_not_exist"])


def keep_promises(storage, environment=None, skip=()):
    skips = [word for name in skip for word in ("--skip", name)]
    done = subprocess.run([*RUN, *skips], cwd=harness.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={**os.environ, **CARGO, **storage.environment, **(environment or {}),
                                          "OXFLOW_TEST_LOCATION": storage.location})
    passed = re.search(r"(\d+) passed; 0 failed; 0 ignored", done.stdout)
    assert done.returncode == 0 and passed and int(passed.group(1)) > 20, done.stdout[-6000:]
