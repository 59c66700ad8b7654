"""A real training job: everything a notebook logs, read back and compared.

With E2E_REGISTRY the model is registered as well. Leaves `job.json` in the folder: what was logged, for those who look at the database later.
"""

import json
import os

import matplotlib.pyplot as plt
import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import FOLDER, NAME, VERSION, all_files, check, curve, points

STEPS, SINGLY = 1000, 40
START = 1_700_000_000_000
MODEL = f"{NAME}-model" if "E2E_REGISTRY" in os.environ else None

client = MlflowClient()


def log_curve(run_id, values):
    """The first points one by one, as a loop does; the others in batches, as loggers do."""
    for step in range(SINGLY):
        client.log_metric(run_id, "loss", values[step], timestamp=START + step, step=step)
    rest = [Metric("loss", values[step], START + step, step) for step in range(SINGLY, STEPS)]
    client.log_batch(run_id, metrics=rest[:500], params=[Param("batch", "1")], tags=[RunTag("batch", "1")])
    client.log_batch(run_id, metrics=rest[500:])


def log_files():
    figure, axes = plt.subplots()
    axes.plot(curve(100))
    mlflow.log_figure(figure, "plots/loss.png")
    mlflow.log_text("naïve text\n", "notes/read me.txt")
    mlflow.log_dict({"layers": [1, 2, 3], "name": "λ"}, "config.json")
    folder = FOLDER / "data"
    for name, content in {"a.csv": b"x,y\n1,2\n", "deep/er/raw.bin": bytes(range(256)) * 4000, "empty.txt": b""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    mlflow.log_artifacts(str(folder), "data")
    expected = {"plots/loss.png", "notes/read me.txt", "config.json",
                "data/a.csv", "data/deep/er/raw.bin", "data/empty.txt"}
    if VERSION >= (2, 4):
        mlflow.log_table({"q": ["a", "b"], "score": [0.5, 1.0]}, "table.json")
        mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "image.png")
        expected |= {"table.json", "image.png"}
    return expected


def log_dataset(frame):
    if VERSION >= (2, 4):
        dataset = mlflow.data.from_pandas(frame, name="iris", source=str(FOLDER / "iris.csv"))
        mlflow.log_input(dataset, context="training")


def log_model(model):
    where = {"name": "model"} if VERSION >= (3, 0) else {"artifact_path": "model"}
    # Named requirements: working them out would take a second Python process.
    return mlflow.sklearn.log_model(model, **where, registered_model_name=MODEL, pip_requirements=["scikit-learn"])


def train():
    data = load_iris(as_frame=True)
    inputs, held_out, target, truth = train_test_split(data.data, data.target, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(inputs, target)
    return model, inputs, held_out, truth


def job():
    mlflow.set_experiment(NAME)
    model, inputs, held_out, truth = train()
    values = curve(STEPS)
    with mlflow.start_run(run_name="training", tags={"team": "visión"}) as run:
        run_id = run.info.run_id
        mlflow.log_param("C", 0.5)
        mlflow.log_params({"max_iter": 100, "solver": "lbfgs"})
        mlflow.set_tag("stage", "first")
        mlflow.set_tags({"stage": "final", "note": "line 1\nline 2"})
        log_curve(run_id, values)
        mlflow.log_metric("accuracy", model.score(held_out, truth))
        files = log_files()
        log_dataset(inputs)
        logged = log_model(model)
    check_run(run_id, values, model.score(held_out, truth))
    check_files(run_id, files)
    check_model(run_id, logged, model, held_out)
    FOLDER.joinpath("job.json").write_text(json.dumps(
        {"run_id": run_id, "experiment": NAME, "model": MODEL, "loss": values, "start": START}))


def check_run(run_id, values, accuracy):
    run = client.get_run(run_id)
    check(run.info.status, "FINISHED", "status")
    check(run.info.lifecycle_stage, "active", "lifecycle stage")
    assert run.info.end_time >= run.info.start_time > 0, run.info
    check(run.data.params, {"C": "0.5", "max_iter": "100", "solver": "lbfgs", "batch": "1"}, "params")
    # A model that is logged with a run may log the run's metrics again; the latest values stay what they were.
    check(run.data.metrics, {"loss": values[-1], "accuracy": accuracy}, "latest metrics")
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
    check(tags, {"team": "visión", "stage": "final", "note": "line 1\nline 2", "batch": "1"}, "tags")
    check(run.data.tags["mlflow.runName"], "training", "run name")
    want = [(step, START + step, value) for step, value in enumerate(values)]
    check(points(client, run_id, "loss"), want, "history of the loss")
    if VERSION >= (2, 4):
        [given] = run.inputs.dataset_inputs
        check(given.dataset.name, "iris", "dataset")
        check({tag.key: tag.value for tag in given.tags}, {"mlflow.data.context": "training"}, "dataset tags")


def check_files(run_id, expected):
    found = {path for path in all_files(client, run_id) if not path.startswith("model/")}
    check(found, expected, "artifacts")
    sizes = {entry.path: entry.file_size or 0 for entry in client.list_artifacts(run_id, "data")}
    check(sizes, {"data/a.csv": 8, "data/deep": 0, "data/empty.txt": 0}, "sizes")
    target = FOLDER / "downloaded"
    target.mkdir()
    local = client.download_artifacts(run_id, "data", str(target))
    for path in (FOLDER / "data").rglob("*"):
        if path.is_file():
            copy = target.__class__(local) / path.relative_to(FOLDER / "data")
            check(copy.read_bytes(), path.read_bytes(), f"content of {path.name}")
    text = client.download_artifacts(run_id, "notes/read me.txt", str(target))
    check(open(text, encoding="utf-8").read(), "naïve text\n", "text with a space in its name")
    if VERSION >= (2, 4):
        table = mlflow.load_table("table.json", run_ids=[run_id])
        check(table["score"].tolist(), [0.5, 1.0], "table")


def check_model(run_id, logged, model, held_out):
    want = model.predict(held_out)
    uris = [logged.model_uri, f"runs:/{run_id}/model"] + ([f"models:/{MODEL}/1"] if MODEL else [])
    for uri in uris:
        np.testing.assert_array_equal(mlflow.sklearn.load_model(uri).predict(held_out), want, uri)
    loaded = mlflow.pyfunc.load_model(uris[-1])
    np.testing.assert_array_equal(loaded.predict(pd.DataFrame(held_out)), want)
    if MODEL:
        [version] = client.search_model_versions(f"name = '{MODEL}'")
        check((int(version.version), version.run_id, version.status), (1, run_id, "READY"), "registered version")
    if VERSION >= (3, 0):
        entity = mlflow.get_logged_model(logged.model_id)
        check((entity.source_run_id, str(entity.status)), (run_id, "READY"), "logged model")
        [output] = client.get_run(run_id).outputs.model_outputs
        check(output.model_id, logged.model_id, "model output of the run")


job()
