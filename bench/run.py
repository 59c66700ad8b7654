#!/usr/bin/env python3
"""Measure a tracking server, alone or side by side with stock MLflow.

    run.py --server target/release/oxflow
    run.py --server target/release/oxflow --stock PATH/TO/mlflow
    run.py --server target/release/oxflow --large 100000 --only large

Builds the load generator, starts each server on fresh folders, and prints a Markdown table.
README.md explains what is measured and how to read it.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import large_database
from servers import PeakMemory, Server

HERE = Path(__file__).resolve().parent
SECTIONS = ("start", "latency", "throughput", "artifacts", "large")
LATENCY = (
    "create-run",
    "log-metric",
    "log-param",
    "set-tag",
    "log-batch",
    "get-run",
    "search-runs",
    "search-experiments",
)
THROUGHPUT = ("create-run", "log-metric", "log-batch", "get-run", "search-runs")


class Results:
    """Measured values by row and server, in the order of first appearance."""

    def __init__(self):
        self.rows = {}
        self.problems = []
        self.noise = []
        self.raw = []

    def add(self, label, row, value, unit, more_is_better=False):
        entry = self.rows.setdefault(row, {"unit": unit, "more": more_is_better, "values": {}})
        entry["values"].setdefault(label, []).append(value)

    def median(self, row, label):
        values = [v for v in self.rows[row]["values"].get(label, []) if v is not None]
        return statistics.median(values) if values else None

    def markdown(self, labels):
        header = ["", *labels, *(["ratio"] if len(labels) == 2 else [])]
        lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
        for row, entry in self.rows.items():
            medians = [self.median(row, label) for label in labels]
            cells = [render(value) for value in medians]
            if len(labels) == 2:
                cells.append(ratio(*medians, entry["more"]))
            lines.append(f"| {row}, {entry['unit']} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def render(value):
    if value is None:
        return "failed"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(server, stock, more_is_better):
    """How many times better the server is; below 1 it is worse."""
    if not server or not stock:
        return ""
    times = server / stock if more_is_better else stock / server
    return f"{times:,.0f} x" if times >= 10 else f"{times:.1f} x"


class Bench:
    def __init__(self, args, loadgen, folder, results):
        self.args = args
        self.loadgen = loadgen
        self.folder = folder
        self.results = results

    def measure(self, label, server, operation, connections=1, **options):
        """One run of the load generator; None if it failed as a whole."""
        options = {"seconds": self.args.seconds, "warmup": 5 if connections == 1 else 1} | options
        command = [self.loadgen, "measure", "--url", server.url, "--op", operation]
        command += ["--fixture", server.folder / "fixture", "--connections", connections]
        command += ["--server-pid", server.process.pid]
        for name, value in options.items():
            command += [f"--{name}", value]
        limit = float(options["seconds"]) + 2 * float(options.get("timeout", 60)) + 30
        output = run([str(word) for word in command], limit)
        name = f"{label}, {operation}, {connections} connections"
        if output is None:
            self.results.problems.append(f"{name}: no result within {limit:.0f} s")
            return None
        result = json.loads(output)
        self.results.raw.append({"label": label} | result)
        if result["seconds"]:
            share = result["others_cpu_s"] / result["seconds"] / os.cpu_count()
            self.results.noise.append(share)
        if result["errors"]:
            self.results.problems.append(
                f"{name}: {result['errors']} of {result['errors'] + result['requests']} requests"
                f" failed, the first with: {result['first_error']}"
            )
        return result if result["requests"] else None

    def fixture(self, server):
        command = [self.loadgen, "setup", "--url", server.url, "--runs", "200"]
        command += ["--fixture", server.folder / "fixture"]
        if run([str(word) for word in command], 300) is None:
            raise RuntimeError(f"loadgen setup failed; see {server.log}")

    def start(self, label, command, starts):
        for turn in range(starts):
            folder = self.folder / f"start-{turn}"
            with Server(command, folder) as server:
                self.results.add(label, "start, new folder", server.start_seconds * 1000, "ms")
            with Server(command, folder) as server:
                self.results.add(label, "start, existing", server.start_seconds * 1000, "ms")
            shutil.rmtree(folder)

    def memory(self, label, server, when):
        server.settle()
        used = server.memory()
        self.results.add(label, f"memory {when}, PSS", used["pss"], "MiB")
        self.results.add(label, f"memory {when}, RSS of all processes", used["rss"], "MiB")
        if when == "idle":
            self.results.add(label, "processes", used["processes"], "count")

    def latency(self, label, server):
        for operation in LATENCY:
            result = self.measure(label, server, operation, requests=2000)
            for percentile in ("p50", "p99"):
                value = result and result[f"{percentile}_ms"]
                self.results.add(label, f"{operation}, 1 connection, {percentile}", value, "ms")

    def throughput(self, label, server):
        for connections in self.args.connections:
            for operation in THROUGHPUT:
                result = self.measure(label, server, operation, connections)
                points = operation == "log-batch"
                value = result and result["points_per_second" if points else "per_second"]
                row = f"{operation}, {connections} connections"
                self.results.add(label, row, value, "points/s" if points else "requests/s", True)

    def artifacts(self, label, server):
        small = {"requests": 500, "warmup": 0, "seconds": 30, "size": 10_240, "folder": "small"}
        for operation in ("put-artifact", "get-artifact"):
            result = self.measure(label, server, operation, **small)
            value = result and result["p50_ms"]
            self.results.add(label, f"{operation}, 10 KiB, 1 connection, p50", value, "ms")

        mib = self.args.artifact_mib
        if not mib:
            return
        large = {"requests": 3, "warmup": 0, "seconds": 120, "size": mib << 20, "folder": "large"}
        for operation in ("put-artifact", "get-artifact"):
            with PeakMemory(server) as peak:
                result = self.measure(label, server, operation, **large)
            value = result and mib / (result["p50_ms"] / 1000)
            self.results.add(label, f"{operation}, {mib} MiB", value, "MiB/s", True)
            self.results.add(label, f"{operation}, {mib} MiB, RSS growth", peak.growth, "MiB")
        shutil.rmtree(server.folder / "artifacts" / "large", ignore_errors=True)

    def large(self, label, command, database):
        folder = self.folder / "large"
        folder.mkdir()
        shutil.copyfile(database, folder / "tracking.db")
        # The load generator wants a fixture; these measurements bring their own requests.
        run = large_database.run_id(large_database.HISTORY_RUN)
        (folder / "fixture").write_text(f"1\n1\n{run}\n{run}\n")
        with Server(command, folder) as server:
            server.settle()
            for name, method, path, body in large_requests():
                result = self.measure(
                    label, server, "raw",
                    requests=20, warmup=2, timeout=self.args.timeout,
                    method=method, path=path, body=json.dumps(body) if body else "",
                )  # fmt: skip
                row = f"{self.args.large:,} runs: {name}, p50"
                self.results.add(label, row, result and result["p50_ms"], "ms")
            self.memory(label, server, f"after searching {self.args.large:,} runs")
        shutil.rmtree(folder)

    def everything(self, label, command, starts, database):
        only = self.args.only
        if "start" in only:
            self.start(label, command, starts)
        loads = [name for name in ("latency", "throughput", "artifacts") if name in only]
        if "start" in only or loads:
            folder = self.folder / "load"
            with Server(command, folder) as server:
                self.memory(label, server, "idle")
                if loads:
                    self.fixture(server)
                for name in loads:
                    getattr(self, name)(label, server)
                if loads:
                    self.memory(label, server, "after load")
            shutil.rmtree(folder)
        if database:
            self.large(label, command, database)


def large_requests():
    search = "/api/2.0/mlflow/runs/search"
    page = {"experiment_ids": ["1"], "max_results": 100}
    history = f"run_id={large_database.run_id(large_database.HISTORY_RUN)}&metric_key=history"
    sampled = history.replace("run_id", "run_ids") + "&max_results=320"
    return (
        ("first page", "POST", search, page),
        ("metric and param filter", "POST", search,
         page | {"filter": "metrics.m1 > 0.5 and params.p1 = 'x'"}),
        ("rare metric filter", "POST", search, page | {"filter": "metrics.m1 > 0.9995"}),
        ("rare param filter", "POST", search, page | {"filter": "params.seed = '777'"}),
        ("order by metric", "POST", search, page | {"order_by": ["metrics.m2 DESC"]}),
        ("1 experiment of 50 by metric", "POST", search,
         page | {"experiment_ids": ["7"], "order_by": ["metrics.m2 DESC"]}),
        ("long history sampled to 320", "GET",
         f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{sampled}", None),
        ("long history whole", "GET", f"/api/2.0/mlflow/metrics/get-history?{history}", None),
    )  # fmt: skip


def run(command, limit):
    """The last line of output, or None if the command failed or took too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        return None
    return done.stdout.strip().splitlines()[-1]


