/** Code to copy and paste, with this server's own address in it. */

function trackingUri(): string {
  return document.baseURI.split("#")[0]?.replace(/\/$/, "") ?? "";
}

export function firstSteps(experiment: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
mlflow.set_experiment(${JSON.stringify(experiment)})

with mlflow.start_run():
    mlflow.log_param("learning_rate", 0.1)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)`;
}

export function registerModel(): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
mlflow.register_model("runs:/<run id>/model", "my-model")`;
}

export function registerPrompt(): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
mlflow.genai.register_prompt("summarize", "Summarize: {{ text }}")`;
}

export function logModel(experiment: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
mlflow.set_experiment(${JSON.stringify(experiment)})
mlflow.sklearn.log_model(model, name="model")`;
}

export function loadRun(runId: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
run = mlflow.get_run("${runId}")
print(run.data.params, run.data.metrics)`;
}

export function downloadArtifact(runId: string, path: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
folder = mlflow.artifacts.download_artifacts(
    run_id="${runId}", artifact_path=${JSON.stringify(path)}
)`;
}

export function loadModel(uri: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
model = mlflow.pyfunc.load_model(${JSON.stringify(uri)})`;
}

export function loadPrompt(name: string, version: string, variables: string[]): string {
  const values = variables.map((variable) => `${variable}="…"`).join(", ");
  // Names with dots cannot be given as arguments.
  const format = variables.some((variable) => variable.includes(".")) ? "" : `\nprint(prompt.format(${values}))`;
  return `import mlflow

mlflow.set_tracking_uri("${trackingUri()}")
prompt = mlflow.genai.load_prompt(${JSON.stringify(`prompts:/${name}/${version}`)})${format}`;
}
