"""Command lines of ours and of stock MLflow, with the same words."""

import dataclasses
import json
import os
import subprocess

import harness


@dataclasses.dataclass
class Done:
    code: int
    out: str
    error: str


def ours(*args, environment=None, cwd=None, seconds=60):
    done = subprocess.run([*harness.server_command(), *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=seconds, env={**os.environ, **(environment or {})})
    return Done(done.returncode, done.stdout, done.stderr)


class Stock:
    """Stock MLflow, started once."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.log = open(folder / "stock.log", "w+")
        self.process = subprocess.Popen(
            [harness.python_of("3.17.2"), harness.HERE / "clients" / "commands.py"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=folder, env={
                "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore",
                "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
                "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"})

    def __call__(self, *args, environment=None, cwd=None):
        command = {"args": args, "env": environment or {}, **({"cwd": str(cwd)} if cwd else {})}
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("answer:"):
                return Done(**json.loads(line.removeprefix("answer:")))
        self.log.seek(0)
        raise AssertionError(f"stock mlflow ended:\n{self.log.read()[-4000:]}")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.log.close()


def tree(folder):
    """The files below a folder, and folders that hold nothing."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*") if path.is_file() or not any(path.iterdir())}
