"""The promises of artifact stores (crates/artifacts/src/conformance.rs), kept by each storage."""

import os
import re
import subprocess

import pytest

import harness

RUN = ["cargo", "test", "-p", "oxflow-artifacts", "--features", "conformance", "--test", "remote", "--",
       "--ignored"]


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_s3_keeps_every_promise(s3, style):
    environment = {"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": style}
    if style == "virtual":
        # The storage takes `<bucket>.localhost` for a bucket, as Amazon does with its own domain.
        environment["MLFLOW_S3_ENDPOINT_URL"] = s3.environment["MLFLOW_S3_ENDPOINT_URL"].replace("127.0.0.1", "localhost")
    keeps_promises(s3, environment)


@pytest.mark.parametrize("name", ["gs", "azure"])
def test_others_keep_every_promise(storages, name):
    keeps_promises(storages(name))


def keeps_promises(storage, environment=None):
    done = subprocess.run(RUN, cwd=harness.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, **storage.environment, **(environment or {}),
                               "OXFLOW_TEST_LOCATION": storage.location})
    passed = re.search(r"(\d+) passed; 0 failed; 0 ignored", done.stdout)
    assert done.returncode == 0 and passed and int(passed.group(1)) > 20, done.stdout[-6000:]
