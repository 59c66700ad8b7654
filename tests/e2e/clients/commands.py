"""Runs command lines of stock `mlflow` in one process, which starts but once.

Reads one JSON object a line, {"args": […], "env": {…}, "cwd": "…"}, and answers each with {"code", "out", "error"}.
"""

import json
import os
import sys

from click.testing import CliRunner

import mlflow
from mlflow.cli import cli

for line in sys.stdin:
    command = json.loads(line)
    os.chdir(command.get("cwd", "."))
    os.environ.update(command["env"])
    # What one command line sets, the next one, which would be another process, does not see.
    mlflow.set_tracking_uri(command["env"].get("MLFLOW_TRACKING_URI"))
    result = CliRunner().invoke(cli, command["args"])
    answer = {"code": result.exit_code, "out": result.stdout, "error": str(result.exception or "")}
    print("answer:" + json.dumps(answer), flush=True)
