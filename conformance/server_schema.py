#!/usr/bin/env python3
"""Compare the schemas of two PostgreSQL databases, or of two of MySQL or MariaDB.

    server_schema.py EXPECTED_URI ACTUAL_URI [--ignore-prefix oxflow_]

Compared are tables, columns with types, defaults and generated values, constraints,
indexes, sequences, triggers and the schema revision, all with their names. The bodies
of functions are not compared, only that they are there.

Prints every difference and exits with 1 if there is one. Needs psql, or mariadb.
"""

import argparse
import subprocess
import sys
import urllib.parse

# Each gives rows of: table, what, definition.
POSTGRES = {
    "table": "SELECT tablename, '', '' FROM pg_tables WHERE schemaname = current_schema()",
    "column": """
        SELECT c.relname, format('%s %s', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname),
               format('%s not null %s, generated %s%s, default %s', format_type(a.atttypid, a.atttypmod),
                      a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0
          AND NOT a.attisdropped""",
    "constraint": """
        SELECT c.relname, o.conname, pg_get_constraintdef(o.oid) FROM pg_constraint o
        JOIN pg_class c ON c.oid = o.conrelid WHERE c.relnamespace = current_schema()::regnamespace""",
    "index": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "sequence": """
        SELECT sequencename, data_type, format('%s %s %s', start_value, increment_by, cycle)
        FROM pg_sequences WHERE schemaname = current_schema()""",
    "trigger": """
        SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace""",
    "revision": "SELECT 'alembic_version', 'version_num', version_num FROM alembic_version",
}

IN_DATABASE = "= database()"
MYSQL = {
    "table": f"SELECT table_name, '', '' FROM information_schema.tables WHERE table_schema {IN_DATABASE}",
    "column": f"""
        SELECT table_name, concat(ordinal_position, ' ', column_name),
               concat(column_type, ' ', ifnull(collation_name, ''), ', null ', is_nullable, ', default ',
                      ifnull(column_default, '-'), ' ', extra)
        FROM information_schema.columns WHERE table_schema {IN_DATABASE}""",
    "constraint": f"""
        SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints
        WHERE table_schema {IN_DATABASE}""",
    # MySQL's names of checks are unique in a database, and it does not say here what they are of.
    "check": f"""
        SELECT /*M! table_name *//*!80000 '' */, constraint_name, check_clause FROM information_schema.check_constraints
        WHERE constraint_schema {IN_DATABASE}""",
    "reference": f"""
        SELECT table_name, constraint_name,
               concat_ws(' ', referenced_table_name, unique_constraint_name, update_rule, delete_rule)
        FROM information_schema.referential_constraints WHERE constraint_schema {IN_DATABASE}""",
    "reference column": f"""
        SELECT table_name, concat(constraint_name, ' ', ordinal_position),
               concat_ws(' ', column_name, referenced_table_name, referenced_column_name)
        FROM information_schema.key_column_usage WHERE constraint_schema {IN_DATABASE}""",
    "index": f"""
        SELECT table_name, concat(index_name, ' ', seq_in_index),
               concat_ws(' ', column_name, non_unique, ifnull(collation, '-'), ifnull(sub_part, '-'))
        FROM information_schema.statistics WHERE table_schema {IN_DATABASE}""",
    "trigger": f"""
        SELECT event_object_table, trigger_name, concat(action_timing, ' ', event_manipulation)
        FROM information_schema.triggers WHERE trigger_schema {IN_DATABASE}""",
    "revision": "SELECT 'alembic_version', 'version_num', version_num FROM alembic_version",
}


def psql(uri, query):
    # SQLAlchemy's name of a driver means nothing to psql.
    uri = uri.replace("+psycopg2", "", 1)
    done = subprocess.run(["psql", uri, "-XqAt", "-F", "\x1f", "-R", "\x1e", "-c", query], capture_output=True,
                          text=True, check=True)
    return [tuple(row.split("\x1f")) for row in done.stdout.rstrip("\n").split("\x1e") if row]


def mariadb(uri, query):
    uri = urllib.parse.urlsplit(uri)
    done = subprocess.run(["mariadb", "--no-defaults", "-h", uri.hostname, "-P", str(uri.port or 3306), "-u",
                           uri.username, f"--password={uri.password or ''}", "-BN", uri.path[1:], "-e", query],
                          capture_output=True, text=True, check=True)
    return [tuple(row.split("\t")) for row in done.stdout.splitlines()]


def describe(uri, ignored):
    queries, rows = (MYSQL, mariadb) if uri.startswith("mysql") else (POSTGRES, psql)
    found = {}
    for kind, query in queries.items():
        for table, name, definition in rows(uri, query):
            if not ignored or not (table.startswith(ignored) or name.startswith(ignored)):
                found[kind, table, name] = definition
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("expected")
    parser.add_argument("actual")
    parser.add_argument("--ignore-prefix", default="", help="leave out objects named so")
    args = parser.parse_args()

    expected, actual = (describe(uri, args.ignore_prefix) for uri in (args.expected, args.actual))
    differences = 0
    for key in sorted(expected.keys() | actual.keys()):
        if expected.get(key) != actual.get(key):
            differences += 1
            print(f"{' '.join(key)}\n  expected {expected.get(key)}\n  actual   {actual.get(key)}")
    kinds = dict.fromkeys(key[0] for key in expected)
    counts = ", ".join(f"{sum(key[0] == kind for key in expected)} {kind}" for kind in kinds)
    print(f"{differences} difference(s); compared: {counts}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
