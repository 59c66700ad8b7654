"""Logs to one run, of which E2E_RUN is the id, as the writer E2E_WRITER: points of a metric that all writers share."""

import os

from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

client, run_id, writer = MlflowClient(), os.environ["E2E_RUN"], int(os.environ["E2E_WRITER"])
for step in range(int(os.environ["E2E_STEPS"])):
    metrics = [Metric("shared", float(writer), step, step), Metric(f"own/{writer}", float(step), step, step)]
    client.log_batch(run_id, metrics, [Param(f"p{writer}/{step}", "1")], [RunTag("shared", str(writer))])
    client.set_tag(run_id, f"t{writer}/{step}", "1")
    client.log_metric(run_id, f"single/{writer}", 1.0, step=step)
