"""Search filters and order_by clauses: mostly meaningful ones, in every spelling, and broken ones."""

from . import values

NUMERIC = [">", ">=", "=", "!=", "<", "<="]
TEXTUAL = ["=", "!=", "LIKE", "ILIKE"]
ODD_OPERATORS = ["==", "<>", "NOT LIKE", "RLIKE", "IN", "NOT IN", "IS", "BETWEEN", "=>", "~", "is not", "!", "<=>", "LIKE NOT"]
KEYWORD_KEYS = ["user", "date", "order", "case", "select", "from", "version", "type", "end", "status", "null", "not", "and",
                "name", "key", "value", "desc", "in", "like", "count", "max", "true", "year", "timestamp", "interval"]
SOUP = ["metrics.acc", "params.lr", "tags.team", "=", ">", "!=", "'adam'", "1", "0.5", "AND", "and", "OR", "NOT", "(", ")",
        ",", "LIKE", "ILIKE", "IN", "IS", "NULL", "NOT NULL", "'", '"', "`", ";", "--", "/*", "*/", "#", "attributes.status",
        "status", "run_name", "name", "ASC", "DESC", "\n", "\t", ".", "*", "%", "-", "+", "1e5", "0x1", "@", "$1", ":x", "?",
        "BETWEEN", "BY", "ORDER BY", "SELECT", "CASE", "END", "[", "]", "{", "}", "\\", "''", "x", "é", "tags.", ".x", "::",
        "CREATE", "INSERT", "GROUP BY", "JOIN", "1.5.2", "a.b.c", "datasets.name", "==", "<>", "EXISTS", "null", "true"]


def spaced(w):
    return w.rng.choice([" "] * 12 + ["", "  ", "\n", "\t"])


def operator(w, pool, odd=0.03):
    chosen = w.rng.choice(ODD_OPERATORS) if w.chance(odd) else w.rng.choice(pool)
    return w.rng.choice([chosen.lower(), chosen.title()]) if w.chance(0.15) else chosen


def key_name(w, key):
    """A key bare if that could work, or in one of the quoting styles."""
    bare = all(c.isalnum() or c in "_." for c in key)
    roll = w.rng.random()
    if bare and roll < 0.6 or roll < 0.04:
        return key
    if roll < 0.85:
        return f"`{key}`" if "`" not in key else f'"{key}"'
    return f'"{key}"' if roll < 0.95 else f"'{key}'"


def quoted(w, value, odd=0.04):
    """A string literal; sometimes in the wrong quotes or none. Ids stay quoted: how `1e5f` is read depends on the id."""
    if w.chance(odd) and "${" not in value:
        return w.rng.choice([value, f"`{value}`", f"'{value}", f'{value}"', f"'{value}\"", f"''{value}''"])
    style = '"' if "'" in value and w.chance(0.9) or w.chance(0.25) else "'"
    return f"{style}{value}{style}"


def number(w):
    value = values.metric_value(w.rng, 0)
    style = w.rng.random()
    if style < 0.75:
        return str(value)
    return w.rng.choice([f"{value:.3e}", f"{value:f}", ".5", "1.", "-.5", "1e5", "1E5", "-1e-5", "1e+5", "+1", "0x10", "inf",
                         "nan", "'0.5'", '"1"', "1_000", "--1", "- 1", "1.5.2", "1e400", "abc", "true", "9" * 25, "1 2", "00"])


def pattern(w, pool):
    """A value, or a LIKE pattern made from one."""
    value = w.rng.choice(pool)
    roll = w.rng.random()
    if roll < 0.5 or not value:
        return value
    cut = w.rng.randrange(len(value) + 1)
    return w.rng.choice([value[:cut] + "%", "%" + value[cut:], value.upper(), value.lower(), "%" + value[cut:] + "%",
                         value[:cut] + "_" + value[cut + 1:], "%", "_" * len(value), "", value + " "])


def listing(w, pool):
    items = [quoted(w, w.rng.choice(pool)) for _ in range(w.rng.randrange(1, 4))]
    return w.rng.choice(["({})"] * 8 + ["({},)", "( {} )", "{}", "()", "[{}]", "(({}))", "({}"]).format(
        w.rng.choice([", ", ",", " , "]).join(items))


def joined(w, clauses):
    text = clauses[0]
    for clause in clauses[1:]:
        word = w.rng.choice(["AND"] * 14 + ["and", "And", "", ",", "OR", "AND NOT", "AND AND", "&&"])
        text += f"{w.rng.choice([' '] * 9 + ['  ', chr(10)])}{word} {clause}"
    return text


