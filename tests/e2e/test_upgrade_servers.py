"""Databases of older releases on PostgreSQL and MariaDB: upgraded as stock MLflow upgrades them, killed or not."""

import random
import subprocess
import sys
import time

import pytest

import harness
from conftest import STOCK
from harness import REPOSITORY, drives_stock, python_of, server_command

sys.path[:0] = [str(REPOSITORY / "conformance"), str(REPOSITORY / "conformance" / "upgrade")]

import matrix  # noqa: E402
import on_server  # noqa: E402

pytestmark = pytest.mark.skipif(drives_stock(), reason="this is about our own upgrade")
OLDEST, WITH_TRACES = "1.24.0", "3.10.1"
HEAD = "dc11669786a5"
FIXTURES = REPOSITORY / "conformance" / "upgrade" / "fixtures"


@pytest.fixture(params=on_server.KINDS)
def filled(request):
    """Makes databases that an older release filled (conformance/upgrade/fill.py, then dump.py)."""
    server = request.getfixturevalue(request.param)

    def make(version):
        uri = server.new_database()
        on_server.load(uri, (FIXTURES / f"mlflow-{version}.{request.param}.sql").read_text())
        return uri

    make.kind = request.param
    return make


def command(uri, *options):
    return [*server_command(), "db", "upgrade", uri, *options]


def upgrade(uri, *options):
    return subprocess.run(command(uri, *options), capture_output=True, text=True, check=False)


def state(uri):
    return on_server.server_schema.describe(on_server.plain(uri), ""), on_server.rows(uri)


def test_schema_and_rows_are_those_of_stock_mlflow(filled, tmp_path):
    stock, ours, oldest = filled(WITH_TRACES), filled(WITH_TRACES), filled(OLDEST)
    before = state(ours)
    plan = upgrade(ours, "--plan")
    assert plan.returncode == 0 and "Nothing was changed" in plan.stdout and HEAD in plan.stdout, plan.stderr
    assert state(ours) == before

    environment = {"PYTHONPATH": harness.drivers(), "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": "/usr/bin:/bin"}
    theirs = subprocess.Popen([python_of(STOCK).parent / "mlflow", "db", "upgrade", stock], env=environment, cwd=tmp_path,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for uri in (ours, oldest):
        ran = upgrade(uri)
        assert ran.returncode == 0, ran.stderr
    said, _ = theirs.communicate(timeout=300)
    assert theirs.returncode == 0, said
    assert on_server.compare_schemas(stock, ours) + on_server.compare_rows(stock, ours)[0] == []
    # The older one went through revisions that the other had behind it, and came to the same. On MariaDB it keeps
    # indexes that the other lost on its way through the dump.
    assert filled.kind == "mariadb" or on_server.compare_schemas(stock, oldest) == []
    assert upgrade(ours).stdout.startswith("The database is at revision")


def test_a_server_does_not_upgrade_unless_it_is_told_to(filled, new_server, monkeypatch):
    uri = filled(WITH_TRACES)
    before = state(uri)
    server = new_server(store=uri)
    ended = server.refuse_to_start()
    assert ended.code == 1
    for words in ("out-of-date schema", on_server.revision(uri), HEAD, "oxflow db upgrade", "--upgrade", "Take a backup"):
        assert words in ended.output, ended.output
    assert state(uri) == before

    server.options.append("--upgrade")
    monkeypatch.setattr(harness, "STARTUP_SECONDS", 180)
    with server:
        found = server.call("POST", "/experiments/search", {"max_results": 10})
        names = {experiment["name"] for experiment in found["experiments"]}
        assert {"Default", "experiment 0", "experiment 2"} <= names
    assert on_server.revision(uri) == HEAD


def upgrade_with_kills(uri, is_unchanged):
    """Upgrades it, killed in the middle of some revisions; how often."""
    kills = 0
    while on_server.revision(uri) != HEAD:
        process = subprocess.Popen(command(uri), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # So many revisions are begun before it is killed.
        begun = [process.stdout.readline() for _ in range(random.randint(2, 14) if kills < 4 else 99)]
        if all(begun):
            time.sleep(random.uniform(0, 0.03))
            process.kill()
        _, error = process.communicate()
        assert process.returncode in (0, -9), error
        kills += process.returncode == -9
        assert on_server.revision(uri) == HEAD or is_unchanged()
    return kills


def test_a_killed_upgrade_loses_nothing(filled):
    whole = filled(OLDEST)
    before = state(whole)
    assert upgrade(whole).returncode == 0
    # On a busy machine, all of it may be through before it is killed for the first time.
    for _ in range(5):
        ours = filled(OLDEST)
        if upgrade_with_kills(ours, lambda: filled.kind == "mariadb" or state(ours) == before):
            break
    else:
        raise AssertionError("every upgrade was through before it was killed")
    assert on_server.compare_schemas(whole, ours) == [] and on_server.compare_rows(whole, ours)[0] == []


def test_of_two_upgrades_at_once_the_second_finds_nothing_to_do(filled):
    uri = filled(OLDEST)
    both = [subprocess.Popen(command(uri), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    last = sorted(process.communicate()[0].splitlines()[-1] for process in both)
    assert [process.returncode for process in both] == [0, 0], last
    assert last[0].startswith("Done: ") and last[1] == f"The database is at revision {HEAD} already.", last
