//! Migrations on MySQL and MariaDB, where every change of a definition commits at once. A revision
//! that was cut off is run again from its beginning, so each change first looks whether it is there.

use super::script::{Action, Statement};
use super::table::{Column, Constraint, Index, Rule, Style, Table};
use crate::args;
use crate::driver::mysql::MySqlConnection;
use crate::error::{DbError, DbErrorKind};
use crate::session::Session;
use crate::value::Value;

/// How MySQL writes definitions.
pub struct MySqlStyle;

impl Style for MySqlStyle {
    fn quote(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn kind(&self, kind: &str) -> String {
        if kind == "IDENTITY" { "BIGINT" } else { kind }.to_owned()
    }

    fn identity(&self, kind: &str) -> &'static str {
        if kind == "IDENTITY" { " AUTO_INCREMENT" } else { "" }
    }
}

/// Whether a statement changes a definition, and so commits what was done before it.
pub fn defines(statement: &Statement) -> bool {
    match statement {
        Statement::Run(sql) => sql.starts_with("CREATE"),
        Statement::Step(_) => false,
        _ => true,
    }
}

/// Brings a definition about. What is there already stays as it is.
pub fn define(connection: &mut MySqlConnection, statement: &Statement) -> Result<(), DbError> {
    match statement {
        Statement::CreateTable(table) => create_table(connection, table),
        Statement::CreateIndex(index) => create_index(connection, index),
        // A trigger; statements of other kinds are no definitions.
        Statement::Run(sql) => {
            let name = sql.split_whitespace().nth(2).unwrap_or_default();
            if there(connection, TRIGGER, args![name])? { Ok(()) } else { connection.script(sql) }
        }
        Statement::Step(_) => Ok(()),
        Statement::AlterTable(table, actions) => {
            actions.iter().try_for_each(|action| change(connection, table, action))
        }
    }
}

const TABLE: &str = "SELECT 1 FROM information_schema.tables WHERE table_schema = database() \
                     AND table_name = ?";
const TRIGGER: &str = "SELECT 1 FROM information_schema.triggers \
                       WHERE trigger_schema = database() AND trigger_name = ?";
const COLUMN: &str = "SELECT 1 FROM information_schema.columns WHERE table_schema = database() \
                      AND table_name = ? AND column_name = ?";
const INDEX: &str = "SELECT 1 FROM information_schema.statistics WHERE table_schema = database() \
                     AND table_name = ? AND index_name = ? LIMIT 1";
const PRIMARY_KEY: &str = "SELECT column_name FROM information_schema.statistics \
                           WHERE table_schema = database() AND table_name = ? \
                           AND index_name = 'PRIMARY' ORDER BY seq_in_index";
const UNIQUE: &str = "SELECT index_name FROM information_schema.statistics \
                      WHERE table_schema = database() AND table_name = ? AND non_unique = 0 \
                      AND index_name <> 'PRIMARY' GROUP BY index_name \
                      HAVING count(*) = 1 AND max(column_name) = ? ORDER BY index_name";
const CONSTRAINT: &str = "SELECT constraint_type FROM information_schema.table_constraints \
                          WHERE constraint_schema = database() AND table_name = ? \
                          AND constraint_name = ?";
const FOREIGN_KEYS: &str = "SELECT constraint_name \
                            FROM information_schema.referential_constraints \
                            WHERE constraint_schema = database() AND table_name = ? \
                            AND referenced_table_name = ? ORDER BY constraint_name";

