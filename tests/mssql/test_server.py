"""The real server on the responder: a stock client logs through it and reads back, over a restart."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402 (needs the path above)
from conftest import Responder  # noqa: E402

STOCK = "3.17.2"
NAMES = ["artifacts", "evaluation-datasets", "issues", "label-schemas", "registry", "review-queues", "scorers", "search",
         "static-prefix", "traces", "tracking"]
UNORDERED = re.compile(r"\.data\.(tags|params|metrics)\[\d+\]")


def test_a_stock_client_logs_and_reads_back(responder, tmp_path):
    server, job = harness.Server(tmp_path / "server", store=responder.uri), tmp_path / "job"
    with server:
        harness.run_client(STOCK, "training_job.py", server.uri, job, **server.client_settings())
        harness.run_client(STOCK, "read_back.py", server.uri, job, write="before")
    with server:
        harness.run_client(STOCK, "read_back.py", server.uri, job, expect="before")
    assert responder.password not in server.output()
    # Out of it, and into another one; each move is compared at its end.
    there, back = f"sqlite:///{tmp_path}/copy.db", Responder()
    for source, target in [(responder.uri, there), (there, back.uri)]:
        moved = subprocess.run([os.environ["OXFLOW_BIN"], "migrate", "--from", source, "--to", target], capture_output=True,
                               text=True, timeout=300, cwd=tmp_path)
        assert moved.returncode == 0, moved
        assert responder.password not in moved.stdout + moved.stderr
    with harness.Server(tmp_path / "other", store=back.uri) as server:
        harness.run_client(STOCK, "read_back.py", server.uri, job, expect="before")
    back.stop()


def test_a_server_that_is_refused_says_why(responder, tmp_path):
    store = responder.uri.replace("ann:", "bob:")
    exit = harness.Server(tmp_path / "server", store=store).refuse_to_start()
    assert exit.code == 1 and "does not let the user 'bob' in" in exit.output, exit
    assert responder.password not in exit.output and "%40ss" not in exit.output


def test_the_recorded_scenarios():
    """Those that stock MLflow has passed. What they make the store send is read by the parser, too: see test_statements."""
    replay, here = harness.REPOSITORY / "conformance", pathlib.Path(__file__).resolve().parent
    # The others start servers with other options, or are refused.
    names = [name for name in NAMES if (replay / "scenarios" / f"{name}.json").exists()]
    assert names == NAMES
    command = [sys.executable, replay / "replay.py", "--server", f"{sys.executable} {here / 'on_responder.py'}", "--allow",
               replay / "differences.json", *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=900, env=dict(os.environ), check=False)
    passed = re.search(r"conformance: (\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 1300, done.stdout[-4000:]
    # Tags and params of a run have no order of their own, and databases find them in different ones.
    different = [line for line in done.stdout.splitlines() if " expected " in line and not UNORDERED.search(line)]
    assert not different, "\n".join(different[:50])
