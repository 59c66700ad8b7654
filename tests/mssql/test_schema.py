"""The tables for SQL Server against what SQLAlchemy writes for MLflow's models, and against those for PostgreSQL, which
are compared with a database that stock MLflow made."""

import importlib
import pkgutil
import re

import ddl
import pytest
from conftest import SCHEMA

# What MLflow's own migrations leave otherwise than its models say: the migrations made the databases that there are.
MIGRATED = {
    ("runs", "status"): ("VARCHAR(9)", True),
    ("assessments", "assessment_type"): ("VARCHAR(20)", False),
    ("datasets", "dataset_source"): ("VARCHAR(MAX)", False),
    ("datasets", "dataset_schema"): ("VARCHAR(MAX)", True),
    ("datasets", "dataset_profile"): ("VARCHAR(MAX)", True),
    ("spans", "model_name"): ("VARCHAR(500)", True),
    ("spans", "model_provider"): ("VARCHAR(500)", True),
    ("sql_span_cost_daily_rollups", "model_name"): ("VARCHAR(500)", True),
    ("sql_span_cost_daily_rollups", "model_provider"): ("VARCHAR(500)", True),
    ("trace_tags", "PRIMARY KEY"): ("key", "request_id"),
    ("trace_request_metadata", "PRIMARY KEY"): ("key", "request_id"),
}
# Names that only PostgreSQL gives; SQL Server gives others, which are not known before.
GIVEN = re.compile(r".*_(experiment_id|run_uuid|webhook_id)_fkey$|runs_status_check$")


def models():
    """The DDL of all models, as for a server of today: texts of any length are no `TEXT` there any more."""
    import mlflow.store
    from sqlalchemy.dialects import mssql
    from sqlalchemy.schema import CreateIndex, CreateTable

    from mlflow.store.db.base_sql_model import Base

    for module in pkgutil.walk_packages(mlflow.store.__path__, "mlflow.store."):
        if module.name.endswith("dbmodels.models"):
            importlib.import_module(module.name)
    dialect = mssql.dialect(deprecate_large_types=True)
    dialect.server_version_info = (16, 0)
    dialect._setup_version_attributes()
    script = ""
    for table in Base.metadata.sorted_tables:
        script += str(CreateTable(table).compile(dialect=dialect)).strip() + ";\n"
        for index in table.indexes:
            script += str(CreateIndex(index).compile(dialect=dialect)).strip() + ";\n"
    # One item in a line.
    return re.sub(r"\n\)(;?)\n*", r"\n);\n", script.replace("\t", "    "))


@pytest.fixture(scope="module")
def ours(schema):
    return ddl.read(schema["mssql"])


def test_every_table_of_the_models_is_there_as_sqlalchemy_writes_it(ours):
    wanted = ddl.read(models())
    assert len(wanted) > 60
    differences = []
    for name, table in wanted.items():
        for column, meaning in table.columns.items():
            found = ours[name].columns.get(column)
            if found != MIGRATED.get((name, column), meaning):
                differences.append(f"{name}.{column}: ours {found}, the model's {meaning}")
        if set(ours[name].columns) != set(table.columns):
            differences.append(f"{name}: columns {set(ours[name].columns) ^ set(table.columns)}")
        key, found = primary_key(table), primary_key(ours[name])
        if found != MIGRATED.get((name, "PRIMARY KEY"), key):
            differences.append(f"{name}: key {found}, the model's {key}")
    assert not differences, "\n".join(differences)


def primary_key(table):
    return next(meaning[1] for meaning in table.constraints if meaning[0] == "PRIMARY KEY")


def test_tables_are_those_of_postgresql(ours):
    theirs = ddl.read((SCHEMA / "postgres.sql").read_text())
    assert list(ours) == list(theirs)
    for name, table in theirs.items():
        mine = ours[name]
        assert mine.order == table.order, name
        nullable = {column: kind[1] for column, kind in table.columns.items()}
        assert {column: kind[1] for column, kind in mine.columns.items()} == nullable, name
        assert mine.indexes == table.indexes, name
        named = {meaning: [None if given and GIVEN.match(given) else given for given in found]
                 for meaning, found in table.constraints.items()}
        assert mine.constraints == named, name

