"""Evaluation datasets: records, tags, experiments, searches and deletion."""

import mlflow
from mlflow.genai import datasets
from mlflow.tracking import MlflowClient

from common import NAME, check, refused

client = MlflowClient()
experiment = client.create_experiment(NAME)
other = client.create_experiment(f"{NAME}-other")

dataset = datasets.create_dataset(name=NAME, experiment_id=experiment, tags={"team": "a"})
check((dataset.name, dataset.tags["team"], dataset.experiment_ids), (NAME, "a", [experiment]), "a new dataset")
digest = dataset.digest

dataset.merge_records([
    {"inputs": {"question": f"Кто {n}?", "rank": n / 2}, "expectations": {"answer": n}} for n in range(2500)
])
dataset = datasets.get_dataset(dataset_id=dataset.dataset_id)
frame = dataset.to_df()
check(len(frame), 2500, "records, over several pages")
rows = {row["inputs"]["question"]: row for row in frame.to_dict("records")}
check(rows["Кто 7?"]["inputs"], {"question": "Кто 7?", "rank": 3.5}, "inputs")
check(dataset.profile, '{"num_records": 2500}', "profile")
check(dataset.digest != digest, True, "the digest changes")

dataset.merge_records([{"inputs": {"rank": 3.5, "question": "Кто 7?"}, "expectations": {"sure": True}}])
frame = datasets.get_dataset(dataset_id=dataset.dataset_id).to_df()
merged = [row["expectations"] for row in frame.to_dict("records") if row["inputs"]["question"] == "Кто 7?"]
check((len(frame), merged), (2500, [{"answer": 7, "sure": True}]), "a merged record")
check(dataset.delete_records([frame["dataset_record_id"][0]]), 1, "deleted records")
check(len(datasets.get_dataset(dataset_id=dataset.dataset_id).to_df()), 2499, "records that are left")

datasets.set_dataset_tags(dataset_id=dataset.dataset_id, tags={"team": "b", "stage": "test"})
datasets.delete_dataset_tag(dataset_id=dataset.dataset_id, key="stage")
found = datasets.search_datasets(experiment_ids=[experiment], filter_string=f"name = '{NAME}' AND tags.team = 'b'")
check([one.dataset_id for one in found], [dataset.dataset_id], "search")

moved = datasets.add_dataset_to_experiments(dataset_id=dataset.dataset_id, experiment_ids=[other])
check(sorted(moved.experiment_ids), sorted([experiment, other]), "experiments")
datasets.remove_dataset_from_experiments(dataset_id=dataset.dataset_id, experiment_ids=[experiment])
check(list(datasets.search_datasets(experiment_ids=[experiment])), [], "datasets of the experiment it left")

with mlflow.start_run(experiment_id=other) as run:
    mlflow.log_input(dataset, context="eval")
inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
check([one.dataset.name for one in inputs], [NAME], "a run that reads the dataset")

datasets.delete_dataset(dataset_id=dataset.dataset_id)
with refused("not found"):
    datasets.get_dataset(dataset_id=dataset.dataset_id)
