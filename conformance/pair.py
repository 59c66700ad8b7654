"""Two servers side by side that get the same requests, each with its own ids filled in."""

import concurrent.futures
import copy
import http.client
import json
import re
import time
import urllib.parse

from answers import Names, Normal, compare
from replay import Answer, fill, lookup, query_pairs

SYMBOL = re.compile(r"\$\{((?:exp|run|model|data|schema|queue|issue|hook|token)\d+)\}|((?:model|renamed) name\d+ )(?=\$\{nonce\})")
URL_SAFE = "/%:$&'()*+,;=@!~[]"
IDLE_SECONDS = 2  # Servers close connections that were quiet for some seconds.


class Connection:
    """A keep-alive connection to one server."""

    def __init__(self, base):
        url = urllib.parse.urlsplit(base)
        self.host, self.port, self.http, self.used = url.hostname, url.port, None, 0

    def send(self, method, target, headers, body):
        for attempt in (1, 2):
            fresh = self.http is None or time.monotonic() - self.used > IDLE_SECONDS
            if fresh:
                self.close()
                self.http = http.client.HTTPConnection(self.host, self.port, timeout=60)
            try:
                try:
                    self.http.request(method, target, body=body, headers=headers)
                except BrokenPipeError:
                    pass  # A server may answer before it has read everything. What it said can be read, as urllib3 does.
                response = self.http.getresponse()
                payload = response.read()
                self.used = time.monotonic()
                return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, payload)
            except OSError as error:
                self.close()
                if attempt == 2 or fresh and not isinstance(error, http.client.RemoteDisconnected):
                    return Answer(0, {}, f"no answer: {error!r}".encode())
            except http.client.HTTPException as error:
                self.close()
                return Answer(0, {}, f"no answer: {error!r}".encode())

    def close(self):
        if self.http:
            self.http.close()
        self.http = None


def encode(step, values):
    """The request line, headers and bytes of a step for one server."""
    target = urllib.parse.quote(fill(step.path, values), safe=URL_SAFE)
    pairs = [(key, str(value).lower() if isinstance(value, bool) else value) for key, value in query_pairs(fill(step.query, values))]
    if pairs:
        target += "?" + urllib.parse.urlencode(pairs, errors="surrogatepass")
    body, headers = None, {}
    if step.text is not None:
        body = fill(step.text, values).encode("utf-8", "surrogatepass")
    elif step.body is not None:
        body, headers = json.dumps(fill(step.body, values)).encode(), {"Content-Type": "application/json"}
    headers.update(step.headers)
    return target, {key: value for key, value in headers.items() if value is not None}, body


class Pair:
    def __init__(self, reference, candidate):
        self.servers = [reference, candidate]
        self.connections = [Connection(server.base) for server in self.servers]
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.epochs, self.sent = 0, 0
        self.shifted = False  # Something exists on one server only: ids of experiments drift apart, wide searches differ.
        self.webhooks_differ = False  # As above, of webhooks, which every list shows.
        self.begin()

    def begin(self):
        """Forgets all ids; names made from here on are new."""
        self.epochs += 1
        self.names = []
        for server in self.servers:
            names = Names(server.folder.name, urllib.parse.urlsplit(server.base).port)
            names.values["nonce"] = f"q{self.epochs:05}"
            self.names.append(names)

    def exchange(self, step):
        """The answers of both servers, which work at the same time."""
        (first, one), (second, other) = zip(self.connections, [(step.method, *encode(step, names.values)) for names in self.names])
        waiting = self.pool.submit(first.send, *one)
        answer = second.send(*other)
        return [waiting.result(), answer]

    def send(self, step):
        """The two normal answers. Symbols are bound as far as the answers have what the step captures."""
        self.sent += 1
        answers = self.exchange(step)
        for answer, names in zip(answers, self.names):
            for symbol, where in step.capture.items():
                value = lookup(answer, where)
                if value is not None:
                    names.bind(symbol, value)
        self.shifted |= self.one_has(step, ("exp", "issue"))
        self.webhooks_differ |= self.one_has(step, "hook")
        return [Normal(answer, names, step.unordered) for answer, names in zip(answers, [self.names[0], self.names[-1]])]

    def know(self, names, exact):
        """Takes over what another pair knows of the same things; `exact`: their times and names are equal, too."""
        for own in self.names:
            own.values, own.symbols, own.experiments, own.exact = dict(names.values), dict(names.symbols), dict(names.experiments), exact

    def has(self, symbol):
        return all(symbol in names.values for names in self.names)

    def one_has(self, step, kinds):
        """Whether a step made something of these kinds on one server only."""
        made = [symbol in names.values for symbol in step.capture if symbol.startswith(kinds) for names in self.names]
        return len(set(made)) > 1

    def one_sided(self):
        """Symbols of things that exist on one server only."""
        first, second = (set(names.values) for names in (self.names[0], self.names[-1]))
        return {symbol for symbol in first ^ second if not symbol.startswith("token")}

    def close(self):
        self.pool.shutdown()
        for connection in self.connections:
            connection.close()


