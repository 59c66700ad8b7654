"""Fills a database through the store of the MLflow that runs this: `fill.py URI` in a virtual environment.

Every kind of thing that the release knows gets rows, odd values included. Prints what was filled. Runs on Python 3.7
and on every release since 1.0, so it asks what is there instead of knowing versions.
"""

import inspect
import os
import sys
import time

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ.setdefault("MLFLOW_TRACKING_URI", sys.argv[1])

import mlflow  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType  # noqa: E402

filled = []


def part(name):
    """Runs a function now, if the release has what it needs; other errors are errors."""

    def run(function):
        try:
            function()
            filled.append(name)
        except (ImportError, AttributeError, NotImplementedError) as error:
            print("without %s: %s" % (name, error), file=sys.stderr)

    return run


def open_store():
    try:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    except ImportError:
        from mlflow.store.sqlalchemy_store import SqlAlchemyStore
    return SqlAlchemyStore(sys.argv[1], "/tmp/artifacts")


store = open_store()
VERSION = [int(part) for part in mlflow.__version__.split(".")[:2]]
NOW = 1_600_000_000_000
SMALL = "FILL_SMALL" in os.environ
BIG = int(os.environ.get("FILL_METRICS", "0"))


def create_run(experiment, user, start, tags, name):
    accepted = inspect.signature(store.create_run).parameters
    known = dict(
        experiment_id=experiment, user_id=user, run_name=name, source_type=None, source_name=None, entry_point_name=None,
        start_time=start, source_version=None, tags=tags, parent_run_id=None,
    )
    return store.create_run(**{key: value for key, value in known.items() if key in accepted})


def run_id(run):
    return getattr(run.info, "run_id", None) or run.info.run_uuid


def metric(key, value, timestamp, step):
    return Metric(key, value, timestamp, step)


