"""Adds to a demo what only the stock client makes, or only other programs: `stock.py URI`, after `oxflow demo`.

Prints the experiment of the sweep and its runs, oldest first, as JSON.
"""

import json
import os
import sys
import tempfile
import time

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import pandas  # noqa: E402
from PIL import Image  # noqa: E402

import mlflow  # noqa: E402  (the switch above must come first)
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric  # noqa: E402
from mlflow.models import Model, infer_signature  # noqa: E402

PAPER = "BT /F1 24 Tf 72 720 Td (Evaluation of the sweep) Tj ET"


def paper():
    """A PDF of one page with one line."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(PAPER)} >>\nstream\n{PAPER}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{item}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return f"{out}xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"


def files(client, run_id):
    count = 1500
    scores = pandas.DataFrame({
        "image": [f"val_{i:05}.jpg" for i in range(count)],
        "confidence": [i / count for i in range(count)],
        "steps": range(count),
    })
    inputs = pandas.DataFrame({"width": [640], "kind": ["photo"]})
    model = Model(artifact_path="model", run_id=run_id, signature=infer_signature(inputs, [0.5]))
    with tempfile.TemporaryDirectory() as folder:
        for compression in ("snappy", "zstd", "gzip", "brotli", "lz4"):
            scores.to_parquet(os.path.join(folder, f"scores.{compression}.parquet"), compression=compression)
        with open(os.path.join(folder, "evaluation.pdf"), "w") as file:
            file.write(paper())
        os.makedirs(os.path.join(folder, "model"))
        model.save(os.path.join(folder, "model", "MLmodel"))
        os.makedirs(os.path.join(folder, "samples"))
        for i in range(4):
            picture = Image.linear_gradient("L").resize((192, 192)).rotate(90 * i)
            picture.save(os.path.join(folder, "samples", f"step_{i * 100:04}.png"))
        client.log_artifacts(run_id, folder)


def main():
    uri = sys.argv[1]
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("vision/resnet-sweep").experiment_id
    runs = [run.info.run_id for run in client.search_runs([experiment], order_by=["attributes.start_time ASC"])]
    files(client, runs[-1])
    client.log_image(runs[-1], Image.linear_gradient("L"), key="stock/gradient", step=7)
    for at, model in enumerate(mlflow.search_logged_models([experiment], output_format="list")):
        score = Metric("test/f1", 0.8 + at / 50, int(time.time() * 1000), 1, model_id=model.model_id)
        client.log_batch(model.source_run_id, metrics=[score])
    for message, text in {"First try": "Translate: {{ text }}", "Say where to": "Translate into {{ language }}: {{ text }}"}.items():
        mlflow.genai.register_prompt("translate", text, commit_message=message)
    messages = [{"role": "system", "content": "Review in a {{ style }} style."}, {"role": "user", "content": "{{ code }}"}]
    mlflow.genai.register_prompt("review", messages, commit_message="As messages", model_config={"model_name": "small", "temperature": 0.2})
    print(json.dumps({"experiment": experiment, "runs": runs}))


if __name__ == "__main__":
    main()
