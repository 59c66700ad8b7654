"""Shared by the client scripts: settings, and checks that say what went wrong."""

import contextlib
import math
import os
import pathlib

import mlflow

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
FOLDER = pathlib.Path(os.environ["E2E_FOLDER"])
NAME = os.environ.get("E2E_NAME", "e2e")


def check(got, want, what):
    if got == want:
        return
    if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        first = next(index for index, pair in enumerate(zip(got, want)) if pair[0] != pair[1])
        what, got, want = f"{what}, item {first} of {len(got)}", got[first], want[first]
    raise AssertionError(f"{what}:\n  expected {want!r}\n  got      {got!r}")


@contextlib.contextmanager
def refused(*fragments):
    """Expects the server to refuse, with a message that holds every fragment."""
    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        for fragment in fragments:
            assert fragment in str(error), f"expected {fragment!r} in the message: {error}"
    else:
        raise AssertionError(f"expected an error with {fragments}")


def curve(length):
    """A loss curve, as training makes it: values that no decimal writes down exactly."""
    return [math.exp(-step / 300.0) + 0.05 * math.sin(step) for step in range(length)]


def points(client, run_id, key):
    return [(metric.step, metric.timestamp, metric.value) for metric in client.get_metric_history(run_id, key)]


def all_files(client, run_id, path=""):
    found = []
    for entry in client.list_artifacts(run_id, path):
        found += all_files(client, run_id, entry.path) if entry.is_dir else [entry.path]
    return sorted(found)
