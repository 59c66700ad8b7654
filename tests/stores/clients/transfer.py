"""Stock MLflow uploads, lists and downloads artifacts of a run, however the server tells it to."""

import os
import pathlib
import sys

import mlflow
from mlflow import MlflowClient

scratch = pathlib.Path(os.environ["STORES_FOLDER"])
big = int(os.environ.get("STORES_BIG", "6000000"))

files = {
    "notes.txt": b"first",
    "empty.bin": b"",
    "with space é.txt": "é".encode(),
    "100%.txt": b"percent",
    "a+b=c&d.txt": b"signs",
    "deep/er/model.bin": os.urandom(big),
    "deep/er/MLmodel": b"flavors: {}\n",
}
source = scratch / "source"
for name, content in files.items():
    path = source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

client = MlflowClient()
experiment = mlflow.set_experiment("transfer")
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(source), "all")
    mlflow.log_artifact(str(source / "notes.txt"))
    mlflow.log_dict({"a": [1, 2]}, "config.json")
    (source / "notes.txt").write_bytes(b"second")
    mlflow.log_artifact(str(source / "notes.txt"), "all")
    files["notes.txt"] = b"second"
run_id = run.info.run_id


def listing(path=None):
    # MLflow's own repository on FTP does not sort.
    return sorted((file.path, file.is_dir, None if file.is_dir else file.file_size) for file in client.list_artifacts(run_id, path))


assert listing() == [("all", True, None), ("config.json", False, 29), ("notes.txt", False, 5)], listing()
inside = dict((path, size) for path, _, size in listing("all"))
expected = {f"all/{name}": len(content) or inside["all/empty.bin"] for name, content in files.items() if "/" not in name}
assert inside == {**expected, "all/deep": None}, inside
assert [path for path, *_ in listing("all/deep/er")] == ["all/deep/er/MLmodel", "all/deep/er/model.bin"]
assert listing("nowhere") == []

target = scratch / "target"
target.mkdir()
mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="all", dst_path=str(target))
fetched = {str(path.relative_to(target / "all")): path.read_bytes() for path in (target / "all").rglob("*") if path.is_file()}
assert fetched == files, {name: len(content) for name, content in fetched.items()}
assert mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/config.json") == {"a": [1, 2]}
try:
    mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="nothing.txt", dst_path=str(target))
except Exception as error:
    print("missing:", type(error).__name__)
else:
    sys.exit("a file that is not there was downloaded")
print(run_id)