def build_loadgen():
    target = HERE / "out" / "loadgen"
    manifest = HERE / "loadgen" / "Cargo.toml"
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(manifest)]
    subprocess.run([*command, "--target-dir", str(target)], check=True)
    return target / "release" / "loadgen"


def disk_speed(folder, mib):
    """MiB/s of plainly writing and reading a file there: the bound of artifact transfers."""
    path, block = folder / "plain", os.urandom(1 << 20)
    began = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(mib):
            file.write(block)
    wrote = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    read = time.perf_counter()
    path.unlink()
    return mib / (wrote - began), mib / (read - wrote)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="command of the server to measure")
    parser.add_argument("--stock", help="the mlflow command of an installed MLflow to compare with")
    parser.add_argument("--seconds", type=float, default=4, help="length of one measurement (4)")
    parser.add_argument("--rounds", type=int, default=1, help="repeat it all, take medians (1)")
    parser.add_argument("--starts", type=int, default=15, help="starts of the server (15)")
    parser.add_argument("--stock-starts", type=int, default=3, help="starts of MLflow (3)")
    parser.add_argument("--connections", type=int, nargs="*", default=[8, 32, 500])
    parser.add_argument("--artifact-mib", type=int, default=1024, help="large artifact; 0: none")
    parser.add_argument("--large", type=int, default=0, metavar="RUNS",
                        help="also search a database of so many runs")  # fmt: skip
    parser.add_argument("--history", type=int, default=1_000_000, help="its longest metric")
    parser.add_argument("--timeout", type=float, default=30, help="of its searches, s (30)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--folder", type=Path, help="where databases and artifacts go (temporary)")
    parser.add_argument("--json", type=Path, help="also write every single measurement there")
    return parser.parse_args()


