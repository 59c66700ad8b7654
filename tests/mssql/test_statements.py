"""Every statement that the store sends to SQL Server is Transact-SQL, as far as a parser can tell.

sqlglot reads more than SQL Server takes, so that what it read is also looked through for words of other databases, and
for what SQL Server refuses though it can be parsed.
"""

import re

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL

# Keywords that cannot be names unless they are quoted (Microsoft's list, as far as somebody may name a column so).
RESERVED = set("""add all alter and any as asc authorization backup begin between break browse bulk by cascade case check
checkpoint close clustered coalesce collate column commit compute constraint contains continue convert create cross
current cursor database dbcc deallocate declare default delete deny desc disk distinct distributed double drop dump else
end errlvl escape except exec execute exists exit external fetch file fillfactor for foreign freetext from full function
goto grant group having holdlock identity identitycol if in index inner insert intersect into is join key kill left like
lineno load merge national nocheck nonclustered not null nullif of off offsets on open option or order outer over percent
pivot plan precision primary print proc procedure public raiserror read readtext reconfigure references replication
restore restrict return revert revoke right rollback rowcount rule save schema select set setuser shutdown some
statistics table tablesample textsize then to top tran transaction trigger truncate union unique unpivot update use user
values varying view waitfor when where while with within writetext""".split())
# What SQL Server has of the functions that statements may call.
FUNCTIONS = {"count", "min", "max", "sum", "coalesce", "cast", "lower", "replace", "rownumber", "openjson", "dbname",
             "schemaid", "objectid", "databasepropertyex", "collationproperty"}
# What sqlglot calls a function, but no language does.
NO_FUNCTIONS = (exp.Connector, exp.Case, exp.If, exp.Exists, exp.Predicate, exp.Collate)


def parsed(sql):
    return [tree for tree in sqlglot.parse(sql, read="tsql", error_level=sqlglot.ErrorLevel.RAISE) if tree]


def is_control(sql):
    """What is about the conversation and not about data; sqlglot takes only some of it apart."""
    return re.match(r"(SET|BEGIN|COMMIT|IF @@TRANCOUNT|DECLARE|CREATE|IF OBJECT_ID|--)", sql.strip())


def complaints(sql):
    """What SQL Server would say of it."""
    found = []
    try:
        trees = parsed(sql)
    except sqlglot.ParseError as error:
        return [f"cannot be parsed: {error}"]
    for tree in trees:
        if isinstance(tree, exp.Command):
            found.append("is not taken apart")
        found += [f"has the word {word}" for word in foreign_words(sql)]
        found += [problem for node in tree.walk() for problem in problems(node)]
    return found


def foreign_words(sql):
    words = r"\b(LIMIT|ILIKE|ON CONFLICT|DUPLICATE KEY|FOR UPDATE|FOR SHARE|NULLS (FIRST|LAST)|TRUE|FALSE|IGNORE|" \
            r"INDEXED BY|RETURNING|BINARY|GREATEST|LENGTH|SUBSTR|IF NOT EXISTS)\b|\|\||<=>|::|`|\?"
    bare = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "''", sql)
    return [match[0] for match in re.finditer(words, bare, flags=re.IGNORECASE)]


def problems(node):
    if isinstance(node, exp.Identifier) and not node.quoted and node.name.lower() in RESERVED:
        yield f"has the reserved word {node.name} for a name"
    if isinstance(node, (exp.Limit, exp.Fetch)) and not node.parent.args.get("order"):
        yield "has a page without an order"
    if isinstance(node, exp.Order):
        keys = [item.this.sql("tsql") for item in node.expressions if not list(item.find_all(exp.Parameter))]
        if len(keys) != len(set(keys)):
            yield f"has a column in its order twice: {keys}"
        if isinstance(node.parent, exp.Subquery | exp.Select) and not is_paged(node.parent) and is_nested(node.parent):
            yield "orders what is not the whole query"
    if isinstance(node, exp.Tuple) and isinstance(node.parent, (exp.Binary, exp.In)) and node.arg_key in ("this", "expression"):
        yield "compares rows"
    if isinstance(node, exp.Binary) and not isinstance(node, (exp.Connector, exp.Dot)):
        if any(isinstance(side.unnest(), exp.Predicate) for side in (node.left, node.right)):
            yield f"compares truth values: {node.sql('tsql')}"
    if isinstance(node, exp.Is) and isinstance(node.this.unnest(), exp.Predicate):
        yield f"compares truth values: {node.sql('tsql')}"
    if isinstance(node, (exp.Where, exp.Having)) and not is_condition(node.this):
        yield f"has a value for a condition: {node.sql('tsql')}"
    if isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join):
        if not node.alias:
            yield "has a table without a name"
        if isinstance(node.this, exp.Select) and any(
            not item.alias and not isinstance(item, (exp.Column, exp.Star)) for item in node.this.expressions
        ):
            yield "has a column without a name"
    if isinstance(node, exp.Func) and not isinstance(node, NO_FUNCTIONS):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        if name.replace("_", "") not in FUNCTIONS:
            yield f"calls {name}"
    if isinstance(node, exp.Merge) and not node.args.get("using"):
        yield "merges nothing"
    if isinstance(node, exp.Values) and len(node.expressions) > 1000:
        yield "has more than 1,000 rows"
    if isinstance(node, exp.Select) and node.args.get("group"):
        grouped = {item.sql("tsql") for item in node.args["group"].expressions}
        for item in node.expressions:
            if not item.find(exp.AggFunc) and item.unalias().sql("tsql") not in grouped:
                yield f"has {item.sql('tsql')} in a group"