def broken(w, text):
    """Damages a filter by one small accident."""
    at = w.rng.randrange(len(text) + 1)
    return w.rng.choice([
        lambda: text[:at] + text[at + 1:], lambda: text[:at] + w.rng.choice("'\"`();,.=%- \n\\#@é") + text[at:],
        lambda: f"({text})", lambda: text + ";", lambda: f"{text}; {text}", lambda: f"NOT {text}", lambda: f"{text} AND",
        lambda: f"AND {text}", lambda: f" {text} ", lambda: f"{text} -- end", lambda: f"/* x */ {text}", lambda: text[:at],
        lambda: f"{text} ORDER BY x", lambda: "  ", lambda: text.replace(" ", ""), lambda: f"{text}\n", lambda: text + " x",
    ])()


def soup(w):
    return "".join(w.rng.choice(SOUP) + w.rng.choice(["", " ", " "]) for _ in range(w.rng.randrange(1, 8)))


def build(w, clause):
    """A filter of a few clauses, possibly broken; with what is odd about it."""
    roll = w.rng.random()
    if roll < 0.04:
        return soup(w), {"soup"}
    text = joined(w, [clause(w) for _ in range(w.rng.choice([1, 1, 1, 2, 2, 3]))])
    return (broken(w, text), {"broken"}) if roll < 0.12 else (text, set())


# ------------------------------------------------------------------- runs

ATTRIBUTE_WORDS = ["attributes.", "attribute.", "attr.", "run.", ""]


def run_clause(w):
    kind = w.rng.choice(["metric"] * 4 + ["param"] * 4 + ["tag"] * 3 + ["text"] * 3 + ["number"] * 3 + ["dataset", "odd", "null"])
    return {"metric": metric_clause, "param": param_clause, "tag": tag_clause, "text": text_attribute,
            "number": numeric_attribute, "dataset": dataset_clause, "odd": odd_clause, "null": null_clause}[kind](w)


def metric_clause(w):
    name = key_name(w, w.rng.choice(values.METRIC_KEYS))
    left = w.rng.choice(["metrics."] * 5 + ["metric.", "`metrics`.", "METRICS."]) + name
    return left + spaced(w) + operator(w, NUMERIC, 0.02) + spaced(w) + number(w)


def param_clause(w):
    left = w.rng.choice(["params."] * 4 + ["param.", "parameters.", "parameter."]) + key_name(w, w.rng.choice(values.PARAM_KEYS))
    op = operator(w, TEXTUAL)
    value = number(w) if w.chance(0.02) else quoted(w, pattern(w, values.PARAM_VALUES))
    return f"{left}{spaced(w) if op in ('=', '!=') else ' '}{op}{spaced(w)}{value}"


def tag_clause(w):
    left = w.rng.choice(["tags."] * 4 + ["tag."]) + key_name(w, w.rng.choice(values.TAG_KEYS + ["mlflow.runName"]))
    return f"{left} {operator(w, TEXTUAL)}{spaced(w)}{quoted(w, pattern(w, values.TAG_VALUES + values.RUN_NAMES))}"


def null_clause(w):
    entity, pool = w.rng.choice([("params.", values.PARAM_KEYS), ("tags.", values.TAG_KEYS), ("metrics.", values.METRIC_KEYS),
                                 ("attributes.", ["status"])])
    return entity + key_name(w, w.rng.choice(pool)) + w.rng.choice([" IS NULL", " IS NOT NULL", " is null", " is not null",
                                                                    " IS  NULL", " IS NOT  NULL", " IS null", " NOT NULL"])


def text_attribute(w):
    name = w.rng.choice(["run_id", "run_name", "run_name", "status", "status", "artifact_uri", "user_id", '"run name"', "`Run Name`"])
    pools = {"run_id": [r.id for r in w.runs][-6:] + ["0" * 32], "status": values.STATUSES + ["finished", "%ED"],
             "artifact_uri": ["mlflow-artifacts:/%", "%artifacts", "s3://%"], "user_id": values.USERS}
    pool = pools.get(name, values.RUN_NAMES)
    left = w.rng.choice(ATTRIBUTE_WORDS) + name
    if w.chance(0.5 if name == "run_id" else 0.02):
        return f"{left} {w.rng.choice(['IN', 'NOT IN', 'in', 'not in', 'NOT  IN'])} {listing(w, pool)}"
    value = w.rng.choice(pool) if name == "run_id" else pattern(w, pool)
    return f"{left} {operator(w, TEXTUAL)} {quoted(w, value)}"


def numeric_attribute(w):
    name = w.rng.choice(["start_time", "start_time", "end_time", "created", "Created"])
    value = w.rng.choice([w.start_time - w.rng.randrange(20000), values.T0, 0, 1, values.T0 + 0.5, "'1'", -1, "1.7e12", 2**63])
    return f"{w.rng.choice(ATTRIBUTE_WORDS)}{name}{spaced(w)}{operator(w, NUMERIC)}{spaced(w)}{value}"