class Alone(Pair):
    """One server, agreeing with itself."""

    def __init__(self, server):
        self.servers, self.epochs, self.sent, self.shifted, self.webhooks_differ = [server], 0, 0, False, False
        self.connections = [Connection(server.base)]
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.begin()

    def exchange(self, step):
        answer = self.connections[0].send(step.method, *encode(step, self.names[0].values))
        return [answer, answer]


# -------------------------------------------------------------- minimising


def mentioned(*things):
    """The symbols in requests and answers, and the names of registered models, which have no ids."""
    plain = [thing.shown() if hasattr(thing, "shown") else thing for thing in things]
    return {symbol or name for symbol, name in SYMBOL.findall(json.dumps(plain, default=str))}


def with_creators(history, wanted, about=lambda step: False):
    """The steps that a caller wants, and those that give them their symbols, in order."""
    needed, kept = set(wanted), []
    for step in reversed(history):
        if step.capture.keys() & needed or not step.reads and about(step):
            kept.append(step)
            needed |= mentioned(step)
    return kept[::-1]


def candidates(history, last, want, got):
    """Sequences that may lead to the same answer to the last step, the shorter ones first."""
    yield []
    yield with_creators(history, mentioned(last))
    things = mentioned(last, want.body, got.body)
    names = {name for name in things if " " in name}
    inner = {symbol for symbol in things if not symbol.startswith("exp")} or things
    yield with_creators(history, mentioned(last), lambda step: "create" in step.path and mentioned(step) & names)
    yield with_creators(history, things, lambda step: mentioned(step) & inner)
    yield with_creators(history, things, lambda step: mentioned(step) & things)
    yield with_creators(history, things, lambda step: True)


class Minimiser:
    """Drops steps, then parts of bodies, for as long as the same kind of difference is seen."""

    def __init__(self, pair, kind_of, requests=800):
        self.pair, self.kind_of, self.left = pair, kind_of, requests
        self.seen = None  # The two answers to the last step of the shortest sequence, and their differences.

    def reproduces(self, steps, kind):
        if self.left <= 0:
            return False
        self.left -= len(steps)
        self.pair.begin()
        for step in steps[:-1]:
            self.pair.send(step)
        last = steps[-1]
        if not all(self.pair.has(symbol) for symbol in mentioned({**last.shown(), "capture": {}}) if " " not in symbol):
            return False
        want, got = self.pair.send(last)
        found = compare(want, got)
        if not found or self.kind_of(last, want, got, found) != kind:
            return False
        self.seen = want, got, found
        return True

    def run(self, history, last, want, got, kind):
        """The shortest sequence found, or None if the difference is not seen again on its own."""
        names = self.pair.names
        try:
            for earlier in candidates(history, last, want, got):
                if self.reproduces([*earlier, last], kind):
                    steps = self.shrink_bodies(self.shrink([*earlier, last], kind), kind)
                    return self.shrink(steps, kind)
            return None
        finally:
            self.pair.names = names

    def shrink(self, steps, kind):
        size = max(1, (len(steps) - 1) // 2)
        while True:
            at = 0
            while at < len(steps) - 1:
                fewer = steps[:at] + steps[min(at + size, len(steps) - 1):]
                if self.reproduces(fewer, kind):
                    steps = fewer
                else:
                    at += size
            if size == 1 or self.left <= 0:
                return steps
            size = max(1, size // 2)

    def shrink_bodies(self, steps, kind):
        for index in range(len(steps) - 1, -1, -1):
            source = "query" if steps[index].query else "body"
            if not isinstance(getattr(steps[index], source), dict) or steps[index].area == "malformed":
                continue
            for field, value in list(getattr(steps[index], source).items()):
                for smaller in [None, *([[one] for one in value] if isinstance(value, list) and len(value) > 1 else [])]:
                    step = copy.copy(steps[index])
                    body = dict(getattr(step, source))
                    body.pop(field, None) if smaller is None else body.update({field: smaller})
                    setattr(step, source, body)
                    fewer = [*steps[:index], step, *steps[index + 1:]]
                    if self.reproduces(fewer, kind):
                        steps = fewer
                        break
        return steps
