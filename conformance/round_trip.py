#!/usr/bin/env python3
"""Proves that stock MLflow and Oxflow can take over each other's database.

    round_trip.py --oxflow target/release/oxflow --mlflow .venvs/mlflow-3.17.2/bin/mlflow

For each direction one server alone works through a random sequence of requests (see differential.py) and stops. Its
folder is copied, both servers are started on a copy each, and everything is read from both: every run, experiment,
model, version and metric history, and random searches in random orders. Here nothing may differ, neither ids nor
times nor the order of what is equal in the order asked for. Then both go on with the same random requests, so that
each also writes into what the other one wrote. Standard library only.
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile

import differential
from differential import HERE, Rules, Sequence, command
from generate import models, registry, resources, reviews, searching, webhooks
from generate.world import AJAX, API, Step
from pair import Alone, Pair
from replay import StartedServer

WRITERS = ["experiments", "runs", "history", "datasets", "models", "artifacts", "registry", "resources", "reviews", "webhooks"]
OPTIONS = ["--backend-store-uri", "sqlite:///{0}/mlflow.db", "--artifacts-destination", "{0}/artifacts"]


def serve(words, folder):
    options = [option.format(folder) for option in OPTIONS] + (["--workers", "1"] if "mlflow" in words.split()[0] else [])
    return StartedServer(command(words), {"server": {"options": options, "env": differential.ENVIRONMENT}})


def reads(world, searches):
    """Everything that there is, one by one, and searches."""
    for experiment in world.experiments:
        yield Step("experiments", "GET", API + "experiments/get", {"experiment_id": experiment.id})
        yield Step("experiments", "GET", API + "experiments/get-by-name", {"experiment_name": experiment.name})
        yield Step("resources", "GET", resources.SCORERS + "list", {"experiment_id": experiment.id})
        for path in (reviews.SCHEMAS, reviews.QUEUES):
            yield Step("reviews", "GET", path + "list", {"experiment_id": experiment.id})
        yield Step("reviews", "POST", reviews.ISSUES + "/search", body={"experiment_id": experiment.id})
    for run in world.runs:
        yield Step("runs", "GET", API + "runs/get", {"run_id": run.id})
        if not run.experiment.is_elsewhere():
            yield Step("artifacts", "GET", API + "artifacts/list", {"run_id": run.id})
        for key in sorted(run.metrics):
            yield Step("history", "GET", API + "metrics/get-history", {"run_id": run.id, "metric_key": key})
            yield Step("history", "GET", AJAX + "metrics/get-history-bulk-interval",
                       {"run_ids": [run.id], "metric_key": key, "max_results": 3})
    for model in world.models:
        yield Step("models", "GET", models.at(model.id), {"allow_deleted": "true"})
    for model in world.registered:
        yield Step("registry", "GET", registry.MODELS + "get", {"name": model.name})
        for version in range(1, model.versions + 1):
            yield Step("registry", "GET", registry.VERSIONS + "get", {"name": model.name, "version": str(version)})
    for dataset in world.datasets:
        for tail in ("", "/records", "/experiment-ids"):
            yield Step("resources", "GET", resources.DATASETS + dataset.id + tail)
    for hook in world.hooks:
        yield Step("webhooks", "GET", f"{webhooks.WEBHOOKS}/{hook.id}")
    yield Step("webhooks", "GET", webhooks.WEBHOOKS, {"max_results": 1000})
    everything = [experiment.id for experiment in world.experiments]
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        yield Step("runs", "POST", API + "runs/search", body={"experiment_ids": everything, "run_view_type": view})
        yield Step("experiments", "POST", API + "experiments/search", body={"max_results": 1000, "view_type": view})
    yield Step("datasets", "POST", AJAX + "experiments/search-datasets", body={"experiment_ids": everything[:20]})
    yield Step("models", "POST", API + "logged-models/search", body={"experiment_ids": everything, "max_results": 1000})
    generators = [searching.search_runs] * 4 + [searching.search_experiments, models.search_models]
    if world.registry:
        generators += [registry.search_registered_models, registry.search_versions]
    for _ in range(searches):
        yield world.rng.choice(generators)(world)


class Reading(Sequence):
    """Compares without regard to documented differences of writing: what was stored is the same."""

    def __init__(self, pair, written, rules):
        self.written, self.known, self.exact = written.world, written.pair.names[0], True
        super().__init__(pair, written.seed, written.areas, rules, minimise=False, epoch=10**9)

    def begin(self):
        self.world, self.history, self.age, self.stale = self.written, [], 0, False
        self.tainted = getattr(self, "tainted", set())  # There is no new beginning here.
        self.world.tokens.clear()
        self.pair.know(self.known, self.exact)

    def read_all(self, searches):
        for step in reads(self.world, searches):
            self.send(step)
            while self.world.tokens:
                symbol, follow = self.world.tokens.pop()
                if self.pair.has(symbol):
                    self.send(follow)

    def send(self, step):
        step.reads, step.unordered = True, step.path.endswith("search-datasets")
        self.perform(step)

    def go_on(self, requests):
        """Writes the same on both, at times of their own."""
        self.exact = False
        self.begin()
        self.run(self.number + requests)


def write(words, folder, seed, requests):
    with serve(words, folder) as server:
        alone = Alone(server)
        areas = [area for area in WRITERS if area != "registry" or not lacks_registry(alone)]
        sequence = Sequence(alone, seed, areas, Rules(None), minimise=False, epoch=10**9)
        sequence.run(requests)
        for experiment in sequence.world.experiments:  # The question that is always there is made when somebody looks.
            alone.send(Step("reviews", "GET", reviews.SCHEMAS + "list", {"experiment_id": experiment.id}))
        alone.close()
    return sequence


def lacks_registry(pair):
    return b"ENDPOINT_NOT_FOUND" in pair.connections[-1].send(*differential.REGISTRY_PROBE).payload


def compare_copies(written, folder, options, rules):
    copies = [folder + "-mlflow", folder + "-oxflow"]
    for copy in copies:
        shutil.copytree(folder, copy)
    with serve(options.mlflow, copies[0]) as reference, serve(options.oxflow, copies[1]) as candidate:
        pair = Pair(reference, candidate)
        if "registry" in written.areas and lacks_registry(pair):
            written.areas.remove("registry")
            written.world.registry, written.world.registered = False, []
        reading = Reading(pair, written, rules)
        reading.tolerant = options.tolerate_wording
        reading.read_all(options.searches)
        read = reading.number
        reading.go_on(options.requests // 4)
        pair.close()
    return reading, read


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oxflow", default="target/release/oxflow", metavar="COMMAND")
    parser.add_argument("--mlflow", default="mlflow", metavar="COMMAND", help="stock MLflow 3.17.2")
    parser.add_argument("--requests", type=int, default=1000, metavar="N", help="written before the hand-over")
    parser.add_argument("--searches", type=int, default=400, metavar="N", help="random searches after it")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--tolerate-wording", action="store_true", help="print differences in messages alone, but do not fail")
    parser.add_argument("--allow", metavar="FILE", default=HERE / "differences-random.json", help="documented differences")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # Leaves the blocks below, which stop the servers.
    print(f"seed {options.seed}", flush=True)
    rules = Rules(options.allow if pathlib.Path(options.allow).exists() else None)
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory(prefix="round-trip-") as top:
        for writer, words in (("mlflow", options.mlflow), ("oxflow", options.oxflow)):
            folder = os.path.join(top, writer)
            os.mkdir(folder)
            written = write(words, folder, options.seed, options.requests)
            reading, read = compare_copies(written, folder, options, rules)
            print(f"written by {writer}: {written.number} requests; {read} answers read from both, {reading.number - read} more "
                  f"requests sent to both; {reading.failed} differ, {reading.worded} in wording, {reading.allowed} documented, "
                  f"{reading.follow_ups} follow-ups", flush=True)
            passed += reading.passed + reading.allowed
            failed += reading.failed
    if failed:
        print(f"to see it again: python3 {sys.argv[0]} --oxflow {options.oxflow} --mlflow {options.mlflow} --seed {options.seed} "
              f"--requests {options.requests} --searches {options.searches}")
    print(f"round trip: {passed} passed, {failed} failed, seed {options.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
