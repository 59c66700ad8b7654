#!/usr/bin/env python3
"""Replays the conformance scenarios against a tracking server and compares every answer.

    replay.py --server mlflow                           start one fresh server per scenario
    replay.py --server target/debug/oxflow --allow conformance/differences.json
    replay.py --base http://127.0.0.1:5000 core         replay one scenario against a fresh, running server

A scenario is a list of requests that build on each other, so it is replayed from its first step on a
server with an empty database. README.md describes the format. Standard library only.
"""

import argparse
import base64
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = HERE / "scenarios"

# What a placeholder inside an expected text stands for.
PATTERNS = {
    "any": r"[\s\S]*",
    "ms": r"(?:1[6-9]|20)\d{11}",
    "iso": r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    "hex32": r"[0-9a-f]{32}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "random-name": r"[a-z]+-[a-z]+-\d{1,4}",
    "token": r"[\w+/=-]+",
    "etag": r'[^"]+',
}
PLACEHOLDER = re.compile("<(%s)>" % "|".join(PATTERNS))
VARIABLE = re.compile(r"\$\{(\w+)\}")
REPEAT = re.compile(r"\$\{(.+?)\*(\d+)\}")
STARTUP_SECONDS = 90
# The job runner of the reference migrates the database at the same time as the server, and one of them fails.
REFERENCE_ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


# ---------------------------------------------------------------- requests


class Server:
    """One HTTP endpoint. Every request uses its own connection, so that no step can disturb the next."""

    def __init__(self, base):
        url = urllib.parse.urlsplit(base)
        self.host, self.port, self.prefix = url.hostname, url.port, url.path.rstrip("/")
        self.answered_at = 0

    def send(self, method, path, query, headers, body):
        # Searches order by times in milliseconds. A fast server puts two writes into one of them, where their order is
        # another one than the recorded: every request begins in a later millisecond than the last answer came in.
        while milliseconds() <= self.answered_at:
            time.sleep(0.0001)
        answer = self.exchange(method, path, query, headers, body)
        self.answered_at = milliseconds()
        return answer

    def exchange(self, method, path, query, headers, body):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        target = self.prefix + path + ("?" + urllib.parse.urlencode(query) if query else "")
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        payload = response.read()
        answered = {}
        for key, value in response.getheaders():
            key = key.lower()
            answered[key] = f"{answered[key]}, {value}" if key in answered else value
        connection.close()
        return Answer(response.status, answered, payload)


def milliseconds():
    return time.time_ns() // 1_000_000


class Answer:
    def __init__(self, status, headers, payload):
        self.status, self.headers, self.payload = status, headers, payload

    def is_json(self):
        return self.headers.get("content-type", "").split(";")[0] == "application/json"

    def json(self):
        return json.loads(self.payload)

    def text(self):
        return self.payload.decode("utf-8", "replace")

    def __str__(self):
        return f"{self.status} {self.headers.get('content-type', '(no content type)')} {shorten(self.text())}"


def fill(value, variables):
    """Replaces `${name}` by its value and `${x*3}` by `xxx`, at any depth.

    `{"repeat": 3, "item": ...}` is a list of three items, numbered by `${n}` from 0.
    """
    if isinstance(value, str):
        whole = VARIABLE.fullmatch(value)
        if whole and whole[1] in variables:
            return fill(variables[whole[1]], variables)  # A named value may itself refer to captured ones.
        value = REPEAT.sub(lambda m: m[1] * int(m[2]), value)
        return VARIABLE.sub(lambda m: str(variables.get(m[1], m[0])), value)
    if isinstance(value, list):
        return [fill(item, variables) for item in value]
    if isinstance(value, dict) and value.keys() == {"repeat", "item"}:
        return [fill(value["item"], {**variables, "n": n}) for n in range(value["repeat"])]
    if isinstance(value, dict):
        return {fill(key, variables): fill(item, variables) for key, item in value.items()}
    return value


def query_pairs(query):
    return [(key, one) for key, many in query.items() for one in (many if isinstance(many, list) else [many])]


def request_body(step, variables):
    """The bytes to send, and the content type that comes with them unless the step names one."""
    if "body" in step:
        return json.dumps(fill(step["body"], variables)).encode(), "application/json"
    if "text" in step:
        return fill(step["text"], variables).encode(), None
    if "base64" in step:
        return base64.b64decode(step["base64"]), None
    return None, None


def perform(server, step, variables):
    method, path = step["request"].split(" ", 1)
    body, content_type = request_body(step, variables)
    headers = dict(fill(step.get("headers", {}), variables))
    if content_type and "Content-Type" not in headers:
        headers["Content-Type"] = content_type
    query = query_pairs(fill(step.get("query", {}), variables))
    answer = server.send(method, fill(path, variables), query, headers, body)
    for name, place in step.get("capture", {}).items():
        captured = lookup(answer, place)
        if captured is not None:
            variables[name] = captured
    return answer


