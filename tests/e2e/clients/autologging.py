"""scikit-learn autologging: what `mlflow.sklearn.autolog()` records without being asked."""

import mlflow
import mlflow.sklearn
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from common import NAME, all_files, check

mlflow.set_experiment(NAME)
mlflow.sklearn.autolog(log_models=False)
data = load_iris(as_frame=True)
with mlflow.start_run() as run:
    LogisticRegression(C=0.5, max_iter=500).fit(data.data, data.target)

client = MlflowClient()
logged = client.get_run(run.info.run_id)
check((logged.data.params["C"], logged.data.params["max_iter"]), ("0.5", "500"), "params")
assert logged.data.metrics["training_accuracy_score"] > 0.9, logged.data.metrics
check(logged.data.tags["estimator_name"], "LogisticRegression", "estimator")
files = all_files(client, run.info.run_id)
assert any(path.endswith(".png") for path in files), files