def main():
    args = arguments()
    subject = command(args.server)
    targets = [(Path(subject[0]).name, subject, args.starts)]
    if args.stock:
        targets.append(("stock MLflow", command(args.stock), args.stock_starts))

    loadgen = build_loadgen()
    results = Results()
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=args.folder))
    try:
        database = None
        if args.large and "large" in args.only:
            database = folder / "large.db"
            large_database.build(database, args.large, args.history)
        bench = Bench(args, loadgen, folder, results)
        for turn in range(args.rounds):
            for label, words, starts in targets:
                print(f"round {turn + 1}: {label}", file=sys.stderr)
                bench.everything(label, words, starts, database)
        writing, reading = disk_speed(folder, args.artifact_mib or 64)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    print(results.markdown([label for label, _, _ in targets]))
    system = f"{platform.system()} {platform.release()}"
    print(f"\n{os.cpu_count()} CPUs, {system}, {time.strftime('%Y-%m-%d')}.")
    print(f"A plain file there: write {writing:,.0f} MiB/s, read {reading:,.0f} MiB/s.")
    if results.noise:
        print(f"Other processes took {statistics.median(results.noise):.0%} of the CPU (median).")
    for problem in results.problems:
        print(f"- {problem}")
    if args.json:
        args.json.write_text(json.dumps({"rows": results.rows, "raw": results.raw}, indent=1))
    name = targets[0][0]
    return 1 if any(problem.startswith(f"{name},") for problem in results.problems) else 0


def command(text):
    """Words of a command. Servers run in folders of their own, where a relative path is lost."""
    program, *rest = shlex.split(text)
    found = shutil.which(program)
    if not found:
        sys.exit(f"{program}: no such program")
    return [str(Path(found).absolute()), *rest]


if __name__ == "__main__":
    sys.exit(main())
