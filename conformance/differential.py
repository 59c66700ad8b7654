#!/usr/bin/env python3
"""Sends the same random requests to stock MLflow and to Oxflow, and compares every answer.

    differential.py --oxflow target/release/oxflow --mlflow .venvs/mlflow-3.17.2/bin/mlflow
    differential.py ... --seed 7 --requests 10000 --only search --only history

The scenarios of replay.py hold what somebody thought of; this looks for what nobody did. Both servers start on
empty databases and get plausible sequences: things are created, changed, searched for and deleted, at the edges of
what is allowed and beyond, with some requests damaged (see generate/). Compared are status, error code, message and
body, after ids, times of now, generated names and orders that nobody promised were made equal (see answers.py).

Each kind of difference is printed once, as the shortest sequence of requests that still shows it, in the format of
the scenarios. A difference that is meant is listed in differences-random.json, with its reason. When an answer
differs, what the request was about may differ from then on: later differences about the same things are counted as
follow-ups and not reported, and after a difference in what others depend on the sequence begins anew.

The same seed makes the same requests. TMPDIR on a RAM disk makes it faster. Standard library only.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import signal
import sys
import time

from answers import compare
from generate import malformed, models, registry, resources, reviews, searching, tracking, webhooks
from generate.world import API, Step, World
from pair import Minimiser, Pair, mentioned
from replay import StartedServer, shorten

HERE = pathlib.Path(__file__).resolve().parent
AREAS = {  # Weight of the area, and its generators.
    "experiments": (8, tracking.EXPERIMENTS + searching.EXPERIMENT_SEARCH),
    "runs": (22, tracking.RUNS),
    "search": (26, searching.SEARCH),
    "history": (8, searching.HISTORY),
    "datasets": (4, models.DATASETS),
    "models": (10, models.MODELS),
    "artifacts": (6, models.ARTIFACTS),
    "registry": (16, registry.REGISTRY),
    "resources": (7, resources.RESOURCES),
    "reviews": (6, reviews.REVIEWS),
    "webhooks": (3, webhooks.HOOKS),
    "malformed": (12, None),
}
EPOCH = 400  # Requests until everything begins anew, so that the servers' databases do not outgrow the searches.
MOST_SHOWN = 15  # Steps of one sequence.
OPTIONS = ["--backend-store-uri", "sqlite:///${dir}/mlflow.db", "--artifacts-destination", "${dir}/artifacts"]
ENVIRONMENT = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # Webhooks tell a port of this machine where nobody listens; whoever opens the database reads their secrets.
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_WEBHOOK_REQUEST_TIMEOUT": "5",
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}
REGISTRY_PROBE = ("GET", "/api/2.0/mlflow/registered-models/search", {}, None)


class Rules:
    """The documented differences. A rule covers an answer if everything that it names fits."""

    def __init__(self, path):
        self.rules = json.loads(pathlib.Path(path).read_text("utf-8")) if path else []
        self.used = collections.Counter()

    def covers(self, step, want, got, found):
        """Whether each difference of an answer is documented."""
        reasons = [self.reason(step, want, got, *difference) for difference in found]
        self.used.update(set(reasons) - {None})
        return None not in reasons

    def reason(self, step, want, got, place, wanted, value):
        sent = json.dumps([step.query, step.body, step.text], ensure_ascii=False)
        for rule in self.rules:
            if (fits(rule.get("request"), f"{step.method} {step.path}") and fits(rule.get("sent"), sent)
                    and fits(rule.get("at"), place) and fits(rule.get("value"), str(value))
                    and fits(rule.get("want"), str(wanted)) and fits(rule.get("headers"), json.dumps(step.headers)) and step.traits >= set(rule.get("traits", ()))
                    and answer_fits(rule.get("mlflow", {}), want) and answer_fits(rule.get("oxflow", {}), got)
                    and not (rule.get("other_opening") and same_opening(want.message, got.message))):
                return rule["reason"]
        return None


def same_opening(one, other):
    """Whether two messages are about the same thing: then they should be the same."""
    return one[:14] == other[:14]


def fits(pattern, text):
    return pattern is None or re.search(pattern, text) is not None


def answer_fits(rule, answer):
    statuses = rule.get("status", answer.status)
    codes = rule.get("error_code", answer.error_code)
    return (answer.status in (statuses if isinstance(statuses, list) else [statuses])
            and answer.error_code in (codes if isinstance(codes, list) else [codes])
            and fits(rule.get("message"), answer.message))


def kind_of(step, want, got, found):
    """Differences of one kind are reported once."""
    path = re.sub(r"\$\{\w+\}|m-0+|nope", "*", step.path)
    if step.area == "artifacts":
        path = path.split("/artifacts/")[0]
    places = tuple(sorted({place for place, _, _ in found})[:2])
    sides = [(answer.status, answer.error_code, shape(answer.message)) for answer in (want, got)]
    return (step.method, path, places, *sides)


def shape(message):
    return re.sub(r"'[^']*'|\"[^\"]*\"|\(.*\)|[\d.]+|\$\{\w+\}", "_", message or "")[:40]


# ---------------------------------------------------------------- sequence


class Difference:
    def __init__(self, number, step, want, got, found):
        self.number, self.step, self.want, self.got, self.found = number, step, want, got, found
        self.count, self.steps, self.again = 1, None, True

    def lines(self, seed):
        title = f"DIFFERENCE in {self.step.area}, seed {seed}, request {self.number}"
        if self.step.traits:
            title += f" ({', '.join(sorted(self.step.traits))})"
        lines = ["", title]
        steps = self.steps or [self.step]
        if len(steps) > MOST_SHOWN:
            lines.append(f"  ({len(steps) - MOST_SHOWN} earlier steps)")
        for step in steps[-MOST_SHOWN:]:
            lines.append("  " + shorten(json.dumps(step.shown(), ensure_ascii=False), 1500))
        if not self.again:
            lines.append("  (not seen again on its own: it depends on more than the things that it names)")
        lines += [f"  mlflow: {self.want.short()}", f"  oxflow: {self.got.short()}"]
        lines += [f"  at {place}: {shorten(first, 300)} | {shorten(second, 300)}" for place, first, second in self.found[:4]
                  if place != "status"]
        return lines


class Sequence:
    def __init__(self, pair, seed, areas, rules, minimise, epoch=EPOCH):
        self.pair, self.rng, self.areas, self.rules, self.minimise = pair, random.Random(seed), areas, rules, minimise
        self.seed, self.epoch, self.tolerant = seed, epoch, False
        self.kinds = {}
        self.worded, self.lost = 0, 0
        self.drifted = False  # A request had an effect on one server only.
        self.passed, self.failed, self.allowed, self.follow_ups, self.number = 0, 0, 0, 0, 0
        self.statuses = collections.Counter()
        self.begin()

    def begin(self):
        """A new epoch, with enough in it to search for."""
        self.pair.begin()
        self.world = World(self.rng, self.pair.epochs, "registry" in self.areas)
        self.history, self.tainted, self.age, self.stale = [], set(), 0, False
        for _ in range(30):
            if len(self.world.experiments) < 3:
                self.perform(tracking.create_experiment(self.world))
        if not self.world.experiments:
            raise SystemExit("no server creates experiments any more")
        for _ in range(10):
            self.perform(tracking.create_run(self.world))
        for _ in range(12):
            self.perform(tracking.log_batch(self.world, edge=False))
        for _ in range(4 if {"models", "artifacts", "malformed", "search"} & set(self.areas) else 0):
            self.perform(models.create_model(self.world))
        for create in [registry.create_registered_model] * 3 + [registry.create_version] * 6 if self.world.registry else ():
            self.perform(create(self.world))
        self.stale = not self.world.experiments

    def next_step(self):
        world = self.world
        while world.tokens:
            symbol, step = world.tokens.pop()
            if self.pair.has(symbol):
                return step
        area = world.rng.choices(list(self.areas), [AREAS[area][0] for area in self.areas])[0]
        if area != "malformed":
            return self.draw(area)
        plain = [area for area in self.areas if area != "malformed"] or [a for a in AREAS if a not in ("malformed", "registry")]
        return malformed.damage(world, self.draw(world.rng.choices(plain, [AREAS[area][0] for area in plain])[0]))

    def draw(self, area):
        generators = AREAS[area][1]
        step = self.rng.choices([one for one, _ in generators], [weight for _, weight in generators])[0](self.world)
        if any(not model.active and model.id in str(step.shown()) for model in self.world.models):
            step.traits.add("deleted-model")
        return step

    def run(self, requests):
        start = time.monotonic()
        while self.number < requests:
            if self.age > self.epoch or self.stale:
                self.begin()
            self.perform(self.next_step())
        return time.monotonic() - start

    def perform(self, step):
        self.number += 1
        self.age += 1
        want, got = self.pair.send(step)
        self.statuses[f"{step.area} {want.status}"] += 1
        if want.status == 0:  # On a machine under load, MLflow may take longer than anybody waits.
            self.lost, self.stale = self.lost + 1, True
            return
        found = compare(want, got)
        if want.ok and got.ok:
            if step.then:
                step.then()
            self.rename(step, want)
        if not found:
            self.passed += 1
            if not step.reads or step.capture:
                self.history.append(step)
            return
        if self.rules.covers(step, want, got, found):
            self.allowed += 1
            self.taint(step, want, got)
        elif self.follows(step, want, got):
            self.follow_ups += 1
            self.tainted |= step.capture.keys()
        else:
            wording = self.tolerant and {place for place, _, _ in found} == {"body.message"}
            self.worded, self.failed = self.worded + wording, self.failed + (not wording)
            self.report(step, want, got, found)
            self.taint(step, want, got)

    def rename(self, step, answer):
        """Things with a generated name get another one or go, for searches by name differ between the servers."""
        if not isinstance(answer.body, dict) or not step.capture:
            return
        symbol = next(iter(step.capture))
        if answer.body.get("run", {}).get("info", {}).get("run_name") == "<random-name>":
            self.world.tokens.append((symbol, Step("runs", "POST", API + "runs/update", body={
                "run_id": "${%s}" % symbol, "run_name": "named later"})))
        if answer.body.get("model", {}).get("info", {}).get("name") == "<random-name>":
            self.world.tokens.append((symbol, Step("models", "DELETE", API + "logged-models/${%s}" % symbol)))
            for model in self.world.models:
                model.active = model.active and model.id != "${%s}" % symbol

    def follows(self, step, want, got):
        """Whether a difference is about something that already differed."""
        if self.pair.webhooks_differ and step.path.endswith("/webhooks"):
            return True
        if self.pair.shifted and step.path.endswith("search") and "LIKE '%${nonce}" not in str(step.shown()):
            return True  # What is found of earlier epochs has the ids of experiments in it.
        if step.path.endswith("/mlflow-artifacts/artifacts") and not str(step.query.get("path", "")).startswith("${nonce}"):
            return True  # The folder of everything that was ever stored.
        source = step.body if isinstance(step.body, dict) else step.query
        if self.tainted and step.path.endswith("search") and (source.get("max_results") or source.get("page_token")):
            return True  # A page may end elsewhere because of something that is not on it.
        text = json.dumps([step.shown(), want.body, got.body], ensure_ascii=False)
        if self.drifted and re.search(r'"experiment_id": "\d', text):
            return True  # An experiment of an earlier epoch, which one server may have changed.
        return bool(mentioned(text) & (self.tainted | self.pair.one_sided()))

    def taint(self, step, want, got):
        """After a write that only one server did, the things that it was about are no longer equal."""
        self.tainted |= step.capture.keys()
        if step.reads and "method" not in step.traits or not (want.ok or got.ok):
            return
        self.drifted |= want.ok != got.ok
        self.pair.webhooks_differ |= want.ok != got.ok and "/webhooks" in step.path
        symbols = mentioned({**step.shown(), "capture": {}})
        self.tainted |= symbols | set(step.capture)
        name = step.body.get("name") if isinstance(step.body, dict) else None
        if isinstance(name, str) and ("registered-models" in step.path or "model-versions" in step.path):
            self.world.registered = [model for model in self.world.registered if not mentioned(model.name) & symbols]
            self.stale |= want.ok != got.ok
            self.pair.shifted |= want.ok != got.ok
        self.world.retire(symbols)
        shared = any(symbol.startswith("exp") for symbol in symbols | set(step.capture)) or "log-inputs" in step.path
        if not step.reads and (shared or not symbols):
            self.stale |= want.ok != got.ok

    def report(self, step, want, got, found):
        kind = kind_of(step, want, got, found)
        if kind in self.kinds:
            self.kinds[kind].count += 1
            return
        difference = self.kinds[kind] = Difference(self.number, step, want, got, found)
        if self.minimise:
            minimiser = Minimiser(self.pair, kind_of)
            difference.steps = minimiser.run(self.history, step, want, got, kind)
            difference.again = difference.steps is not None
            if difference.again:
                difference.want, difference.got, difference.found = minimiser.seen
        print("\n".join(difference.lines(self.seed)), flush=True)


# ------------------------------------------------------------- command line


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oxflow", default="target/release/oxflow", metavar="COMMAND")
    parser.add_argument("--mlflow", default="mlflow", metavar="COMMAND", help="stock MLflow 3.17.2")
    parser.add_argument("--requests", type=int, default=2000, metavar="N")
    parser.add_argument("--piece", type=int, default=10_000, metavar="N", help="requests until fresh servers and the next seed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--tolerate-wording", action="store_true", help="print differences in messages alone, but do not fail")
    parser.add_argument("--only", action="append", choices=AREAS, metavar="AREA", help=f"one of {', '.join(AREAS)}; may be repeated")
    parser.add_argument("--allow", metavar="FILE", default=HERE / "differences-random.json", help="documented differences")
    parser.add_argument("--no-minimise", action="store_true", help="print the last request only")
    parser.add_argument("-v", "--verbose", action="store_true", help="count the answers by area and status, and the rules by use")
    return parser.parse_args()


def command(text):
    words = text.split()
    return [os.path.abspath(words[0]) if os.sep in words[0] else words[0], *words[1:]]


def start(words, options=()):
    return StartedServer(command(words), {"server": {"options": [*OPTIONS, *options], "env": ENVIRONMENT}})


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # Leaves the blocks below, which stop the servers.
    sequences = []
    for first in range(0, options.requests, options.piece):
        requests = min(options.piece, options.requests - first)
        sequences.append(one_piece(options, options.seed + len(sequences), requests))
    passed, failed, worded = (sum(counts) for counts in zip(*((s.passed + s.allowed, s.failed, s.worded) for s in sequences)))
    for sequence in sequences if failed + worded else ():
        if sequence.failed + sequence.worded:
            print(f"to see it again: {again(options, sequence)}")
    print(f"differential: {passed} passed, {failed} failed, {worded} differ in wording, seeds {sequences[0].seed} to {sequences[-1].seed}")
    return 1 if failed else 0


def again(options, sequence):
    words = [sys.argv[0], "--oxflow", options.oxflow, "--mlflow", options.mlflow, "--seed", str(sequence.seed), "--requests",
             str(min(options.piece, options.requests))]
    return " ".join(["python3", *words, *(word for area in options.only or () for word in ("--only", area))])


def one_piece(options, seed, requests):
    """Compares that many requests on fresh servers."""
    print(f"seed {seed}", flush=True)
    rules = Rules(options.allow if os.path.exists(options.allow) else None)
    with start(options.mlflow, ["--workers", "1"]) as reference, start(options.oxflow) as candidate:
        pair = Pair(reference, candidate)
        areas = options.only or list(AREAS)
        if "registry" in areas and b"ENDPOINT_NOT_FOUND" in pair.connections[1].send(*REGISTRY_PROBE).payload:
            print("registry: left out, not served")
            areas.remove("registry")
        if not areas:
            raise SystemExit("nothing is left to compare")
        sequence = Sequence(pair, seed, areas, rules, not options.no_minimise)
        sequence.tolerant = options.tolerate_wording
        seconds = sequence.run(requests)
        pair.close()
    report(sequence, options, seconds, pair.sent)
    return sequence


def report(sequence, options, seconds, sent):
    if len(sequence.kinds) < sequence.failed + sequence.worded:
        print("\nseen more than once: " + ", ".join(f"that of request {difference.number} {difference.count} times"
                                                  for difference in sequence.kinds.values() if difference.count > 1))
    if options.verbose:
        for name, count in sorted(sequence.statuses.items()):
            print(f"{count:6} {name}")
        for reason, count in sequence.rules.used.most_common():
            print(f"{count:6} allowed: {reason}")
    print(f"\nseed {sequence.seed}: {sequence.number} requests compared ({sent} sent) in {seconds:.0f} s; {len(sequence.kinds)} kinds "
          f"of differences, {sequence.allowed} documented, {sequence.follow_ups} follow-ups, {sequence.lost} unanswered by MLflow",
          flush=True)


if __name__ == "__main__":
    sys.exit(main())
