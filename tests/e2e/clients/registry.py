"""The model registry: versions, stages, aliases, tags, searches and deletion."""

import mlflow
from mlflow.tracking import MlflowClient

from common import NAME, VERSION, check, refused

client = MlflowClient()
model = f"{NAME}-модель"
run = client.create_run(client.create_experiment(NAME))

client.create_registered_model(model, tags={"team": "a"}, description="first")
with refused("already exists"):
    client.create_registered_model(model)
for number in (1, 2):
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version(model, source, run.info.run_id, tags={"n": str(number)})
    check((int(version.version), version.status, version.current_stage), (number, "READY", "None"), "version")
client.update_registered_model(model, description="second")
check(client.get_registered_model(model).description, "second", "description")
client.update_model_version(model, "1", description="of version 1")
client.set_model_version_tag(model, "1", "reviewed", "yes")
got = client.get_model_version(model, "1")
check((got.description, got.tags), ("of version 1", {"n": "1", "reviewed": "yes"}), "version 1")
client.transition_model_version_stage(model, "1", "Production")
client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)
check(client.get_model_version(model, "1").current_stage, "Archived", "the version before")
check([v.version for v in client.get_latest_versions(model, ["Production"])], [got.version.__class__(2)], "latest")
if VERSION >= (2, 3):
    client.set_registered_model_alias(model, "champion", "2")
    check(str(client.get_model_version_by_alias(model, "champion").version), "2", "alias")
    client.delete_registered_model_alias(model, "champion")
    with refused("champion"):
        client.get_model_version_by_alias(model, "champion")
check(len(client.search_model_versions(f"name = '{model}'")), 2, "versions of the model")
check([m.name for m in client.search_registered_models(f"name LIKE '{NAME}-%'")], [model], "search by name")
client.delete_model_version(model, "1")
with refused("not found"):
    client.get_model_version(model, "1")
client.rename_registered_model(model, f"{model}-2")
check(client.get_registered_model(f"{model}-2").tags, {"team": "a"}, "tags after the rename")
client.delete_registered_model(f"{model}-2")
with refused("not found"):
    client.get_registered_model(f"{model}-2")
