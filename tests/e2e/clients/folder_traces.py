"""Traces as this version of MLflow writes them into a folder."""

import mlflow
from mlflow.entities import AssessmentSource
from mlflow.tracking import MlflowClient

from common import NAME

mlflow.set_experiment(f"{NAME} traced")


@mlflow.trace
def add(x, y=2):
    with mlflow.start_span("inner") as span:
        span.set_inputs({"text": "žluť 🐎"})
        span.set_outputs({"list": [1, 2.5, None]})
    return x + y


@mlflow.trace
def fail():
    raise ValueError("no")


add(1)
try:
    fail()
except ValueError:
    pass
with mlflow.start_run():
    add(5)

if mlflow.__version__.startswith("3"):
    @mlflow.trace
    def talk():
        mlflow.update_current_trace(metadata={"mlflow.trace.session": "s1", "mlflow.trace.user": "ann"},
                                    client_request_id="request-1", request_preview="12:30", response_preview="yes")
        usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
        mlflow.get_current_active_span().set_attribute("mlflow.chat.tokenUsage", usage)
        return 3

    talk()
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_last_active_trace_id()
    mlflow.log_feedback(trace_id=trace, name="quality", value=4.5, rationale="12:30\nyes", source=AssessmentSource("HUMAN", "ann"))
    mlflow.log_feedback(trace_id=trace, name="whole", value=4)
    mlflow.log_feedback(trace_id=trace, name="good", value=True, metadata={"key": "no"})
    mlflow.log_feedback(trace_id=trace, name="list", value=["yes", "12:30"])
    mlflow.log_feedback(trace_id=trace, name="broken", error=ValueError("broke"))
    mlflow.log_expectation(trace_id=trace, name="expected", value={"answer": ["a", 1]})
    mlflow.log_expectation(trace_id=trace, name="plain", value="yes")
    old = mlflow.log_feedback(trace_id=trace, name="changed", value="no")
    mlflow.override_feedback(trace_id=trace, assessment_id=old.assessment_id, value="yes")
    MlflowClient().set_trace_tag(trace, "odd", "two\nlines: null")
