"""The registry of scorers, and the questions that reviewers answer."""

from mlflow.genai import label_schemas, scorers
from mlflow.tracking import MlflowClient

from common import NAME, check, refused

client = MlflowClient()
experiment = client.create_experiment(NAME)

for guideline in ("Be polite.", "Будь краток."):
    scorers.Guidelines(name="tone", guidelines=guideline).register(experiment_id=experiment)
scorers.Safety(name="safe").register(experiment_id=experiment)
listed = scorers.list_scorers(experiment_id=experiment)
check(sorted((one.name, type(one).__name__) for one in listed), [("safe", "Safety"), ("tone", "Guidelines")], "list")
check(scorers.get_scorer(name="tone", experiment_id=experiment).guidelines, "Будь краток.", "the latest version")
first = scorers.get_scorer(name="tone", experiment_id=experiment, version=1)
check(first.guidelines, "Be polite.", "the first version")
scorers.delete_scorer(name="tone", experiment_id=experiment, version=2)
check(scorers.get_scorer(name="tone", experiment_id=experiment).guidelines, "Be polite.", "after a deletion")
scorers.delete_scorer(name="safe", experiment_id=experiment, version="all")
with refused("not found"):
    scorers.get_scorer(name="safe", experiment_id=experiment)

yes_or_no = label_schemas.InputPassFail(positive_label="Yes", negative_label="No")
made = label_schemas.create_label_schema("right?", type="feedback", input=yes_or_no, experiment_id=experiment)
check(label_schemas.get_label_schema("right?", experiment_id=experiment), made, "a label schema")
with refused("already exists"):
    label_schemas.create_label_schema("right?", type="feedback", input=yes_or_no, experiment_id=experiment)
changed = label_schemas.update_label_schema(made.schema_id, instruction="Look twice.")
check((changed.instruction, changed.input), ("Look twice.", yes_or_no), "a changed schema")
listed = label_schemas.list_label_schemas(experiment_id=experiment)
check([schema.name for schema in listed], ["Feedback", "right?"], "schemas, with the default question")
label_schemas.delete_label_schema(schema_id=made.schema_id)
with refused("not found"):
    label_schemas.get_label_schema(schema_id=made.schema_id)
