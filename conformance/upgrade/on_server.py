"""Databases on PostgreSQL, MariaDB and MySQL for the upgrade matrix: made from dumps, compared by name and row."""

import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

import server_schema  # noqa: E402

KINDS = ("postgres", "mariadb")
# MySQL itself is there where somebody unpacked it (tests/setup_mysql.sh).
ALL_KINDS = (*KINDS, "mysql")
# Jobs that wait or run are cancelled by the last revision, at the time of the upgrade.
CLOCK = {("jobs", "last_update_time")}
# What differs from one dump to the next, and what older clients do not understand.
NOISE = re.compile(r"\\(un)?restrict |/\*M!999999|--|SET (statement|lock|idle_in|transaction)_|$")


def is_postgres(uri):
    return uri.startswith("postgres")


def plain(uri):
    """SQLAlchemy's name of a driver means nothing to psql."""
    return uri.replace("+psycopg2", "").replace("+pymysql", "")


def client(uri, program):
    """The command of a client of MariaDB's."""
    parts = urllib.parse.urlsplit(uri)
    return [program, "--no-defaults", "-h", parts.hostname, "-P", str(parts.port), "-u", parts.username, f"--password={parts.password or ''}"]


def run(command, text=""):
    # Not read as text: that would take a byte of a secret for the end of a line.
    ran = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{command[0]}: {ran.stderr.decode(errors='backslashreplace')[-2000:]}")
    return ran.stdout.decode(errors="backslashreplace")


def sql(uri, text):
    """Runs SQL; the first column of each row."""
    uri = plain(uri)
    if is_postgres(uri):
        said = run(["psql", uri, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", text])
    else:
        said = run([*client(uri, "mariadb"), "-BN", urllib.parse.urlsplit(uri).path[1:], "-e", text])
    return said.removesuffix("\n").split("\n") if said else []


class Server:
    """A server of this kind in a temporary folder, until it is closed."""

    def __init__(self, kind, durable=False):
        environment = {**os.environ, **({"OXFLOW_TEST_DURABLE": "1"} if durable else {})}
        script = HERE.parents[1] / "tests" / "database-server.sh"
        self.script = subprocess.Popen([script, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.admin = self.script.stdout.readline().strip()
        if "://" not in self.admin:
            raise RuntimeError(f"the {kind} server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.script.stdin.close()
        self.script.wait(600)

    def empty(self, name):
        """A new database in the place of the one of this name; its URI."""
        return empty(self.admin, name)


def empty(admin, name):
    options = "" if is_postgres(admin) else " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    sql(admin, f"DROP DATABASE IF EXISTS {name}")
    sql(admin, f"CREATE DATABASE {name}{options}")
    server = admin.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg2://")
    return server.replace("mysql://", "mysql+pymysql://") + "/" + name


def dumper(uri):
    """The program that writes dumps. MariaDB's knows nothing of MySQL's generated columns."""
    return "mariadb-dump" if "MariaDB" in sql(uri, "SELECT version()")[0] else f"{os.environ['OXFLOW_MYSQL']}/mysqldump"


def dump(uri):
    """A database as SQL."""
    uri = plain(uri)
    if is_postgres(uri):
        text = run(["pg_dump", uri, "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=50"])
    else:
        text = run([*client(uri, dumper(uri)), "--skip-comments", "--no-tablespaces", urllib.parse.urlsplit(uri).path[1:]])
        # The database that it is loaded into decides, for the tables of later revisions as well.
        text = text.replace(" DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", "")
    return "\n".join(line for line in text.splitlines() if not NOISE.match(line)) + "\n"


def load(uri, text):
    """Runs a dump in an empty database."""
    uri = plain(uri)
    if is_postgres(uri):
        run(["psql", uri, "-Xq", "-v", "ON_ERROR_STOP=1", "--single-transaction"], text)
    else:
        run([*client(uri, "mariadb"), "--default-character-set=utf8mb4", urllib.parse.urlsplit(uri).path[1:]], text)
    return uri


def revision(uri):
    return sql(uri, "SELECT version_num FROM alembic_version")[0]


def rows(uri):
    """All rows of all tables, each value quoted as SQL."""
    uri, found = plain(uri), {}
    schema, quote = ("current_schema()", "quote_nullable({}::text)") if is_postgres(uri) else ("database()", "quote({})")
    listed = sql(uri, f"SELECT concat(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = {schema} ORDER BY 1")
    columns = {}
    for table, column in (line.split(".") for line in listed):
        if (table, column) not in CLOCK:
            columns.setdefault(table, []).append(column)
    quoted = (lambda text: f'"{text}"') if is_postgres(uri) else (lambda text: f"`{text}`")
    selects = []
    for table, names in columns.items():
        values = ", ' | ', ".join(f"'{column}=', {quote.format(quoted(column))}" for column in names)
        selects.append(f"SELECT concat('{table}: ', replace(concat({values}), '\n', ' ')) FROM {quoted(table)}")
        found[table] = []
    # One row to a line, whatever it holds.
    for line in sql(uri, " UNION ALL ".join(selects)):
        table, row = line.split(": ", 1)
        found[table].append(row)
    return {table: sorted(rows) for table, rows in found.items()}


def described(uri):
    """PostgreSQL writes a CHECK that went through a dump with other brackets and casts."""
    found = server_schema.describe(plain(uri), "oxflow_")
    return {key: re.sub(r"::(text|character varying)(\[\])?|[()]", "", text) if text.startswith("CHECK") else text for key, text in found.items()}


def compare_schemas(expected, actual):
    """Differences between two databases, as lines."""
    left, right = described(expected), described(actual)
    keys = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    return [f"{' '.join(key)}:\n    stock  {left.get(key)}\n    oxflow {right.get(key)}" for key in keys]


def compare_rows(expected, actual):
    left, right = rows(expected), rows(actual)
    lines = []
    for table in sorted(left.keys() | right.keys()):
        mine, theirs = right.get(table, []), left.get(table, [])
        if mine != theirs:
            only = [row for row in theirs if row not in set(mine)][:3], [row for row in mine if row not in set(theirs)][:3]
            lines.append(f"rows of {table}: {len(theirs)} and {len(mine)}\n    stock  {only[0]}\n    oxflow {only[1]}")
    return lines, sum(map(len, left.values()))