def is_paged(select):
    return select.args.get("limit") or select.args.get("offset")


def is_nested(select):
    return isinstance(select.parent, (exp.Subquery, exp.Exists, exp.In))


def is_condition(node):
    return isinstance(node.unnest(), (exp.Predicate, exp.Connector, exp.Not, exp.Exists))


def test_the_checks_see_what_they_should():
    for sql, word in [
        ("SELECT a FROM t ORDER BY a LIMIT 1", "LIMIT"),
        ("SELECT a FROM t OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", "page"),
        ("SELECT a FROM t ORDER BY a ASC, b, a DESC", "twice"),
        ("SELECT a FROM t WHERE (a, b) > (1, 2)", "rows"),
        ("SELECT a FROM t WHERE (a IS NULL) IS NOT NULL", "truth"),
        ("SELECT a FROM t WHERE a", "condition"),
        ("SELECT key FROM t", "reserved"),
        ("SELECT count(*) FROM (SELECT 1 FROM t) c", "name"),
        ("SELECT count(*) FROM (SELECT a FROM t)", "name"),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) x", "orders"),
        ("SELECT a FROM t FOR UPDATE", "parsed"),
        ("SELECT a || b FROM t", "||"),
        ("SELECT greatest(a, b) FROM t", "GREATEST"),
        ("SELECT a, b FROM t GROUP BY a", "group"),
        ("SELECT to_hex(a) FROM t", "calls"),
        ("SELECT a FROM t WHERE", "parsed"),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
    ]:
        assert any(word.lower() in complaint.lower() for complaint in complaints(sql)), (sql, complaints(sql))


def test_every_statement_is_transact_sql(statements):
    assert len(statements) > 500, "run cargo's tests first, with OXFLOW_TEST_TSQL"
    assert {"MERGE", "INSERT", "UPDATE", "DELETE", "SELECT"} <= {sql.split()[0] for sql in statements}
    found = {sql: said for sql in statements if not is_control(sql) and (said := complaints(sql))}
    shown = "\n".join(f"{said}: {sql[:1000]}" for sql, said in list(found.items())[:20])
    assert not found, f"{len(found)} of {len(statements)}:\n{shown}"


def test_what_controls_the_conversation_is_as_expected(statements):
    """Few enough to be read by a person; whoever changes one reads it."""
    control = {sql for sql in statements if is_control(sql)}
    inserts = {sql for sql in control if sql.startswith("SET IDENTITY_INSERT")}
    for sql in inserts:
        before, statement, after = re.fullmatch(r"(SET IDENTITY_INSERT experiments ON); (.*); (SET IDENTITY_INSERT experiments OFF)", sql).groups()
        assert not complaints(statement)
    scripts = {sql for sql in control if "CREATE " in sql}
    clients = {"BEGIN TRAN", "COMMIT TRAN", "ROLLBACK TRAN"} | {sql for sql in control if "ARITHABORT ON;" in sql}
    assert control - inserts - scripts - clients == {
        "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON; "
        "SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET NOCOUNT OFF; "
        "SET TEXTSIZE 2147483647; SET LOCK_TIMEOUT 20000",
        "DECLARE @got INT; EXEC @got = sp_getapplock @Resource = N'oxflow', @LockMode = 'Exclusive', "
        "@LockOwner = 'Transaction', @LockTimeout = 120000; SELECT @got",
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION",
        "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION",
        "COMMIT TRANSACTION",
        "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION",
    }


@pytest.mark.parametrize("name", ["mssql", "mssql_extra", "mssql_tables"])
def test_the_tables_are_transact_sql(schema, name):
    # What sqlglot does not know: conditions before tables, and indexes within them.
    script = re.sub(r"IF OBJECT_ID\(.*?\) IS NULL\n|,\n    INDEX [^\n]*\)(?=,?\n)", "", schema[name].replace("IF NOT EXISTS ", ""))
    trees = parsed(re.sub(r"EXEC\(N'.*?'\);", "", script, flags=re.DOTALL))
    assert len(trees) >= 3
    found = [problem for tree in trees for node in tree.walk() for problem in problems(node)]
    assert not found and not foreign_words(re.sub(r"--.*", "", script)), found
    # A trigger is made by a statement of its own.
    for trigger in re.findall(r"EXEC\(N'(.*?)'\);", script, flags=re.DOTALL):
        assert TSQL().tokenize(trigger.replace("''", "'"))
