"""Stock MLflow with one large file, and with many small ones. Prints how long each took."""

import hashlib
import os
import pathlib
import shutil
import time

import mlflow

scratch = pathlib.Path(os.environ["STORES_FOLDER"])
mebibytes, count = int(os.environ["STORES_MIB"]), int(os.environ["STORES_FILES"])


def digest(file):
    total = hashlib.md5()
    with open(file, "rb") as content:
        while piece := content.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def timed(word, act):
    began = time.monotonic()
    act()
    print(f"{word}: {time.monotonic() - began:.1f} s", flush=True)


large, many, target = scratch / "large.bin", scratch / "many", scratch / "target"
with open(large, "wb") as file:
    for _ in range(mebibytes):
        file.write(os.urandom(1 << 20))
many.mkdir()
for number in range(count):
    (many / f"{number:06}.txt").write_bytes(b"%d " % number * 1500)
target.mkdir()

with mlflow.start_run() as run:
    timed("large up", lambda: mlflow.log_artifact(str(large)))
    timed("many up", lambda: mlflow.log_artifacts(str(many), "many"))


def fetch(path):
    mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=path, dst_path=str(target))


timed("large down", lambda: fetch("large.bin"))
assert digest(target / "large.bin") == digest(large)
timed("many down", lambda: fetch("many"))
names = sorted(path.name for path in (target / "many").iterdir())
assert names == sorted(path.name for path in many.iterdir()), len(names)
assert all((target / "many" / name).read_bytes() == (many / name).read_bytes() for name in names)
listed = [file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id, "many")]
assert listed == [f"many/{name}" for name in names], len(listed)
shutil.rmtree(target)
print("done")
