"""Prints the traces of a folder as this version of MLflow sees them."""

import json

from mlflow.tracking import MlflowClient

client = MlflowClient()
found = {}
for experiment in client.search_experiments():
    for info in client.search_traces([experiment.experiment_id], include_spans=False):
        trace = info.info.to_dict()
        trace["assessments"] = sorted(trace.pop("assessments", []), key=lambda one: one["assessment_id"])
        trace["spans"] = None
        if info.info.state.value != "IN_PROGRESS":
            trace["spans"] = client.get_trace(info.info.trace_id).data.to_dict()
        found[info.info.trace_id] = trace
print("TRACES " + json.dumps(found, sort_keys=True))