def lookup(answer, place):
    """The value at a dotted path of a JSON answer, or None: the comparison then says what is missing."""
    try:
        value = answer.json()
        for key in place.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value
    except (ValueError, KeyError, IndexError, TypeError):
        return None


# -------------------------------------------------------------- comparison


def differences(expected, answer, variables, every_answer=None):
    """What is wrong with an answer, one line each; an empty list means that it is as expected."""
    found = []
    if answer.status != expected["status"]:
        found.append(f"status: expected {expected['status']}, got {answer.status}")
    headers = {**(every_answer or {}), **expected.get("headers", {})}
    for name, value in fill(headers, variables).items():
        found += compare(value, answer.headers.get(name), f"header {name}")
    if "error_code" in expected:
        got = lookup(answer, "error_code")
        if got != expected["error_code"]:
            found.append(f"error_code: expected {expected['error_code']}, got {got}")
    if "text" in expected:
        found += compare(fill(expected["text"], variables), answer.text(), "text")
    if "base64" in expected and base64.b64decode(expected["base64"]) != answer.payload:
        found.append("bytes differ")
    if "body" in expected:
        found += compare_json(expected, answer, variables)
    return found


def compare_json(expected, answer, variables):
    if not answer.is_json():
        return [f"body: expected JSON, got content type {answer.headers.get('content-type')}"]
    try:
        got = answer.json()
    except ValueError as error:
        return [f"body: not JSON ({error})"]
    want = fill(expected["body"], variables)
    for place in expected.get("unordered", []):
        sort_at(want, place.split("."))
        sort_at(got, place.split("."))
    return compare(want, got, "body")


def sort_at(value, path):
    """Sorts the list at a path, for answers whose order is not promised."""
    for key in path[:-1]:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    if isinstance(value, dict) and isinstance(value.get(path[-1]), list):
        value[path[-1]].sort(key=lambda item: json.dumps(item, sort_keys=True))


def compare(want, got, where):
    if isinstance(want, dict) and isinstance(got, dict):
        missing = [f"{where}.{key}: missing, expected {shorten(want[key])}" for key in want if key not in got]
        extra = [f"{where}.{key}: not expected, got {shorten(got[key])}" for key in got if key not in want]
        inner = [line for key in want if key in got for line in compare(want[key], got[key], f"{where}.{key}")]
        return missing + extra + inner
    if isinstance(want, list) and isinstance(got, list):
        count = [f"{where}: expected {len(want)} items, got {len(got)}: {shorten(got)}"]
        inner = [line for i, pair in enumerate(zip(want, got)) for line in compare(*pair, f"{where}[{i}]")]
        return (count if len(want) != len(got) else []) + inner
    if same(want, got):
        return []
    return [f"{where}: expected {shorten(want)}\n{' ' * len(where)}       got {shorten(got)}"]


