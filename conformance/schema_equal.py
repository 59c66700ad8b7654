#!/usr/bin/env python3
"""Compare the schemas of two SQLite databases.

    schema_equal.py EXPECTED.db ACTUAL.db [--ignore-prefix oxflow_]

Compared are tables, columns, indexes, foreign keys, triggers, and the
constraints with their names. PRAGMAs do not report constraint names or CHECK
clauses, so those are read from the stored CREATE statements. Row contents are
not compared except for the schema revision, which decides whether stock MLflow
opens the file at all.

Prints every difference and exits with 1 if there is one.
"""

import argparse
import re
import sqlite3
import sys
from pathlib import Path


def tokens(sql):
    """Split SQL into tokens that do not depend on spacing, comments or keyword case.

    Quotes are dropped from identifiers that do not need them, because `"runs"` and
    `runs` name the same table.
    """
    pattern = re.compile(
        r"""
        (?P<skip>\s+|--[^\n]*|/\*.*?\*/)
        |(?P<string>'(?:[^']|'')*')
        |(?P<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])
        |(?P<word>[A-Za-z0-9_.]+)
        |(?P<op>\|\||<>|!=|<=|>=|==|.)
        """,
        re.VERBOSE | re.DOTALL,
    )
    out = []
    for match in pattern.finditer(sql):
        kind, text = match.lastgroup, match.group()
        if kind == "skip":
            continue
        if kind == "quoted":
            text = text[1:-1]
        if kind in ("quoted", "word"):
            text = text.lower()
        out.append(text)
    return out


def body_items(sql):
    """Token lists of the comma-separated definitions inside CREATE TABLE (...)."""
    parts = tokens(sql)
    items, current, depth = [], [], 0
    for token in parts[parts.index("(") :]:
        if token == ")":
            depth -= 1
            if depth == 0:
                break
        if token == "," and depth == 1:
            items.append(current)
            current = []
        elif depth > 0:
            current.append(token)
        if token == "(":
            depth += 1
    items.append(current)
    return items


TABLE_CONSTRAINTS = {"constraint", "primary", "unique", "check", "foreign"}


def constraints(sql):
    """Table constraints, plus those written inside column definitions, as sorted text."""
    found = []
    for item in body_items(sql):
        if item[0] in TABLE_CONSTRAINTS:
            found.append(" ".join(item))
        else:
            # Everything after name and type: DEFAULT, COLLATE, CHECK, GENERATED, AUTOINCREMENT...
            rest = " ".join(item[1:])
            found.append(f"column {item[0]}: {rest}")
    return sorted(found)


def table_options(sql):
    """What follows the closing parenthesis: WITHOUT ROWID, STRICT."""
    parts = tokens(sql)
    depth = 0
    for position, token in enumerate(parts):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                return " ".join(parts[position + 1 :])
    return ""


def count(found, key):
    """A table may state the same thing twice, and then it must do so in both databases."""
    found[key] = found.get(key, 0) + 1


def describe(path, ignored):
    """Everything that is compared, as {kind: {key: value}}."""
    if not Path(path).is_file():
        sys.exit(f"{path}: no such file")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    objects = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    kept = [row for row in objects if not (ignored and row[1].startswith(ignored))]
    kinds = ("table", "column", "constraint", "foreign key", "index", "other")
    schema = {kind: {} for kind in kinds}

    for kind, name, table, sql in kept:
        if kind == "table":
            schema["table"][name] = table_options(sql)
            columns = db.execute(f'PRAGMA table_xinfo("{name}")').fetchall()
            for cid, column, *rest in columns:
                schema["column"][f"{name}.{column}"] = (cid, *rest)
            for text in constraints(sql):
                count(schema["constraint"], f"{name}: {text}")
            keys = db.execute(f'PRAGMA foreign_key_list("{name}")').fetchall()
            # Ids number the keys in reverse order of definition, which has no effect.
            by_id = {}
            for number, _seq, target, source, dest, update, delete, match in keys:
                by_id.setdefault(number, []).append((target, source, dest, update, delete, match))
            for key in by_id.values():
                count(schema["foreign key"], f"{name}: {key}")
            for _seq, index, unique, origin, partial in db.execute(f'PRAGMA index_list("{name}")'):
                if ignored and index.startswith(ignored):
                    continue
                info = [row[1:] for row in db.execute(f'PRAGMA index_xinfo("{index}")')]
                schema["index"][index] = (name, unique, origin, partial, info)
        elif kind == "index":
            if sql:
                text = " ".join(tokens(sql)).replace("if not exists ", "")
                schema["other"][f"index {name}"] = (table, text)
        else:
            schema["other"][f"{kind} {name}"] = (table, " ".join(tokens(sql)))

    try:
        revision = db.execute("SELECT version_num FROM alembic_version").fetchall()
        schema["other"]["revision"] = revision
    except sqlite3.OperationalError:
        schema["other"]["revision"] = None
    db.close()
    return schema


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("expected")
    parser.add_argument("actual")
    parser.add_argument("--ignore-prefix", default="", help="leave out objects named so")
    args = parser.parse_args()

    expected = describe(args.expected, args.ignore_prefix)
    actual = describe(args.actual, args.ignore_prefix)
    differences = 0
    for kind, left in expected.items():
        right = actual[kind]
        for key in sorted(left.keys() | right.keys()):
            if key not in right:
                print(f"missing {kind}: {key}")
            elif key not in left:
                print(f"unexpected {kind}: {key}")
            elif left[key] != right[key]:
                print(f"different {kind}: {key}\n  expected {left[key]}\n  actual   {right[key]}")
            else:
                continue
            differences += 1

    counts = ", ".join(f"{len(values)} {kind}" for kind, values in expected.items())
    print(f"{differences} difference(s); compared: {counts}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