def dataset_clause(w):
    name = w.rng.choice(["name", "digest", "context", "foo"])
    pool = {"name": ["train", "eval", "%a%"], "digest": ["d1", "d2", "d%"]}.get(name, ["training", "eval"])
    left = w.rng.choice(["dataset.", "datasets."]) + name
    if w.chance(0.3):
        return f"{left} {w.rng.choice(['IN', 'NOT IN'])} {listing(w, pool)}"
    return f"{left} {operator(w, TEXTUAL)} {quoted(w, w.rng.choice(pool))}"


def odd_clause(w):
    name = w.rng.choice(KEYWORD_KEYS + values.EDGE_KEYS[:30])
    left = w.rng.choice(["", "metrics.", "params.", "tags.", "foo.", "attributes.", "a.b.", "metrics. ", "metrics .", "experiment."]) + name
    return f"{left} {operator(w, NUMERIC + TEXTUAL, 0.2)} {w.rng.choice([number(w), quoted(w, 'x'), 'x', '(1, 2)', 'NULL'])}"


def run_filter(w):
    return build(w, run_clause)


def run_order(w):
    """Clauses for runs; start_time is unique, so all orders end up the same on both servers."""
    names = ["attributes.start_time", "start_time", "created", "end_time", "run_name", "status", "attributes.artifact_uri",
             "user_id", "run_id", "attr.run_id"]
    clauses = []
    for _ in range(w.rng.choice([1, 1, 1, 2, 2, 3])):
        roll = w.rng.random()
        if roll < 0.35:
            name = w.rng.choice(names[:6] if w.chance(0.9) else names)
        elif roll < 0.65:
            name = "metrics." + key_name(w, w.rng.choice(values.METRIC_KEYS))
        elif roll < 0.8:
            name = w.rng.choice(["params.", "param.", "parameters."]) + key_name(w, w.rng.choice(values.PARAM_KEYS))
        elif roll < 0.95:
            name = "tags." + key_name(w, w.rng.choice(values.TAG_KEYS))
        else:
            name = w.rng.choice(["dataset.name", "foo", "metrics", "", " ", "metrics.acc,metrics.loss", "foo.bar", "run name",
                                 "`run name`", "tags.", "1", "metrics.acc NULLS LAST", ";", "user", "metrics.acc;", "end",
                                 "attributes.foo", "lifecycle_stage", "experiment_id", "metrics.", "'x'", "(start_time)"])
        clauses.append(name + direction(w))
    return clauses


def direction(w):
    return w.rng.choice([""] * 8 + [" ASC", " DESC", " DESC", " asc", " desc", " Desc", "  DESC", " UP", " DESC ", " ASC DESC"]
                        if w.chance(0.3) else ["", " ASC", " DESC"])


# ------------------------------------------------------------ experiments


def experiment_clause(w):
    roll = w.rng.random()
    prefix = w.rng.choice(["", "", "attribute.", "attributes.", "experiment."] if w.chance(0.2) else ["", "attribute."])
    if roll < 0.35:
        names = ["exp %", "%${nonce}", "EXP%", "renamed%", "Default", "%name1 %", *[e.name for e in w.experiments]]
        return f"{prefix}name {operator(w, TEXTUAL)} {quoted(w, w.rng.choice(names))}"
    if roll < 0.5:
        pool = [e.id for e in w.experiments] + ["0", "99999", "abc"]
        if w.chance(0.6):
            return f"{prefix}experiment_id {w.rng.choice(['IN', 'NOT IN', 'in'])} {listing(w, pool)}"
        value = w.rng.choice(pool)
        return f"{prefix}experiment_id {operator(w, ['=', '!='], 0.1)} {quoted(w, value) if w.chance(0.85) else value}"
    if roll < 0.6:
        value = w.rng.choice([0, 1, 2**45, "1.5", "'0'", "-1"])
        return f"{prefix}{w.rng.choice(['creation_time', 'last_update_time'])}{spaced(w)}{operator(w, NUMERIC)}{spaced(w)}{value}"
    if roll < 0.93:
        left = w.rng.choice(["tags."] * 4 + ["tag.", "Tags."]) + key_name(w, w.rng.choice(values.TAG_KEYS))
        if w.chance(0.15):
            return left + w.rng.choice([" IS NULL", " IS NOT NULL", " is null", " is not null"])
        return f"{left}{spaced(w)}{operator(w, TEXTUAL)} {quoted(w, pattern(w, values.TAG_VALUES))}"
    return odd_clause(w)


def experiment_filter(w):
    return build(w, experiment_clause)


def experiment_order(w):
    names = ["name", "experiment_id", "creation_time", "last_update_time", "attribute.name", "name"]
    odd = ["tags.team", "foo", "", "name, experiment_id", "attributes.name", "`name`", "lifecycle_stage", "name;", "artifact_location"]
    return [w.rng.choice(odd if w.chance(0.06) else names) + direction(w) for _ in range(w.rng.choice([1, 1, 2]))]
