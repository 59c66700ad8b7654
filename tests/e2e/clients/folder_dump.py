"""Writes all that a client sees of a store to dump.json, in an order that does not depend on the store."""

import collections.abc
import json
import math

from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

from common import FOLDER, check

client = MlflowClient()


def plain(entity):
    """The public properties of an entity, and of those inside."""
    if isinstance(entity, dict):
        return {str(key): plain(value) for key, value in sorted(entity.items())}
    if isinstance(entity, collections.abc.Sequence) and not isinstance(entity, str):
        return sorted((plain(item) for item in entity), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(entity, float) and math.isnan(entity):
        return "nan"
    if entity is None or isinstance(entity, (bool, int, float, str)):
        return entity
    return plain(dict(entity))


def points(run_id, key):
    history = client.get_metric_history(run_id, key)
    return sorted([point.timestamp, point.step, plain(point.value)] for point in history)


def show_run(run):
    # What stock MLflow reads of its own file store is not what it wrote: a point on a dataset comes without its step.
    latest = {metric.key: [metric.timestamp, metric.step, plain(metric.value)] for metric in run.data._metric_objs}
    shown = {"info": plain(run.info), "params": plain(run.data.params), "tags": plain(run.data.tags), "latest": latest,
             "outputs": sorted([model.model_id, model.step] for model in run.outputs.model_outputs),
             "datasets": sorted([input.dataset.name, input.dataset.digest, input.dataset.schema, plain(input.tags)]
                                for input in run.inputs.dataset_inputs)}
    return shown


def show_version(version):
    keys = ["name", "version", "creation_timestamp", "last_updated_timestamp", "description", "current_stage", "source",
            "run_id", "status", "tags", "aliases"]
    return {**{key: plain(getattr(version, key)) or None for key in keys}, "version": int(version.version)}


def show_model(model):
    keys = ["model_id", "experiment_id", "name", "artifact_location", "creation_timestamp", "last_updated_timestamp",
            "model_type", "source_run_id", "tags", "params"]
    shown = {key: plain(getattr(model, key)) or None for key in keys}
    metrics = [[m.key, m.value, m.timestamp, m.step, m.dataset_name, m.run_id] for m in model.metrics or []]
    return {**shown, "status": str(model.status), "metrics": sorted(metrics, key=str)}


def show_experiment(experiment):
    keys = ["experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time", "tags"]
    shown = {key: plain(getattr(experiment, key)) for key in keys}
    runs = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=50000)
    shown["order"] = [run.info.run_id for run in client.search_runs([experiment.experiment_id])]
    shown["runs"] = {run.info.run_id: show_run(run) for run in runs}
    for run in runs:
        check(show_run(client.get_run(run.info.run_id)), shown["runs"][run.info.run_id], "the run found and the run read")
        shown[run.info.run_id] = {key: points(run.info.run_id, key) for key in run.data.metrics}
    for search in ["metrics.last < 5", "params.`p/0` = '12:30'", "tags.text LIKE '%yes%'", "dataset.name = 'iris data'",
                   "attributes.status = 'FAILED'", "metrics.`val/loss` > 0.04 AND params.`p/1` ILIKE '2024%'"]:
        found = client.search_runs([experiment.experiment_id], search, order_by=["metrics.`val/loss` DESC"])
        shown[search] = [run.info.run_id for run in found]
    models = client.search_logged_models([experiment.experiment_id])
    shown["models"] = {model.model_id: show_model(model) for model in models}
    for model in models:
        check(show_model(client.get_logged_model(model.model_id)), shown["models"][model.model_id], "logged model")
    return shown


def show_registered(model):
    keys = ["name", "creation_timestamp", "last_updated_timestamp", "description", "tags", "aliases"]
    shown = {key: plain(getattr(model, key)) or None for key in keys}
    shown["aliases"] = {alias: int(version) for alias, version in model.aliases.items()}
    shown["latest"] = sorted([version.current_stage, int(version.version)] for version in model.latest_versions)
    shown["by alias"] = {alias: int(client.get_model_version_by_alias(model.name, alias).version) for alias in model.aliases}
    return shown


experiments = client.search_experiments(view_type=ViewType.ALL)
dump = {
    "experiments": {experiment.experiment_id: show_experiment(experiment) for experiment in experiments},
    "models": [show_registered(model) for model in client.search_registered_models(order_by=["name ASC"])],
    "versions": [show_version(version) for version in client.search_model_versions(order_by=["name ASC", "version_number ASC"])],
}
for version in dump["versions"]:
    read = show_version(client.get_model_version(version["name"], str(version["version"])))
    check({**read, "aliases": None}, {**version, "aliases": None}, "the version found and the version read")
    version["aliases"] = read["aliases"]
FOLDER.joinpath("dump.json").write_text(json.dumps(dump, sort_keys=True, indent=1))
