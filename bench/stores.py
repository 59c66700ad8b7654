#!/usr/bin/env python3
"""Artifacts through the proxy, onto a folder and onto S3, by Oxflow and by stock MLflow.

    python3 bench/stores.py --server target/release/oxflow [--mib 1024] [--files 10000] [--entries 100000] [--client-mib 2048] [--only S3]

Needs what `make test-stores` installs. Prints a table: what the client sees (MiB/s, files/s, seconds), seconds of CPU of
the server and all its processes, and how much its memory grew at most. Beside the servers stand what moves the same bytes
without one: `cp`, and boto3 against the storage itself. A size of 0 leaves a measurement out.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import servers

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "stores"), str(HERE.parent / "tests" / "e2e")]

import components  # noqa: E402 (needs the path above)
import setup_stores  # noqa: E402

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1 << 20
CONNECTIONS = 8

BOTO = """
import os, sys, time, boto3
client = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
for word, move in (("up", lambda: client.upload_file(sys.argv[1], "mlflow", "alone.bin")),
                   ("down", lambda: client.download_file("mlflow", "alone.bin", sys.argv[1] + ".down"))):
    began, used = time.monotonic(), sum(os.times()[:2])
    move()
    print(word, time.monotonic() - began, sum(os.times()[:2]) - used)
"""

CLIENT = """
import os, sys, time, mlflow
with mlflow.start_run() as run:
    began = time.monotonic()
    mlflow.log_artifact(sys.argv[1])
    print("up", time.monotonic() - began)
began = time.monotonic()
mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=os.path.basename(sys.argv[1]), dst_path=sys.argv[2])
print("down", time.monotonic() - began)
"""


def request(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    payload = answer.read()
    assert answer.status == 200, (answer.status, payload[:500])
    return payload


def connect(server):
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=1800)


def up(server, mib):
    piece = os.urandom(MIB)
    request(connect(server), "PUT", f"{ROUTE}/large.bin", (piece for _ in range(mib)), {"Content-Length": str(mib * MIB)})


def down(server, mib):
    connection = connect(server)
    connection.request("GET", f"{ROUTE}/large.bin")
    answer, got, buffer = connection.getresponse(), 0, bytearray(MIB)
    while count := answer.readinto(buffer):
        got += count
    assert got == mib * MIB, got


def many(server, method, count):
    content = os.urandom(10_000)

    def some(first):
        connection = connect(server)
        for number in range(first, count, CONNECTIONS):
            request(connection, method, f"{ROUTE}/many/{number:05}.bin", content if method == "PUT" else None)

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(some, range(CONNECTIONS)))


def listing(server, count):
    files = json.loads(request(connect(server), "GET", f"{ROUTE}?path=listed"))["files"]
    assert len(files) == count, len(files)


def fill(folder, count):
    """Entries are made past the server: that is not what is measured."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:06}.txt").write_bytes(b"x")


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def measured(server, storage, name, what, act, unit):
    """One line: what the client sees in `unit`, the CPU and the memory of the server."""
    used, began = server.cpu_seconds(), time.monotonic()
    with servers.PeakMemory(server) as memory:
        act()
    seconds = time.monotonic() - began
    row(storage, what, name, unit(seconds), f"{server.cpu_seconds() - used:.1f}", f"{memory.growth:,.0f} MiB")


def rate(amount, word):
    return lambda seconds: f"{amount / seconds:,.0f} {word}"


def on_servers(args, stock, folder, storage, destination, environment, listed):
    for name, command in (("Oxflow", [os.path.abspath(args.server)]), ("stock MLflow", stock)):
        place = folder / f"{name}-{storage[:2]}".replace(" ", "")
        target = f"{destination}/{name[0]}" if destination else None
        with servers.Server(command, place, destination=target, variables=environment) as server:
            server.settle()
            if args.mib:
                for word, act in (("up", up), ("down", down)):
                    what = f"{args.mib} MiB {word}"
                    measured(server, storage, name, what, lambda act=act: act(server, args.mib), rate(args.mib, "MiB/s"))
            if args.files:
                for word, method in (("up", "PUT"), ("down", "GET")):
                    what = f"{args.files:,} × 10 KB {word}"
                    measured(server, storage, name, what, lambda method=method: many(server, method, args.files),
                             rate(args.files, "files/s"))
            if args.entries:
                fill((listed / name[0] if destination else place / "artifacts") / "listed", args.entries)
                measured(server, storage, name, f"listing of {args.entries:,}", lambda: listing(server, args.entries),
                         lambda seconds: f"{seconds:.2f} s")
            if args.client_mib:
                by_client(args.client_mib, server, storage, name, folder, environment)


def by_client(mib, server, storage, name, folder, environment):
    """Stock MLflow's client, as it comes."""
    source, target = folder / "client.bin", folder / "fetched"
    with open(source, "wb") as file:
        piece = os.urandom(MIB)
        for _ in range(mib):
            file.write(piece)
    used = server.cpu_seconds()
    with servers.PeakMemory(server) as memory:
        done = subprocess.run([setup_stores.python(), "-c", CLIENT, source, target], check=True, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "MLFLOW_TRACKING_URI": server.url, "MLFLOW_DISABLE_TELEMETRY": "true",
                                   "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", **environment})
    assert (target / "client.bin").stat().st_size == mib * MIB
    seen = dict(line.split() for line in done.stdout.splitlines() if line.startswith(("up ", "down ")))
    times = ", ".join(f"{mib / float(seconds):,.0f} MiB/s {word}" for word, seconds in seen.items())
    row(storage, f"{mib} MiB by MLflow's client", name, times, f"{server.cpu_seconds() - used:.1f}", f"{memory.growth:,.0f} MiB")
    shutil.rmtree(target)
    source.unlink()


def alone(args, folder, s3):
    """The same bytes without a server."""
    source = folder / "alone.bin"
    with open(source, "wb") as file:
        piece = os.urandom(MIB)
        for _ in range(args.mib):
            file.write(piece)
    began = time.monotonic()
    subprocess.run(["sh", "-c", f'cp "{source}" "{folder}/copy.bin" && sync "{folder}/copy.bin"'], check=True)
    row("folder", f"{args.mib} MiB", "cp, sync", rate(args.mib, "MiB/s")(time.monotonic() - began), "", "")
    (folder / "copy.bin").unlink()
    done = subprocess.run([setup_stores.python(), "-c", BOTO, source], check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **s3.environment})
    for word, seconds, used in (line.split() for line in done.stdout.splitlines()):
        row("S3", f"{args.mib} MiB {word}", "boto3 alone", rate(args.mib, "MiB/s")(float(seconds)), f"{float(used):.1f} ¹", "")
    for file in folder.glob("alone.bin*"):
        file.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="the binary oxflow")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--client-mib", type=int, default=2048)
    parser.add_argument("--only", choices=["folder", "S3"])
    args = parser.parse_args()
    stock = [str(setup_stores.python()), "-m", "mlflow"]
    print(f"Load of the machine before: {os.getloadavg()[0]:.1f}, on {os.cpu_count()} CPUs.\n")
    row("storage", "", "by", "seen by the client", "CPU, s", "memory grows by")
    row(*["---"] * 6)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        s3 = components.start_s3(folder / "s3")
        try:
            if args.mib:
                alone(args, folder, s3)
            if args.only != "S3":
                on_servers(args, stock, folder, "folder", None, {}, None)
            if args.only != "folder":
                on_servers(args, stock, folder, "S3", s3.location, s3.environment, s3.folder / "buckets" / components.BUCKET)
        finally:
            s3.stop()


if __name__ == "__main__":
    main()
