"""The example of the README; only the address of the server comes from outside."""

import mlflow

mlflow.set_experiment("hello")
with mlflow.start_run() as run:
    mlflow.log_param("lr", 0.01)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("it works", "notes.txt")

print(mlflow.get_run(run.info.run_id).data.metrics)
