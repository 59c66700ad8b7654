"""Puts one of everything that a file store keeps into a store, with names and values that are easily misread."""

import math

from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput, Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from common import NAME

client = MlflowClient()
ODD = ["12:30", "2024-01-01", "yes", "null", "0x1F", "1e3", "it's \"quoted\": #no", " blanks ", "žluť 🐎", "two\nlines\ttab"]


def dataset(name, digest, context):
    entity = Dataset(name, digest, "local", '{"uri": "/x"}', schema='{"a": "' + "long " * 60 + '"}', profile=None)
    return DatasetInput(entity, [InputTag("mlflow.data.context", context), InputTag("note", "12:30")])


def fill_experiment():
    experiment = client.create_experiment(f"{NAME} 12:30", tags={"odd": ODD[-1], "a/b": "1"})
    for number, text in enumerate(ODD):
        client.set_experiment_tag(experiment, f"odd{number}", text)
        run = client.create_run(experiment, run_name=text, start_time=1_700_000_000_000 + number)
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("val/loss", 1 / (step + number + 1), step, step) for step in range(20)]
            + [Metric("nan", math.nan, 1, 0), Metric("tiny", 1e-300, 2, -3), Metric("last", 5.0, 9, 1),
               Metric("last", 4.0, 10, 1), Metric("last", 7.0, 11, 0)],
            params=[Param(f"p/{index}", value) for index, value in enumerate(ODD)],
            tags=[RunTag("deep/er/tag", text), RunTag("text", text)],
        )
        client.log_inputs(run.info.run_id, [dataset("iris data", "d1", "train"), dataset(text, f"d{number}", "eval")])
        if number % 3 == 0:
            client.set_terminated(run.info.run_id, "FAILED", end_time=1_700_000_009_000)
        if number == 4:
            client.delete_run(run.info.run_id)
    return experiment, run.info.run_id


def fill_models(experiment, run_id):
    model = client.create_logged_model(experiment, "agent", run_id, tags={"t": ODD[-1]}, params={"lr": "0.1"},
                                       model_type="12:30")
    client.log_metric(run_id, "acc", 0.5, 1, 0, dataset_name="iris", dataset_digest="d1", model_id=model.model_id)
    client.log_metric(run_id, "acc", 0.25, 2, 0, model_id=model.model_id)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 7)])
    client.log_inputs(run_id, models=[LoggedModelInput(model.model_id)])
    gone = client.create_logged_model(experiment, "gone")
    client.delete_logged_model(gone.model_id)
    return model


def fill_registry(run_id, model):
    name = f"{NAME} модель"
    client.create_registered_model(name, tags={"t": ODD[-1]}, description=ODD[-1])
    client.create_registered_model(f"{NAME}-empty")
    for number in range(1, 5):
        client.create_model_version(name, f"s3://bucket/{number}", run_id, tags={"n": str(number)}, description="yes")
    client.create_model_version(name, f"models:/{model.model_id}", model_id=model.model_id)
    client.transition_model_version_stage(name, "2", "Production")
    client.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    client.set_registered_model_alias(name, "best", "2")
    client.set_registered_model_alias(name, "gone", "4")
    client.delete_model_version(name, "4")
    client.update_model_version(name, "1", "12:30")


experiment, run_id = fill_experiment()
fill_registry(run_id, fill_models(experiment, run_id))
bin = client.create_experiment(f"{NAME}: in the bin")
client.create_run(bin)
client.delete_experiment(bin)
back = client.create_experiment(f"{NAME}: and back")
client.create_run(back, run_name="back")
client.delete_experiment(back)
client.restore_experiment(back)
client.rename_experiment(back, "no" if NAME == "e2e" else f"{NAME}: off")
