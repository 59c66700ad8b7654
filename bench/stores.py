#!/usr/bin/env python3
"""A large artifact up and down through the proxy, onto a folder and onto S3, by Oxflow and by stock MLflow.

    python3 bench/stores.py --server target/release/oxflow [--mib 1024]

Needs what `make test-stores` installs. Prints a table: MiB/s as the client sees them, seconds of CPU of the server and
all its processes, and how much its memory grew at most.
"""

import argparse
import http.client
import os
import pathlib
import sys
import tempfile
import time

import servers

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "stores"), str(HERE.parent / "tests" / "e2e")]

import components  # noqa: E402 (needs the path above)
import setup_stores  # noqa: E402

PATH = "/api/2.0/mlflow-artifacts/artifacts/bench/large.bin"
MIB = 1 << 20


def up(port, mib):
    piece = os.urandom(MIB)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("PUT", PATH, (piece for _ in range(mib)), {"Content-Length": str(mib * MIB)})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    connection.close()


def down(port, mib):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", PATH)
    answer, got, buffer = connection.getresponse(), 0, bytearray(MIB)
    while count := answer.readinto(buffer):
        got += count
    assert got == mib * MIB, got
    connection.close()


def measure(server, mib):
    """Direction, MiB/s, seconds of CPU, MiB of memory."""
    for word, transfer in (("up", up), ("down", down)):
        used, began = server.cpu_seconds(), time.monotonic()
        with servers.PeakMemory(server) as memory:
            transfer(server.port, mib)
        yield word, mib / (time.monotonic() - began), server.cpu_seconds() - used, memory.growth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="the binary oxflow")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many counts")
    args = parser.parse_args()
    stock = [str(setup_stores.python()), "-m", "mlflow"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        s3 = components.start_s3(folder / "s3")
        print("| storage | | server | MiB/s | CPU, s | memory grows by |\n|---|---|---|---|---|---|")
        try:
            for storage, destination, environment in (("folder", None, {}), ("S3 (s3s-fs)", f"{s3.location}/bench", s3.environment)):
                for name, command in (("Oxflow", [os.path.abspath(args.server)]), ("stock MLflow", stock)):
                    with servers.Server(command, folder / f"{name}-{storage[:2]}", destination=destination,
                                        variables=environment) as server:
                        server.settle()
                        rounds = [list(measure(server, args.mib)) for _ in range(args.rounds)]
                    for results in zip(*rounds):
                        _, speed, used, grown = sorted(results, key=lambda result: result[1])[len(results) // 2]
                        print(f"| {storage} | {results[0][0]} | {name} | {speed:,.0f} | {used:.1f} | {grown:,.0f} MiB |", flush=True)
        finally:
            s3.stop()


if __name__ == "__main__":
    main()
