"""Stock MLflow 3.17.2 and the server under test work on one folder, in turns and at the same time."""

import concurrent.futures
import json
import os
import pathlib
import shutil

import pytest

import harness
from conftest import STOCK
from harness import run_client


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mlruns"


@pytest.fixture
def serve(new_server, folder):
    """A server on the folder."""
    environment = {"MLFLOW_ALLOW_FILE_STORE": "true"}
    return new_server(store=str(folder), options=["--default-artifact-root", str(folder)], environment=environment)


def dump(uri, tmp_path, seen_by):
    run_client(STOCK, "folder_dump.py", uri, tmp_path / seen_by)
    return json.loads((tmp_path / seen_by / "dump.json").read_text())


def check_equal(ours, stock, path=""):
    """The first difference, not two dumps of thousands of lines."""
    if isinstance(ours, dict) and isinstance(stock, dict):
        assert ours.keys() == stock.keys(), path
        for key, value in ours.items():
            check_equal(value, stock[key], f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(stock, list) and len(ours) == len(stock):
        for index, (a, b) in enumerate(zip(ours, stock)):
            check_equal(a, b, f"{path}/{index}")
    else:
        assert ours == stock, path


def test_what_stock_wrote_is_served(serve, folder, tmp_path):
    run_client(STOCK, "folder_fill.py", str(folder), tmp_path / "fill")
    seen_by_stock = dump(str(folder), tmp_path, "stock")
    with serve:
        assert serve.request("GET", "/api/3.0/mlflow/server-info")[1].find(b'"FileStore"') > 0
        seen_by_us = dump(serve.uri, tmp_path, "ours")
    check_equal(seen_by_us, seen_by_stock)
    assert len(seen_by_us["versions"]) == 4 and len(seen_by_us["experiments"]) == 4


def test_stock_reads_what_we_wrote(serve, folder, tmp_path):
    with serve:
        run_client(STOCK, "folder_fill.py", serve.uri, tmp_path / "fill")
        seen_by_us = dump(serve.uri, tmp_path, "ours")
        seen_by_stock = dump(str(folder), tmp_path, "stock")
        check_equal(seen_by_us, seen_by_stock)
        # And what stock adds meanwhile is seen at once.
        run_client(STOCK, "folder_fill.py", str(folder), tmp_path / "more", name="more")
        check_equal(dump(serve.uri, tmp_path, "ours"), dump(str(folder), tmp_path, "stock"))
    leftovers = [path for path in folder.rglob("*") if "unfinished" in path.name]
    assert not leftovers


def test_both_write_to_one_run_at_the_same_time(serve, folder, tmp_path):
    steps = 60
    with serve:
        run_id = serve.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            writers = [pool.submit(run_client, STOCK, "folder_log.py", uri, tmp_path / f"writer{number}", run=run_id,
                                   writer=number, steps=steps)
                       for number, uri in enumerate([serve.uri, str(folder), serve.uri, str(folder)])]
            for writer in writers:
                writer.result()
        seen_by_us = dump(serve.uri, tmp_path, "ours")
        check_equal(seen_by_us, dump(str(folder), tmp_path, "stock"))
    logged = seen_by_us["experiments"]["0"]
    run = logged["runs"][run_id]
    assert len(logged[run_id]["shared"]) == 4 * steps
    assert [len(logged[run_id][f"{kind}/{n}"]) for kind in ("own", "single") for n in range(4)] == 8 * [steps]
    assert len(run["params"]) == 4 * steps and len(run["tags"]) == 4 * steps + 2


def test_two_servers_on_one_folder(new_server, folder):
    servers = [new_server(store=f"file://{folder}") for _ in range(2)]
    with servers[0], servers[1]:
        run_id = servers[0].call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]

        def write(number):
            server = servers[number % 2]
            for step in range(50):
                server.call("POST", "/runs/log-metric", {"run_id": run_id, "key": "m", "value": number, "step": step,
                                                         "timestamp": 1})
            return server.call("POST", "/model-versions/create", {"name": "m", "source": "s3://b/x"})["model_version"]["version"]

        servers[1].call("POST", "/registered-models/create", {"name": "m"})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            versions = sorted(map(int, pool.map(write, range(8))))
        assert versions == list(range(1, 9))
        for server in servers:
            history = server.call("GET", f"/metrics/get-history?run_id={run_id}&metric_key=m")["metrics"]
            assert len(history) == 8 * 50


