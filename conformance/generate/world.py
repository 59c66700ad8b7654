"""What the generator believes to exist on the servers, so that most requests hit something real.

Ids differ between two servers, so a request names things by symbols, `${run3}`, that are filled in for each
server with the id that this server gave. Names contain `${nonce}`: the same steps can then be sent to the same
servers again, as often as it takes to find the few that matter.
"""

import dataclasses
import typing

from . import values

API = "/api/2.0/mlflow/"
AJAX = "/ajax-api/2.0/mlflow/"


@dataclasses.dataclass
class Step:
    """One request. `capture` binds symbols to places in the answer; `then` updates the world after a success."""

    area: str
    method: str
    path: str
    query: dict = dataclasses.field(default_factory=dict)
    body: typing.Any = None
    text: str | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    capture: dict = dataclasses.field(default_factory=dict)
    then: typing.Callable | None = None
    # What is odd about the request ("wrong-type", ...): lets documented differences be narrow.
    traits: set = dataclasses.field(default_factory=set)
    # The order of the answer's list depends on random ids.
    unordered: bool = False
    reads: bool = False

    def shown(self):
        """The request in the format of the scenarios."""
        step = {"request": f"{self.method} {self.path}"}
        for field in ("query", "body", "text", "headers", "capture"):
            value = getattr(self, field)
            if value not in (None, {}) or (field == "body" and value == {}):
                step[field] = value
        return step


@dataclasses.dataclass
class Experiment:
    id: str
    name: str
    active: bool = True
    location: str = ""

    def is_elsewhere(self):
        """Whether its artifacts are on a storage that both servers would look for, in vain and for a minute."""
        return self.location.partition(":")[0] in ("s3", "gs", "wasbs", "abfss", "r2", "http")


@dataclasses.dataclass
class Run:
    id: str
    experiment: Experiment
    active: bool = True
    params: dict = dataclasses.field(default_factory=dict)
    metrics: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class LoggedModel:
    id: str
    experiment: Experiment
    params: set = dataclasses.field(default_factory=set)
    active: bool = True


@dataclasses.dataclass
class RegisteredModel:
    name: str
    versions: int = 0
    aliases: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass(eq=False)
class Resource:
    id: str


class World:
    """One epoch: things of earlier epochs are forgotten, and never searched for."""

    def __init__(self, rng, nonce, registry):
        self.rng, self.nonce, self.registry = rng, nonce, registry
        self.counts = {}
        self.experiments, self.runs, self.models, self.registered, self.datasets = [], [], [], [], []
        self.schemas, self.queues, self.issues, self.hooks = [], [], [], []
        self.tokens = []  # Steps that page on, sent next.
        self.start_time = values.T0

    def symbol(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}{self.counts[kind]}"

    def next_time(self):
        """Start times are all different, so that no order falls back on random ids."""
        self.start_time += self.rng.randrange(1, 5000)
        return self.start_time

    def chance(self, probability):
        return self.rng.random() < probability

    # ------------------------------------------------------------ picking

    def experiment(self, dead=0.07):
        """An experiment's id; sometimes that of a deleted or an absent one."""
        if self.chance(dead):
            gone = [e.id for e in self.experiments if not e.active]
            return self.rng.choice(gone * 3 + values.BAD_EXPERIMENT_IDS)
        return self.rng.choice([e for e in self.experiments if e.active] or self.experiments).id

    def run(self, dead=0.07):
        """A run, and its id; the run is None if the id is that of no run."""
        if self.chance(dead):
            gone = [r for r in self.runs if not r.active]
            if gone and self.chance(0.7):
                run = self.rng.choice(gone)
                return run, run.id
            return None, self.rng.choice(values.BAD_RUN_IDS)
        active = [r for r in self.runs if r.active] or self.runs
        if not active:
            return None, self.rng.choice(values.BAD_RUN_IDS)
        run = self.rng.choice(active)
        return run, run.id

    def model(self, dead=0.07):
        if self.chance(dead) or not self.models:
            gone = [m for m in self.models if not m.active]
            if gone and self.chance(0.6):
                model = self.rng.choice(gone)
                return model, model.id
            return None, self.rng.choice(values.BAD_MODEL_IDS)
        model = self.rng.choice([m for m in self.models if m.active] or self.models)
        return model, model.id

    def registered_model(self, dead=0.07):
        if self.chance(dead) or not self.registered:
            return None, self.rng.choice(values.BAD_REGISTERED_NAMES)
        model = self.rng.choice(self.registered)
        return model, model.name

    def retire(self, symbols):
        """Forgets things whose state differs between the servers since a difference that was already reported."""
        texts = {"${%s}" % symbol for symbol in symbols}
        self.runs = [r for r in self.runs if r.id not in texts]
        self.models = [m for m in self.models if m.id not in texts]
        for known in (self.datasets, self.schemas, self.queues, self.issues, self.hooks):
            known[:] = [resource for resource in known if resource.id not in texts]
        self.registered = [m for m in self.registered if not any(text in m.name for text in texts)]
