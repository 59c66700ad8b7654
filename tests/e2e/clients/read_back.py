"""Reads again what training_job.py left behind: after a restart, or through another server or the database itself.

E2E_WRITE, if set, is a metric to log as well, for the other side to see.
"""

import json
import os

from mlflow.tracking import MlflowClient

from common import FOLDER, check, points

client = MlflowClient()
job = json.loads(FOLDER.joinpath("job.json").read_text())
run_id, loss = job["run_id"], job["loss"]

experiment = client.get_experiment_by_name(job["experiment"])
found = client.search_runs([experiment.experiment_id], "params.C = '0.5' AND metrics.accuracy > 0.5",
                           order_by=["metrics.loss ASC"])
check([run.info.run_id for run in found], [run_id], "search")
run = client.get_run(run_id)
check(found[0].to_dictionary()["data"], run.to_dictionary()["data"], "the run found and the run read")
check(run.data.metrics["loss"], loss[-1], "latest loss")
want = [(step, job["start"] + step, value) for step, value in enumerate(loss)]
check(points(client, run_id, "loss"), want, "history")
if job["model"]:
    [version] = client.search_model_versions(f"name = '{job['model']}'")
    check(version.run_id, run_id, "registered model")

key = os.environ.get("E2E_WRITE")
if key:
    client.log_metric(run_id, key, 0.1, timestamp=1, step=1)
    client.log_metric(run_id, key, 0.3, timestamp=2, step=2)
    client.log_param(run_id, key, "from outside")
    client.set_tag(run_id, key, "from outside")
for key in os.environ.get("E2E_EXPECT", "").split():
    check(points(client, run_id, key), [(1, 1, 0.1), (2, 2, 0.3)], f"history of {key}")
    check(run.data.metrics[key], 0.3, f"latest {key}")
    check((run.data.params[key], run.data.tags[key]), ("from outside", "from outside"), f"param and tag {key}")
FOLDER.joinpath("run.json").write_text(json.dumps(run.to_dictionary(), sort_keys=True))
