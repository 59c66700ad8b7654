"""Scalars to build requests from: ordinary ones, and those at and over the edges."""

T0 = 1_700_000_000_000

BAD_EXPERIMENT_IDS = ["99999", "abc", "-1", "1.0", "0x1", "9223372036854775807"]
BAD_RUN_IDS = ["0" * 32, "nope", "../x", "a b", "${x*300}", "ABCDEF" * 5]
BAD_MODEL_IDS = ["m-" + "0" * 32, "nope", "m-x"]
BAD_REGISTERED_NAMES = ["no-such-model", "a/b", "a:b", " ", "../x"]

METRIC_KEYS = ["acc", "loss", "val/loss", "val-loss", "f1 score", "m.dot", "_x", "ünï", "1st", "a:b", "type", "Acc"]
PARAM_KEYS = ["lr", "optimizer", "batch-size", "layer 1", "p.q", "p/q", "µ", "type", "LR", "1a", "order"]
TAG_KEYS = ["team", "stage", "release-note", "t.u", "t/u", "two words", "тег", "date", "mlflow.note.content",
            "mlflow.user", "Team"]
EDGE_KEYS = ["a//b", "./a", "../a", "/a", "a/", ".", "..", "..foo", "a/../b", "a/./b", " ", "  a", "a ", "a,b", "a\nb",
             "a\n", "a\tb", "a\\b", "%41", "日本語", "😀", "a'b", 'a"b', "a`b", "a=b", "a;b", "é\u0301", "a\u0000b",
             "a\u200bb", "½", "²", "٣", "ª", "_", "-", ":", "//", "a" + "/b" * 20, "CON", "a*b", "a?b", "(a)", "[a]", "{a}",
             "<a>", "a&b", "a|b", "$a", "#a", "@a", "~a", "!a", "a\u00a0b", "a\u2028", "\u0e33", "\u094d"]
LENGTH_KEYS = ["${k*249}", "${k*250}", "${k*251}", "${é*250}", "${é*251}", "${日*250}", "${日*251}", "${k*500}"]

PARAM_VALUES = ["0.1", "0.01", "1e-4", "adam", "Adam", "sgd", "a%b", "a_b", "it's", 'say "hi"', "back\\slash", "", " ",
                "ž", "日本", "true", "None", "10", "9", "a b c", "line\nbreak", "tab\t", "`tick`", "x;y", "--", "/* */",
                "😀", "100%", "null"]
TAG_VALUES = PARAM_VALUES + ["blue", "green", "Blue", "prod"]
USERS = ["", "alice", "bob", "Ünal", "a b"]
STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
RUN_NAMES = ["first", "Second", "third run", "ünï-run", "it's", 'q"q', "100%", "a_b", "bold", "x.y", "1", " ", "😀"]

METRIC_VALUES = [0, 1, -1, 0.5, 0.25, -0.5, 1e-3, 3.14159, 0.1, 0.30000000000000004, 100, 1e5, 2.5e-10, 1.5, 99.9]
EDGE_METRIC_VALUES = [-0.0, 1e308, -1e308, 1.7976931348623157e308, 5e-324, 1e-320, 2**53 + 1, 2**63, 10**25, 1e16, 1e15,
                      123456789012345680.0, 1e22, 1e21, 1e-5, 1e-7, 0.0001, "NaN", "Infinity", "-Infinity", "1.5",
                      "1e5", "-2", 1.0e17, 12345678.9]
ODD_METRIC_VALUES = ["inf", "-inf", "nan", "abc", "", " 1.5", "0x10", True, False, [], {}, [1], "1_000", 10**400, "1e400",
                     1e400, float("nan"), "+1", "٣"]
STEPS = [0, 1, 2, 3, 5, 10, 100]
EDGE_STEPS = [-1, -100, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), "7", "-3", 2.0, 1e3]
ODD_INTEGERS = [2.5, 2**63, -(2**63) - 1, "abc", "", "1.5", "1.0", "1e3", True, [], {}, " 5", "+5", "0x5", 1e20, "5 "]


def key(rng, pool, edge=0.06):
    """A key of the pool, now and then one at the edges of what names may be."""
    if rng.random() < edge:
        return rng.choice(EDGE_KEYS if rng.random() < 0.75 else LENGTH_KEYS)
    return rng.choice(pool)


def text(rng, pool, limit, edge=0.06):
    """A value of the pool, now and then one of about `limit` characters."""
    if rng.random() < edge:
        letter = rng.choice("vé日")
        return "${%s*%d}" % (letter, limit + rng.choice([-1, 0, 1, 50]))
    return rng.choice(pool)


def metric_value(rng, edge=0.12):
    if rng.random() < edge:
        return rng.choice(EDGE_METRIC_VALUES)
    return rng.choice(METRIC_VALUES) if rng.random() < 0.7 else round(rng.uniform(-10, 10), rng.randrange(6))


def step(rng, edge=0.06):
    return rng.choice(EDGE_STEPS) if rng.random() < edge else rng.choice(STEPS)


def timestamp(rng):
    return T0 + rng.randrange(20) if rng.random() < 0.93 else rng.choice([0, 1, "12", 2**62, -1, 5.0])
