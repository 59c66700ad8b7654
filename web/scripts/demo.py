#!/usr/bin/env python3
"""Fills a server with believable experiments, through the stock client.

    demo.py http://127.0.0.1:5000 [--small]

The page tests and the screenshots are made from this. The same arguments give the same data, but for ids and times.
"""

import argparse
import json
import math
import os
import random
import struct
import tempfile
import time
import zlib

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import pyarrow  # noqa: E402
from pyarrow import parquet  # noqa: E402

import mlflow  # noqa: E402  (the switch above must come first)
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param, RunTag  # noqa: E402

HOUR = 3_600_000
NOTE = """# ResNet sweep

What learning rate and augmentation does a **ResNet-34** want on a tenth of ImageNet?

| setting | tried |
|---|---|
| `lr` | 0.001 to 0.3 |
| `optimizer` | sgd, adamw, lion |

- [x] coarse grid
- [ ] long runs of the three best
"""


def batches(items, size):
    for start in range(0, len(items), size):
        yield items[start : start + size]


def log(client, run_id, metrics=(), params=None, tags=None):
    params = [Param(key, str(value)) for key, value in (params or {}).items()]
    tags = [RunTag(key, str(value)) for key, value in (tags or {}).items()]
    client.log_batch(run_id, params=params, tags=tags)
    for part in batches(list(metrics), 1000):
        client.log_batch(run_id, metrics=part)


def curve(rng, key, steps, start, every, value, pace=9000):
    return [
        Metric(key, value(step / max(1, steps - 1)) + rng.gauss(0, every), start + step * pace, step)
        for step in range(steps)
    ]


def training(rng, start, steps, lr, skill):
    """Curves of one training, all from the same hidden quality."""
    fall = 3 + 4 * skill
    loss = curve(rng, "train/loss", steps, start, 0.05, lambda t: 0.25 + 2.2 * math.exp(-fall * t) + 0.6 * (1 - skill))
    val = curve(rng, "val/loss", steps, start, 0.03, lambda t: 0.45 + 2 * math.exp(-fall * t) + 0.7 * (1 - skill) + 0.3 * t * t * (1 - skill))
    accuracy = curve(rng, "val/accuracy", steps, start, 0.008, lambda t: (0.55 + 0.38 * skill) * (1 - math.exp(-fall * t)))
    top5 = curve(rng, "val/top5", steps, start, 0.005, lambda t: min(0.995, (0.75 + 0.24 * skill) * (1 - math.exp(-1.4 * fall * t))))
    rate = [Metric("train/lr", lr * 0.5 * (1 + math.cos(math.pi * s / steps)), start + s * 9000, s) for s in range(steps)]
    norm = curve(rng, "train/grad_norm", steps, start, 0.12, lambda t: 0.8 + 3 * math.exp(-5 * t))
    speed = curve(rng, "train/images_per_second", steps, start, 14, lambda t: 1180 + 160 * skill)
    return loss + val + accuracy + top5 + rate + norm + speed


def system(rng, start, steps):
    kinds = {
        "system/gpu_0_utilization_percentage": (91, 4),
        "system/gpu_0_memory_usage_megabytes": (21500, 120),
        "system/gpu_0_power_usage_watts": (287, 9),
        "system/cpu_utilization_percentage": (38, 6),
        "system/system_memory_usage_megabytes": (30210, 90),
        "system/disk_usage_percentage": (61, 0.2),
        "system/network_receive_megabytes": (310, 40),
    }
    return [m for key, (mean, noise) in kinds.items() for m in curve(rng, key, steps, start, noise, lambda t, mean=mean: mean)]


def picture(rng, size=192, noise=0.0, pattern=None):
    """A PNG: a soft pattern, so that previews have something to show."""
    a, b, c = pattern or [rng.uniform(2, 9) for _ in range(3)]
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            u, v = x / size - 0.5, y / size - 0.5
            wave = math.sin(a * u * 6 + c) * math.cos(b * v * 6) * math.exp(-4 * (u * u + v * v))
            if noise:
                wave = max(-1, min(1, (1 - noise) * wave + rng.gauss(0, noise)))
            rows += bytes((int(120 + 110 * wave), int(110 + 60 * math.sin(wave * 3 + c)), int(160 - 90 * wave)))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