fn there(session: &mut dyn Session, sql: &str, args: &[Value<'_>]) -> Result<bool, DbError> {
    Ok(session.row(sql, args, |_| Ok(()))?.is_some())
}

/// Whether a table has a column.
pub fn has_column(session: &mut dyn Session, table: &str, column: &str) -> Result<bool, DbError> {
    there(session, COLUMN, args![table, column])
}

fn names(session: &mut dyn Session, sql: &str, args: &[Value<'_>]) -> Result<Vec<String>, DbError> {
    session.rows(sql, args, |row| row.text_or_empty(0))
}

/// A table of this name that has all columns is what an upgrade before this one created.
fn create_table(connection: &mut MySqlConnection, table: &Table) -> Result<(), DbError> {
    if !there(connection, TABLE, args![&table.name])? {
        return connection.script(&table.create(&MySqlStyle));
    }
    for column in &table.columns {
        if !has_column(connection, &table.name, &column.name)? {
            return Err(broken(&table.name, &format!("it has no column {}", column.name)));
        }
    }
    Ok(())
}

fn broken(table: &str, why: &str) -> DbError {
    DbError::new(DbErrorKind::Other, format!("the table {table} is not as MLflow made it: {why}"))
}

fn create_index(connection: &mut MySqlConnection, index: &Index) -> Result<(), DbError> {
    if there(connection, INDEX, args![&index.table, &index.name])? {
        return Ok(());
    }
    connection.script(&index.create(&MySqlStyle))
}

fn change(connection: &mut MySqlConnection, table: &str, action: &Action) -> Result<(), DbError> {
    let quote = |name: &str| MySqlStyle.quote(name);
    let clause = match action {
        Action::AddColumn { column, .. } => {
            if has_column(connection, table, &column.name)? {
                return Ok(());
            }
            format!("ADD COLUMN {}", column.define(&MySqlStyle))
        }
        Action::DropColumn(name) => {
            if !has_column(connection, table, name)? {
                return Ok(());
            }
            format!("DROP COLUMN {}", quote(name))
        }
        Action::RenameColumn(from, to) => {
            if has_column(connection, table, to)? {
                return Ok(());
            }
            format!("RENAME COLUMN {} TO {}", quote(from), quote(to))
        }
        Action::AlterColumn { column, .. } => modify(column),
        Action::AddConstraint(constraint) => return add(connection, table, constraint),
        Action::DropConstraint { name, .. } => return drop_constraint(connection, table, name),
        // Goes when the next one comes: there may be no moment without.
        Action::DropPrimaryKey(_) => return Ok(()),
        Action::DropForeignKeysTo(target) => {
            let keys = names(connection, FOREIGN_KEYS, args![table, target])?;
            return keys.iter().try_for_each(|name| drop_constraint(connection, table, name));
        }
        Action::DropUnique(column) => {
            return match names(connection, UNIQUE, args![table, column])?.first() {
                Some(name) => drop_index(connection, table, name),
                None => Ok(()),
            };
        }
        Action::DropIndex(name) => return drop_index(connection, table, name),
    };
    alter(connection, table, &clause)
}

fn alter(connection: &mut MySqlConnection, table: &str, clause: &str) -> Result<(), DbError> {
    connection.script(&format!("ALTER TABLE {} {clause}", MySqlStyle.quote(table)))
}

fn modify(column: &Column) -> String {
    format!("MODIFY {}", column.define(&MySqlStyle))
}

fn add(
    connection: &mut MySqlConnection,
    table: &str,
    constraint: &Constraint,
) -> Result<(), DbError> {
    let definition = format!("ADD {}", constraint.define(&MySqlStyle));
    if let Rule::PrimaryKey(columns) = &constraint.rule {
        let present = names(connection, PRIMARY_KEY, args![table])?;
        return match present.as_slice() {
            present if present == columns.as_slice() => Ok(()),
            [] => alter(connection, table, &definition),
            _ => alter(connection, table, &format!("DROP PRIMARY KEY, {definition}")),
        };
    }
    if let Some(name) = &constraint.name
        && kind_of(connection, table, name)?.is_some()
    {
        return Ok(());
    }
    alter(connection, table, &definition)
}

fn kind_of(session: &mut dyn Session, table: &str, name: &str) -> Result<Option<String>, DbError> {
    session.row(CONSTRAINT, args![table, name], |row| row.text_or_empty(0))
}

fn drop_constraint(
    connection: &mut MySqlConnection,
    table: &str,
    name: &str,
) -> Result<(), DbError> {
    let quoted = MySqlStyle.quote(name);
    let clause = match kind_of(connection, table, name)?.as_deref() {
        None => return Ok(()),
        Some("FOREIGN KEY") => format!("DROP FOREIGN KEY {quoted}"),
        Some("UNIQUE") => format!("DROP INDEX {quoted}"),
        Some("CHECK") => format!("DROP CONSTRAINT {quoted}"),
        Some(other) => return Err(broken(table, &format!("{name} is a {other}"))),
    };
    alter(connection, table, &clause)
}

fn drop_index(connection: &mut MySqlConnection, table: &str, name: &str) -> Result<(), DbError> {
    if !there(connection, INDEX, args![table, name])? {
        return Ok(());
    }
    alter(connection, table, &format!("DROP INDEX {}", MySqlStyle.quote(name)))
}