def same(want, got):
    if want == "<ms>" and is_integer(got):
        return re.fullmatch(PATTERNS["ms"], str(got)) is not None
    if want in ("<any>", "<optional>"):
        return got is not None or want == "<optional>"
    if isinstance(want, str) and isinstance(got, str):
        return want == got or (PLACEHOLDER.search(want) is not None and matches(want, got))
    if is_integer(want):
        return is_integer(got) and want == got  # Clients with typed integers refuse `1.0`.
    if isinstance(want, float):
        return isinstance(got, (int, float)) and not isinstance(got, bool) and float(got) == want
    return type(want) is type(got) and want == got


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def matches(pattern, text):
    parts = PLACEHOLDER.split(pattern)  # Literal, placeholder name, literal, ...
    regex = "".join(PATTERNS[part] if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return re.fullmatch(regex, text) is not None


def shorten(value, limit=400):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


# ---------------------------------------------------------------- replay


class Report:
    def __init__(self):
        self.passed, self.failed, self.skipped, self.lines = 0, 0, 0, []

    def fail(self, step, answer, found):
        self.failed += 1
        sent = {key: step[key] for key in ("query", "body", "text") if key in step}
        self.lines.append(f"FAIL {step['id']}: {step['request']} {shorten(sent) if sent else ''}")
        self.lines += [f"     {line}" for text in found[:8] for line in text.split("\n")]
        if len(found) > 8:
            self.lines.append(f"     and {len(found) - 8} more differences")
        if answer is not None:
            self.lines.append(f"     answer: {answer}")

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.lines += other.lines


def replay(scenario, base, allowed, verbose=False):
    report, server, variables = Report(), Server(base), {"base": base.rstrip("/"), **scenario.get("values", {})}
    for step in scenario["steps"]:
        step = {**step, "id": f"{scenario['name']}/{step['name']}"}
        try:
            answer = perform(server, step, variables)
        except OSError as error:
            report.fail(step, None, [f"no answer: {error!r}"])
            continue
        expected = allowed.get(step["id"], step["expect"])
        not_yet = expected == "anything"
        found = differences(step["expect"] if not_yet else expected, answer, variables, scenario.get("every_answer"))
        if found and not_yet:
            report.skipped += 1
        elif found:
            report.fail(step, answer, found)
        else:
            report.passed += 1
            if verbose:
                report.lines.append(f"ok   {step['id']}")
    return report


def load(name):
    scenario = json.loads((SCENARIOS / f"{name}.json").read_text("utf-8"))
    names = [step["name"] for step in scenario["steps"]]
    twice = {one for one in names if names.count(one) > 1}
    if twice:
        raise SystemExit(f"scenario {name}: step names used twice: {sorted(twice)}")
    return {"name": name, **scenario}


def load_allowed(path):
    """What the server under test answers on purpose where it differs from the reference, by step."""
    if path is None:
        return {}
    known = [f"{scenario['name']}/{step['name']}" for scenario in map(load, all_names()) for step in scenario["steps"]]
    allowed = {}
    for entry in json.loads(pathlib.Path(path).read_text("utf-8")):
        for pattern in entry["steps"]:
            matched = [step for step in known if step == pattern or is_within(step, pattern)]
            if not matched or not allowed.keys().isdisjoint(matched):
                raise SystemExit(f"{path}: {'listed twice' if matched else 'no such step'}: {pattern}")
            allowed.update(dict.fromkeys(matched, entry["expect"]))
    return allowed


def is_within(step, pattern):
    """Whether a pattern such as `registry/*` or `tracking/logged-model-*` covers a step."""
    return pattern.endswith("*") and step.startswith(pattern[:-1])


def all_names():
    return sorted(path.stem for path in SCENARIOS.glob("*.json"))


# ---------------------------------------------------------------- servers


class StartedServer:
    """A server on fresh folders; stopped, and its folders removed, on exit."""

    def __init__(self, command, scenario):
        self.folder = tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True)
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        variables = {"dir": self.folder.name}
        options = fill(scenario["server"]["options"], variables)
        environment = fill(scenario["server"].get("env", {}), variables)
        self.health = self.base + scenario["server"].get("health", "/health")
        self.log = open(os.path.join(self.folder.name, "server.log"), "wb")
        self.process = subprocess.Popen(
            [*command, "server", "--host", "127.0.0.1", "--port", str(port), *options],
            env={**os.environ, **REFERENCE_ENVIRONMENT, **environment},
            cwd=self.folder.name, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)

    def __enter__(self):
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.answers():
                return self
            time.sleep(0.05)
        message = f"the server did not start:\n{self.tail()}"
        self.__exit__()
        raise RuntimeError(message)

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def answers(self):
        url = urllib.parse.urlsplit(self.health)
        try:
            return Server(self.base).send("GET", url.path, [], {}, None).status == 200
        except OSError:
            return False

    def tail(self):
        with open(self.log.name, errors="replace") as log:
            return "".join(log.readlines()[-15:])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def replay_on_fresh_server(command, scenario, allowed, verbose):
    if all(allowed.get(f"{scenario['name']}/{step['name']}") == "anything" for step in scenario["steps"]):
        report = Report()
        report.skipped = len(scenario["steps"])
        return report
    try:
        with StartedServer(command, scenario) as server:
            return replay(scenario, server.base, allowed, verbose)
    except RuntimeError as error:
        report = Report()
        report.failed = len(scenario["steps"])
        report.lines.append(f"FAIL {scenario['name']}: {error}")
        return report


# ------------------------------------------------------------- command line


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: all of them")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--server", metavar="COMMAND", help="start `COMMAND server ...` freshly for each scenario")
    target.add_argument("--base", metavar="URL", help="use this running server; its database must be empty")
    target.add_argument("--list", action="store_true", help="print the scenarios and the options they need")
    parser.add_argument("--allow", metavar="FILE", help="documented differences of the server under test")
    parser.add_argument("--jobs", type=int, default=2, help="scenarios replayed at the same time")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the steps that pass, too")
    return parser.parse_args()


def main():
    options = arguments()
    scenarios = [load(name) for name in options.scenarios or all_names()]
    if options.list:
        for scenario in scenarios:
            print(f"{scenario['name']}: {len(scenario['steps'])} steps; {' '.join(scenario['server']['options'])}")
        return 0
    if options.base and len(scenarios) != 1:
        raise SystemExit("--base takes exactly one scenario: each of them needs an empty database")
    allowed = load_allowed(options.allow)
    command = options.server and options.server.split()
    if command and os.sep in command[0]:
        command[0] = os.path.abspath(command[0])

    def run(scenario):
        if options.base:
            return replay(scenario, options.base, allowed, options.verbose)
        return replay_on_fresh_server(command, scenario, allowed, options.verbose)

    total = Report()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for scenario, report in zip(scenarios, pool.map(run, scenarios)):
            total.add(report)
            for line in report.lines:
                print(line)
            print(f"{scenario['name']}: {report.passed} passed, {report.failed} failed, {report.skipped} skipped",
                  flush=True)
    print(f"conformance: {total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