experiments = [store.create_experiment("experiment %d" % n) for n in range(4)]
runs = []
for e, experiment in enumerate(experiments[:3]):
    for n in range(3 if SMALL else 6):
        tags = [RunTag("mlflow.runName", "run %d" % n), RunTag("unicode", "naïve 模型 \U0001f600 'quoted' \"x\"")]
        run = create_run(experiment, ["ana", "", "joe"][n % 3] if n else "bob", NOW + n, tags, "run %d" % n)
        runs.append(run_id(run))
        store.log_param(runs[-1], Param("p%d" % n, "v" * (n * 40)))
        store.log_param(runs[-1], Param("empty", "" if n % 2 else " "))
        for step in range(3 if SMALL else 12):
            store.log_metric(runs[-1], metric("loss", 1.0 / (step + 1), NOW + step, step))
            store.log_metric(runs[-1], metric("same step", float(step % 5), NOW + step // 4, 1))
            store.log_metric(runs[-1], metric("back in time", float(step), NOW - step, 12 - step))
        for key, value in (("inf", float("inf")), ("-inf", float("-inf")), ("tiny", 5e-324), ("pi", 3.141592653589793), ("negative", -1e300)):
            try:
                store.log_metric(runs[-1], metric(key, value, NOW, -3))
            except MlflowException:
                pass  # 1.0 took no infinities.
        status = [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.RUNNING][n % 3]
        store.update_run_info(runs[-1], status, NOW + 99 + n, *(["renamed"] if len(inspect.signature(store.update_run_info).parameters) > 3 else []))
store.set_tag(runs[0], RunTag("long", "t" * 240))
if BIG:
    import sqlite3

    db = sqlite3.connect(sys.argv[1].split("///")[1])
    rows = ((("metric %d" % (i % 50)), i * 0.5, NOW + i, runs[(i // 50) % len(runs)], i // 50, 0) for i in range(BIG))
    db.executemany('INSERT INTO metrics ("key", value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)', rows)
    db.commit()


@part("nan")
def _():
    if VERSION < [1, 1]:
        raise NotImplementedError("NULL was refused")
    for run in runs[:4]:
        store.log_metric(run, metric("nan", float("nan"), NOW, 0))
        store.log_metric(run, metric("sometimes nan", 0.5, NOW, 1))
        store.log_metric(run, metric("sometimes nan", float("nan"), NOW, 2))


@part("killed")
def _():
    killed = create_run(experiments[0], "eve", NOW, [], "killed")
    if VERSION < [1, 5]:
        raise NotImplementedError("the schema does not know it")
    try:
        store.update_run_info(run_id(killed), RunStatus.from_string("KILLED"), NOW + 5, *(["k"] if len(inspect.signature(store.update_run_info).parameters) > 3 else []))
    except MlflowException as error:
        if 'constraint "status"' not in str(error):
            raise
        raise NotImplementedError("on PostgreSQL the schema of this release does not")


@part("experiment tags")
def _():
    from mlflow.entities import ExperimentTag

    for experiment in experiments[:2]:
        store.set_experiment_tag(experiment, ExperimentTag("mlflow.note.content", "note " * 50))
        store.set_experiment_tag(experiment, ExperimentTag("k", "v"))


@part("batch")
def _():
    store.log_batch(runs[2], [metric("batch %d" % i, i, NOW, i) for i in range(2 if SMALL else 40)], [Param("batch", "x" * 240)], [RunTag("b", "1")])


@part("registry")
def _():
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry

    registry = Registry(sys.argv[1])
    for name in ("first model", "zweites_模型"):
        registry.create_registered_model(name, *([None, "described"] if len(inspect.signature(registry.create_registered_model).parameters) > 2 else []))
        for run in runs[:3]:
            registry.create_model_version(name, "/tmp/artifacts/%s/model" % run, run)
    registry.transition_model_version_stage("first model", "1", "Production", False)
    registry.transition_model_version_stage("first model", "2", "Staging", False)
    registry.update_model_version("first model", "1", "a description")

    @part("registry tags")
    def _():
        from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

        registry.set_registered_model_tag("first model", RegisteredModelTag("team", "vision"))
        registry.set_registered_model_tag("zweites_模型", RegisteredModelTag("team", "x" * 4000))
        registry.set_model_version_tag("first model", "2", ModelVersionTag("checked", "yes"))
        registry.set_model_version_tag("first model", "3", ModelVersionTag("long", "y" * 4000))

    @part("versions without run")
    def _():
        if VERSION < [1, 13]:
            raise NotImplementedError("a run was needed")
        registry.create_model_version("first model", "/tmp/elsewhere", None)

    @part("registry aliases")
    def _():
        registry.set_registered_model_alias("first model", "champion", "2")
        registry.set_registered_model_alias("zweites_模型", "champion", "1")


@part("datasets")
def _():
    from mlflow.entities import Dataset, DatasetInput, InputTag

    for n, run in enumerate(runs[:5]):
        dataset = Dataset("data", "digest%d" % (n % 2), "local", '{"uri": "/data"}', '{"columns": []}' if n % 2 else None, None)
        other = Dataset("other", "d", "http", '{"url": "http://x"}', None, '{"rows": 5}')
        tags = [InputTag("mlflow.data.context", "training")]
        store.log_inputs(run, [DatasetInput(dataset, tags), DatasetInput(other, [])])


@part("logged models")
def _():
    from mlflow.entities import LoggedModelParameter, LoggedModelTag

    for n in range(3):
        model = store.create_logged_model(
            experiment_id=experiments[0], name="model%d" % n, source_run_id=runs[0], model_type="Agent",
            params=[LoggedModelParameter("a", "1"), LoggedModelParameter("long", "z" * 250)], tags=[LoggedModelTag("t", "u")],
        )
        logged = Metric("acc", 0.5 + n, NOW, 3, model_id=model.model_id, dataset_name="data", dataset_digest="digest0", run_id=runs[0])
        store.log_batch(runs[0], [logged], [], [])
    store.delete_logged_model(model.model_id)


@part("traces of 2.x")
def _():
    from mlflow.entities.trace_status import TraceStatus

    start = getattr(store, "deprecated_start_trace_v2", None) or store.start_trace
    if "request_metadata" not in inspect.signature(start).parameters:
        raise NotImplementedError("another form")
    end = getattr(store, "deprecated_end_trace_v2", None) or store.end_trace
    for n in range(6):
        metadata = {"mlflow.traceInputs": "{}", "mlflow.trace_schema.version": "2"}
        if n % 2:
            metadata["mlflow.trace.session"] = "session %d" % n
            metadata["mlflow.trace.tokenUsage"] = '{"input_tokens": %d, "output_tokens": 5.0, "total_tokens": "%d", "odd": 1}' % (n, n + 5)
        info = start(experiments[1], NOW + n, metadata, {"mlflow.traceName": "trace %d" % n, "x": "y"})
        end(info.request_id, NOW + n + 50, TraceStatus.OK if n % 2 else TraceStatus.ERROR, {"mlflow.traceOutputs": "{}"}, {"z": "w"})


@part("traces of 3.x")
def _():
    from mlflow.entities import TraceInfo, TraceLocation, TraceState

    if "trace_info" not in inspect.signature(store.start_trace).parameters:
        raise NotImplementedError("another form")

    for n in range(8):
        metadata = {"a": "b"}
        if n % 2:
            metadata["mlflow.trace.session"] = "session %d" % n
            metadata["mlflow.trace.tokenUsage"] = '{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}'
        if n > 4:
            metadata["mlflow.trace.cost"] = '{"input_cost": 0.1, "output_cost": 2e-7, "total_cost": 0.3}'
        if n == 7:
            metadata["mlflow.gateway.endpointId"] = "e-1"
            del metadata["mlflow.trace.cost"]
        tags = {"mlflow.traceName": "näme %d" % n, "k": "v" * 500} if n != 2 else {}
        info = TraceInfo(
            trace_id="tr-%032x" % n, trace_location=TraceLocation.from_experiment_id(experiments[n % 2]), request_time=NOW + n,
            execution_duration=10 * n if n else None, state=TraceState.OK if n % 3 else TraceState.ERROR,
            request_preview="question " * n, response_preview="answer", client_request_id="client %d" % n, trace_metadata=metadata, tags=tags,
        )
        store.start_trace(info)

    @part("assessments")
    def _():
        from mlflow.entities import AssessmentError, AssessmentSource, Expectation, Feedback

        source = AssessmentSource(source_type="HUMAN", source_id="ana")
        values = [1, 0.25, True, False, "yes", "No ", "maybe", ["a"], {"b": 1}, 10**30]
        for n, value in enumerate(values):
            store.create_assessment(Feedback(trace_id="tr-%032x" % (n % 8), name="score", value=value, source=source, rationale="because", metadata={"m": "n"}))
        store.create_assessment(Feedback(trace_id="tr-%032x" % 1, name="failed", error=AssessmentError("X", "went wrong"), source=source))
        store.create_assessment(Expectation(trace_id="tr-%032x" % 2, name="expected", value="hello", source=source))

    @part("spans")
    def _():
        import json

        from mlflow.entities.span import Span
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, TraceFlags
        from opentelemetry.trace.status import Status, StatusCode

        by_experiment = {}
        for n in range(8):
            trace = "tr-%032x" % n
            parent = None
            for s in range(3):
                context = SpanContext(n or 99, 1000 * n + s + 1, False, TraceFlags(1))
                usage = {"input_tokens": 10 * n, "output_tokens": s, "total_tokens": 10 * n + s}
                attributes = {"mlflow.traceRequestId": trace, "mlflow.spanType": "LLM" if s else "CHAIN"}
                if s:
                    attributes.update({
                        "mlflow.llm.model": "model %d" % n, "mlflow.llm.provider": "p" * (n * 90),
                        "mlflow.chat.tokenUsage": usage, "mlflow.llm.cost": {"input_cost": 0.5, "output_cost": n / 8, "total_cost": 0.5 + n / 8},
                    })
                readable = ReadableSpan(
                    name="span %d" % s, context=context, parent=parent, start_time=NOW * 10**6 + s, end_time=NOW * 10**6 + 500 if s < 2 else None,
                    attributes={key: json.dumps(value) for key, value in attributes.items()},
                    status=Status(StatusCode.OK), events=[], links=[], resource=None,
                )
                by_experiment.setdefault(experiments[n % 2], []).append(Span(readable))
                parent = parent or context
        for experiment, spans in by_experiment.items():
            for trace in sorted({span.trace_id for span in spans}):
                store.log_spans(experiment, [span for span in spans if span.trace_id == trace])


@part("webhooks")
def _():
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry

    os.environ.setdefault("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=")
    from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus

    registry = Registry(sys.argv[1])
    event = WebhookEvent(WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED)
    registry.create_webhook("hook", "https://93.184.216.34/hook", [event], "described", None, WebhookStatus.ACTIVE)


@part("scorers")
def _():
    for n in range(3):
        store.register_scorer(experiments[0], "judge", '{"name": "judge", "v": %d}' % n)


@part("evaluation datasets")
def _():
    if not hasattr(store, "create_dataset"):
        raise NotImplementedError("no datasets of this kind")
    dataset = store.create_dataset("questions", {"team": "x"}, [experiments[0]])
    records = [{"inputs": {"q": "what %d?" % n}, "expectations": {"a": n}, "tags": {"t": "u"}} for n in range(3)]
    store.upsert_dataset_records(dataset.dataset_id, records)


@part("jobs")
def _():
    from mlflow.store.jobs.sqlalchemy_store import SqlAlchemyJobStore

    jobs = SqlAlchemyJobStore(sys.argv[1])
    ids = [jobs.create_job("module.function", '{"x": %d}' % n).job_id for n in range(4)]
    jobs.start_job(ids[1])
    jobs.start_job(ids[2])
    jobs.finish_job(ids[2], '"done"')


@part("gateway")
def _():
    os.environ.setdefault("MLFLOW_CRYPTO_KEK_PASSPHRASE", "a passphrase that is long enough for the tests")
    if not hasattr(store, "create_gateway_secret"):
        raise NotImplementedError("no gateway")
    secret = store.create_gateway_secret(secret_name="key", secret_value={"api_key": "sk-abcdef"}, provider="openai")
    store.create_gateway_model_definition(name="gpt", secret_id=secret.secret_id, provider="openai", model_name="gpt-4")




@part("odd metadata")
def _():
    """What no client of today writes, but some program may have written."""
    import sqlalchemy

    columns = [column["name"] for column in sqlalchemy.inspect(store.engine).get_columns("trace_info")] if "traces of 3.x" in filled else []
    if "client_request_id" not in columns or "input_tokens" in columns:
        raise NotImplementedError("no metadata of this kind")
    odd = {
        1: ("mlflow.trace.tokenUsage", '{"input_tokens": 3, "output_tokens": NaN, "total_tokens": "1_2"}'),
        3: ("mlflow.trace.tokenUsage", "no json"),
        5: ("mlflow.trace.cost", '{"input_cost": "0.5", "output_cost": Infinity, "total_cost": true}'),
        7: ("mlflow.trace.session", "s" * 300),
    }
    key = store.engine.dialect.identifier_preparer.quote_identifier("key")
    update = sqlalchemy.text("UPDATE trace_request_metadata SET value = :v WHERE request_id = :t AND %s = :k" % key)
    with store.engine.begin() as connection:
        for n, (odd_key, value) in odd.items():
            connection.execute(update, {"v": value, "t": "tr-%032x" % n, "k": odd_key})
        if "trace_metrics" in sqlalchemy.inspect(store.engine).get_table_names():
            connection.execute(sqlalchemy.text("DELETE FROM trace_metrics WHERE request_id = :t"), {"t": "tr-%032x" % 1})


store.delete_run(runs[1])
store.delete_run(runs[7])
store.delete_experiment(experiments[3])
print("%s: %s" % (mlflow.__version__, ", ".join(filled)))