def test_broken_files_are_skipped_and_told(serve, folder):
    def runs():
        found = serve.call("POST", "/runs/search", {"experiment_ids": ["0"]}).get("runs", [])
        return {run["info"]["run_id"]: run for run in found}

    with serve:
        made = [serve.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"] for _ in range(4)]
        for run_id in made:
            serve.call("POST", "/runs/log-metric", {"run_id": run_id, "key": "m", "value": 0.5, "timestamp": 1, "step": 1})
        (folder / "0" / made[0] / "meta.yaml").write_text("run_id: 'half")
        (folder / "0" / made[1] / "meta.yaml").write_text("")
        with open(folder / "0" / made[2] / "metrics" / "m", "a") as metric:
            metric.write("nonsense\n1 x 2\n\n7 0.75 2\n8 0.8")
        os.symlink("/etc", folder / "0" / made[3] / "tags" / "etc")
        (folder / "4711").mkdir()
        (folder / "0815").mkdir()
        (folder / "1234").mkdir()
        (folder / "1234" / "meta.yaml").write_text("experiment_id: '1'\nname: wrong\n")
        assert set(runs()) == set(made[2:])
        assert [metric["value"] for metric in runs()[made[2]]["data"]["metrics"]] == [0.75]
        # The next point does not run into the unfinished line.
        serve.call("POST", "/runs/log-metric", {"run_id": made[2], "key": "m", "value": 1, "timestamp": 9, "step": 9})
        history = serve.call("GET", f"/metrics/get-history?run_id={made[2]}&metric_key=m")["metrics"]
        assert [metric["value"] for metric in history] == [0.5, 0.75, 0.8, 1]
        status, text = serve.request("GET", f"{harness.API}/runs/get?run_id={made[0]}")
        assert (status, json.loads(text)["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
        assert [e["name"] for e in serve.call("POST", "/experiments/search", {"max_results": 10})["experiments"]] == ["Default"]
    for run_id in made[:3]:
        assert run_id in serve.output()


def test_files_that_are_meant_to_harm(serve, folder, tmp_path):
    with serve:
        made = [serve.call("POST", "/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"] for _ in range(6)]
        harmed = [folder / "0" / run_id for run_id in made]
        meta = (harmed[0] / "meta.yaml").read_text()
        for run, text in [(harmed[0], "".join(f"key{number}: 1\n" for number in range(400_000)) + meta),
                          (harmed[1], "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + meta),
                          (harmed[2], meta + "deep: " + "[" * 1_000_000)]:
            (run / "meta.yaml").write_text(text)
        (harmed[3] / "meta.yaml").unlink()
        os.symlink("/etc/passwd", harmed[3] / "meta.yaml")
        shutil.move(harmed[4], tmp_path / "elsewhere")
        os.symlink(tmp_path / "elsewhere", harmed[4])
        os.mkfifo(harmed[5] / "tags" / "pipe")
        os.symlink("/etc/passwd", harmed[5] / "tags" / "passwd")
        os.symlink("/dev/zero", harmed[5] / "params" / "zero")
        os.symlink("/", harmed[5] / "metrics" / "root")
        deep = harmed[5] / "tags" / "/".join(["d"] * 500)
        deep.mkdir(parents=True)
        (deep / "x").write_text("x")
        found = serve.call("POST", "/runs/search", {"experiment_ids": ["0"], "order_by": ["params.zero"]})["runs"]
        assert [run["info"]["run_id"] for run in found] == [made[5]]
        assert "params" not in found[0]["data"] and "metrics" not in found[0]["data"]
        assert {tag["key"] for tag in found[0]["data"]["tags"]} == {"mlflow.runName"}
        for run_id in made[:5]:
            assert serve.request("GET", f"{harness.API}/runs/get?run_id={run_id}")[0] == 404
        # What is written does not follow links either.
        status, text = serve.request("POST", f"{harness.API}/runs/set-tag", {"run_id": made[5], "key": "passwd", "value": "x"})
        assert os.path.islink(harmed[5] / "tags" / "passwd") is (status != 200), text
        assert pathlib.Path("/etc/passwd").read_text() != "x"


def test_what_a_file_store_has_no_place_for_is_refused(serve):
    with serve:
        for method, path, body in [("POST", "/api/3.0/mlflow/datasets/create", {"name": "d"}),
                                   ("GET", "/api/2.0/mlflow/webhooks", None),
                                   ("GET", "/api/3.0/mlflow/scorers/list?experiment_id=0", None)]:
            status, text = serve.request(method, path, body)
            assert json.loads(text)["error_code"] == "FEATURE_DISABLED", f"{path}: {status}"
        status, text = serve.request("POST", "/api/3.0/mlflow/issues/search", {})
        assert (status, json.loads(text)["error_code"]) == (501, "NOT_IMPLEMENTED")
        serve.call("POST", "/experiments/create", {"name": "still alive"})
