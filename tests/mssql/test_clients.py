"""Clients that share no code with ours accept the responder, so that it is TDS what our driver speaks with it."""

import shutil
import subprocess

import pymssql
import pytest

LONG = "žluťoučký kůň 🐎 " * 400


def test_tsql_of_freetds(responder):
    command = ["tsql", "-H", "127.0.0.1", "-p", str(responder.port), "-U", responder.user, "-P", responder.password,
               "-D", "mlflow", "-o", "q"]
    assert shutil.which("tsql"), "install the Debian package freetds-bin"
    script = "SELECT 1 AS one, 'a' AS letter, 0.5 AS half, NULL AS lacking\nGO\nSELECT nonsense\nGO\nSELECT @@VERSION\nGO\n"
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60)
    assert "1\ta\t0.5\tNULL" in ran.stdout, ran
    assert "no such column" in ran.stderr, ran
    assert "(responder)" in ran.stdout, ran
    command[command.index("mlflow")] = "other"
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60)
    assert "Msg 4060" in ran.stderr, ran


def connect(responder, **changes):
    login = {"server": "127.0.0.1", "port": str(responder.port), "user": responder.user,
             "password": responder.password, "database": "mlflow", "login_timeout": 30, "timeout": 60, **changes}
    return pymssql.connect(**login)


def test_pymssql_reads_writes_and_rolls_back(responder):
    connection = connect(responder)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR(100), c FLOAT, d BOOLEAN, e BIGINT, f TEXT)")
    connection.commit()
    row = (1, "it's ä", 0.1, True, 2**62, LONG)
    cursor.execute("INSERT INTO t (a, b, c, d, e, f) VALUES (%s, %s, %s, %s, %s, %s)", row)
    assert cursor.rowcount == 1
    connection.commit()
    cursor.execute("INSERT INTO t (a) VALUES (2)")
    connection.rollback()
    cursor.execute("SELECT a, b, c, d, e, f FROM t")
    assert cursor.fetchall() == [row]
    with pytest.raises(pymssql.IntegrityError) as refused:
        cursor.execute("INSERT INTO t (a) VALUES (1)")
    assert refused.value.args[0] == 2627
    connection.close()


def test_pymssql_is_refused_with_another_password(responder):
    with pytest.raises(pymssql.OperationalError) as refused:
        connect(responder, password="wrong")
    assert "18456" in str(refused.value) and "Login failed for user 'ann'" in str(refused.value)