def artifacts(client, rng, run_id, lr):
    files = {
        "confusion.html": PAGE,
        "config.yaml": f"model:\n  name: resnet34\n  pretrained: false\noptimizer:\n  lr: {lr}\n  weight_decay: 0.05\ndata:\n  root: /data/imagenet10\n  workers: 8\n",
        "metrics.json": json.dumps({"top1": round(rng.uniform(0.7, 0.9), 4), "classes": {"tench": 0.91, "goldfish": 0.88}}, indent=2),
        "report.md": "# Evaluation\n\nThe model **confuses** terriers with each other.\n\n| class | recall |\n|---|---|\n| tench | 0.91 |\n| goldfish | 0.88 |\n",
        "predictions.csv": "image,label,predicted,confidence\n" + "".join(
            f"val_{i:05}.jpg,{rng.choice(['tench', 'goldfish', 'hen'])},{rng.choice(['tench', 'goldfish', 'hen'])},{rng.random():.4f}\n" for i in range(250)),
        "train.log": "".join(f"2026-11-20 10:{i // 60:02}:{i % 60:02} INFO step {i * 50}: loss {2.4 * math.exp(-i / 60) + 0.3:.4f}\n" for i in range(400)),
        "code/train.py": "import torch\nfrom torch import nn\n\n\ndef train(model: nn.Module, loader, lr: float = 0.1) -> float:\n    \"\"\"One epoch; returns the mean loss.\"\"\"\n    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)\n    total = 0.0\n    for images, labels in loader:\n        loss = nn.functional.cross_entropy(model(images), labels)\n        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n        total += loss.item()\n    return total / len(loader)\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        with open(os.path.join(folder, "evaluation.pdf"), "wb") as file:
            file.write(paper())
        count = 1500
        table = {"image": [f"val_{i:05}.jpg" for i in range(count)], "confidence": [i / count for i in range(count)], "steps": list(range(count))}
        parquet.write_table(pyarrow.table(table), os.path.join(folder, "scores.parquet"), compression="snappy")
        os.makedirs(os.path.join(folder, "samples"))
        for i in range(4):
            with open(os.path.join(folder, "samples", f"step_{i * 100:04}.png"), "wb") as file:
                file.write(picture(rng))
        client.log_artifacts(run_id, folder)


def images(client, rng, run_id, skill):
    """Pictures by key and step, as `log_image` names them: reconstructions that get better."""
    pattern = [rng.uniform(2, 9) for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        for key in ("val~reconstruction", "val~sample"):
            for step in range(0, 500, 100):
                noise = max(0.02, (1 - skill) * 0.5 + 0.5 * math.exp(-step / 120))
                name = f"{key}+step+{step}+timestamp+{1_760_000_000_000 + step}+{rng.getrandbits(64):016x}.png"
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(picture(rng, 96, noise, pattern))
        client.log_artifacts(run_id, folder, "images")
    client.set_tag(run_id, "mlflow.loggedImages", "True")


PAGE = """<!doctype html>
<title>Confusion</title>
<style>body { font: 14px system-ui; margin: 24px; } td { padding: 8px 14px; text-align: right; }</style>
<h1>Confusion of classes</h1>
<table id="table"></table>
<script>
const classes = ["tench", "goldfish", "hen"];
const counts = [[412, 9, 3], [14, 398, 2], [1, 4, 421]];
document.getElementById("table").innerHTML = "<tr><td></td>" + classes.map((name) => `<td>${name}</td>`).join("") + "</tr>"
  + counts.map((row, at) => `<tr><td>${classes[at]}</td>` + row.map((n) => `<td style="background: rgb(59 125 221 / ${n / 500})">${n}</td>`).join("") + "</tr>").join("");
</script>
"""


def paper():
    """A PDF of one page with one line."""
    text = b"BT /F1 24 Tf 72 720 Td (Evaluation of the sweep) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (table, len(out))


def sweep(client, rng, count, steps, now):
    experiment = client.create_experiment("vision/resnet-sweep", tags={"team": "vision", "mlflow.note.content": NOTE})
    ids = []
    for i in range(count):
        start = now - (count - i) * HOUR // 2 - steps * 9000
        lr = round(10 ** rng.uniform(-3, -0.5), 5)
        optimizer = rng.choice(["sgd", "adamw", "lion"])
        skill = max(0.05, min(0.98, 1 - abs(math.log10(lr) + 1.6) / 2 + rng.gauss(0, 0.08)))
        run = client.create_run(experiment, start_time=start, tags={"mlflow.user": rng.choice(["ana", "ben", "chidi"])},
                                run_name=f"{optimizer}-lr{lr:g}-{i:02}")
        run_id = run.info.run_id
        params = {"lr": lr, "optimizer": optimizer, "batch_size": rng.choice([64, 128, 256]), "depth": 34, "seed": i % 3,
                  "augment": rng.choice(["none", "randaug", "mixup"]), "weight_decay": rng.choice([0, 0.01, 0.05]),
                  "scheduler": "cosine", "data.root": "/data/imagenet10", "amp": True}
        status = "FAILED" if i % 11 == 7 else "FINISHED"
        done = steps if status == "FINISHED" else steps // 3
        tags = {"mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL", "mlflow.source.git.commit": "9f2c1ab47de03551c2b0c6d1b6e7a90f4d21c3aa",
                "stage": rng.choice(["coarse", "fine"])}
        log(client, run_id, training(rng, start, done, lr, skill) + (system(rng, start, 60) if i % 2 else []), params, tags)
        if i >= count - 3:
            artifacts(client, rng, run_id, lr)
            images(client, rng, run_id, skill)
        if i == count - 1:
            client.update_run(run_id, status="RUNNING")
        else:
            client.set_terminated(run_id, status, start + done * 9000)
        ids.append(run_id)
    return experiment, ids


def nested(client, rng, now):
    experiment = client.create_experiment("nlp/summarize", tags={"team": "language"})
    for trial in range(4):
        parent = client.create_run(experiment, start_time=now - (5 - trial) * HOUR, run_name=f"study-{trial}", tags={"mlflow.user": "dora"})
        log(client, parent.info.run_id, [Metric("best/rougeL", 0.3 + trial * 0.02, now, 0)], {"trials": 5, "model": "t5-small"})
        for child in range(5):
            start = now - (5 - trial) * HOUR + child * 600_000
            run = client.create_run(experiment, start_time=start, run_name=f"trial-{trial}.{child}",
                                    tags={"mlflow.parentRunId": parent.info.run_id, "mlflow.user": "dora"})
            beams = rng.choice([2, 4, 8])
            log(client, run.info.run_id, curve(rng, "rougeL", 30, start, 0.004, lambda t: 0.35 * (1 - math.exp(-4 * t)), 20_000)
                + curve(rng, "loss", 30, start, 0.02, lambda t: 1.2 + 2 * math.exp(-4 * t), 20_000), {"beams": beams, "lr": rng.choice([1e-4, 3e-4])})
            client.set_terminated(run.info.run_id, "KILLED" if (trial, child) == (2, 3) else "FINISHED", start + 600_000)
        client.set_terminated(parent.info.run_id, end_time=now - (4 - trial) * HOUR)


def models(client, ids):
    name = "imagenet-classifier"
    client.create_registered_model(name, tags={"team": "vision"}, description="Classifies photographs into **1,000** kinds.")
    for i, run_id in enumerate(ids[:4]):
        version = client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags={"validated": "yes" if i else "no"},
                                              description=f"Round {i + 1} of the sweep.")
        if i == 1:
            client.set_registered_model_alias(name, "champion", version.version)
        if i == 3:
            client.set_registered_model_alias(name, "challenger", version.version)
    client.create_registered_model("summarizer", description="")
    texts = {"First try": "Summarize:\n\n{{ text }}", "Shorter answers": "Summarize in one sentence, for a busy reader:\n\n{{ text }}"}
    for message, text in texts.items():
        mlflow.genai.register_prompt("summarize", text, commit_message=message)


def logged_models(client, experiment, ids):
    for i, run_id in enumerate(ids[:3]):
        model = client.create_logged_model(experiment, name=f"resnet34-{i}", source_run_id=run_id, model_type="classifier",
                                           params={"depth": "34"}, tags={"framework": "torch"})
        client.log_batch(run_id, metrics=[Metric("test/accuracy", 0.8 + i / 50, int(time.time() * 1000), 1, model_id=model.model_id)])
        client.finalize_logged_model(model.model_id, "READY" if i else "FAILED")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("uri")
    parser.add_argument("--small", action="store_true", help="what the tests need")
    args = parser.parse_args()
    mlflow.set_tracking_uri(args.uri)
    client, rng, now = MlflowClient(args.uri), random.Random(7), int(time.time() * 1000)
    count, steps = (12, 60) if args.small else (48, 400)
    experiment, ids = sweep(client, rng, count, steps, now)
    nested(client, rng, now)
    models(client, ids)
    logged_models(client, experiment, ids)
    for name in ("vision/segmentation", "nlp/tokenizer", "speech/wake-word", "tabular/churn"):
        client.create_experiment(name)
    print(json.dumps({"experiment": experiment, "runs": ids}))


if __name__ == "__main__":
    main()
