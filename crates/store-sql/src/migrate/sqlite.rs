//! Migrations on SQLite, which changes little about a table in place: for the rest, a new table
//! takes the place of the old one.

use super::script::{Action, Statement};
use super::table::{Constraint, Index, Rule, Style, Table};
use crate::args;
use crate::error::{DbError, DbErrorKind};
use crate::session::Session;

/// How SQLite writes definitions; word for word as SQLAlchemy has it written.
pub struct SqliteStyle;

impl Style for SqliteStyle {
    fn quote(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name == "key" || !name.chars().all(plain) {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name.to_owned()
        }
    }

    fn kind(&self, kind: &str) -> String {
        match kind {
            "DOUBLE" => "FLOAT",
            "MEDIUMTEXT" | "LONGTEXT" => "TEXT",
            "IDENTITY" => "INTEGER",
            other => other,
        }
        .to_owned()
    }

    fn default(&self, default: &str) -> String {
        if default == "FALSE" { "0".to_owned() } else { default.to_owned() }
    }
}

/// Runs one statement of a migration; steps are not among them.
pub fn apply(session: &mut dyn Session, statement: &Statement) -> Result<(), DbError> {
    match statement {
        Statement::CreateTable(table) => run(session, &table.create(&SqliteStyle)),
        Statement::CreateIndex(index) => run(session, &index.create(&SqliteStyle)),
        Statement::Run(sql) => run(session, sql),
        Statement::Step(_) => Ok(()),
        Statement::AlterTable(name, actions) => {
            if actions.iter().all(in_place) {
                actions.iter().try_for_each(|action| change(session, name, action))
            } else {
                rebuild(session, name, actions)
            }
        }
    }
}

/// Whether the whole table is written anew.
pub fn rewrites(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::AlterTable(name, actions) if !actions.iter().all(in_place) => Some(name),
        _ => None,
    }
}

fn run(session: &mut dyn Session, sql: &str) -> Result<(), DbError> {
    session.execute(sql, &[]).map(drop)
}

fn in_place(action: &Action) -> bool {
    matches!(action, Action::AddColumn { before: None, .. } | Action::DropIndex(_))
}

fn change(session: &mut dyn Session, table: &str, action: &Action) -> Result<(), DbError> {
    match action {
        Action::AddColumn { column, if_missing, .. } => {
            let there = Table::parse(&definition(session, table)?)?.column(&column.name).is_some();
            if there && *if_missing {
                return Ok(());
            }
            let (table, column) = (SqliteStyle.quote(table), column.define(&SqliteStyle));
            run(session, &format!("ALTER TABLE {table} ADD COLUMN {column}"))
        }
        Action::DropIndex(name) => run(session, &format!("DROP INDEX {}", SqliteStyle.quote(name))),
        other => Err(broken(table, &format!("{other:?} cannot be done in place"))),
    }
}

fn broken(table: &str, why: &str) -> DbError {
    DbError::new(DbErrorKind::Other, format!("the table {table} is not as MLflow made it: {why}"))
}

fn definition(session: &mut dyn Session, table: &str) -> Result<String, DbError> {
    let sql = "SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)";
    session
        .row(sql, args![table], |row| row.text_or_empty(0))?
        .ok_or_else(|| broken(table, "it is missing"))
}

/// A table that is being changed, with what belongs to it.
struct Draft {
    table: Table,
    indexes: Vec<(Index, String)>,
    /// Columns that keep their content: the old name and the new one.
    carried: Vec<(String, String)>,
}

fn rebuild(session: &mut dyn Session, name: &str, actions: &[Action]) -> Result<(), DbError> {
    let mut draft = Draft::of(session, name)?;
    for action in actions {
        draft.apply(action)?;
    }
    // A column that is computed computes itself.
    let table = &draft.table;
    let stored = |name: &str| {
        table.columns.iter().any(|column| column.name == name && column.generated.is_none())
    };
    let carried = draft.carried.iter().filter(|(_, new)| stored(new));
    let (from, to): (Vec<String>, Vec<String>) = carried.cloned().unzip();
    let (from, to) = (SqliteStyle.list(&from), SqliteStyle.list(&to));

    let triggers = belongings(session, name, "trigger")?;
    let old = SqliteStyle.quote(name);
    let fresh = Table { name: format!("oxflow_new_{name}"), ..draft.table.clone() };
    let new = SqliteStyle.quote(&fresh.name);
    run(session, &fresh.create(&SqliteStyle))?;
    run(session, &format!("INSERT INTO {new} ({to}) SELECT {from} FROM {old}"))?;
    run(session, &format!("DROP TABLE {old}"))?;
    run(session, &format!("ALTER TABLE {new} RENAME TO {old}"))?;
    for sql in draft.indexes.iter().map(|(_, sql)| sql).chain(&triggers) {
        run(session, sql)?;
    }
    Ok(())
}

/// The definitions of the indexes or triggers of a table.
fn belongings(session: &mut dyn Session, table: &str, kind: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT sql FROM sqlite_master WHERE type = ? AND lower(tbl_name) = lower(?) \
               AND sql IS NOT NULL ORDER BY rowid";
    session.rows(sql, args![kind, table], |row| row.text_or_empty(0))
}

impl Draft {
    fn of(session: &mut dyn Session, name: &str) -> Result<Draft, DbError> {
        let mut table = Table::parse(&definition(session, name)?)?;
        // SQLAlchemy cannot tell what a CHECK without a name belongs to and leaves it out; so must
        // we, for the migrations state it again where it is to stay.
        table.constraints.retain(|own| own.name.is_some() || !matches!(own.rule, Rule::Check(_)));
        let mut indexes = Vec::new();
        for sql in belongings(session, name, "index")? {
            indexes.push((Index::parse(&sql)?, sql));
        }
        let carried =
            table.columns.iter().map(|column| (column.name.clone(), column.name.clone())).collect();
        Ok(Draft { table, indexes, carried })
    }

    fn apply(&mut self, action: &Action) -> Result<(), DbError> {
        let table = &mut self.table;
        match action {
            Action::AddColumn { column, before, .. } => {
                let found = |name: &String| table.columns.iter().position(|c| c.name == *name);
                let at = before.as_ref().and_then(found).unwrap_or(table.columns.len());
                table.columns.insert(at, column.clone());
            }
            Action::DropColumn(name) => {
                table.columns.retain(|column| column.name != *name);
                self.carried.retain(|(old, _)| old != name);
            }
            Action::RenameColumn(from, to) => self.rename(from, to)?,
            Action::AlterColumn { column, nullness } => {
                let own = table.column(&column.name).ok_or_else(|| missing(&column.name))?;
                own.kind.clone_from(&column.kind);
                if *nullness {
                    own.not_null = column.not_null;
                }
                if column.default.is_some() {
                    own.default.clone_from(&column.default);
                }
            }
            Action::AddConstraint(constraint) => self.add(constraint),
            Action::DropConstraint { name, if_there } => {
                let before = table.constraints.len();
                table.constraints.retain(|own| !own.is(name));
                if table.constraints.len() == before && !if_there {
                    return Err(broken(&table.name, &format!("it has no constraint {name}")));
                }
            }
            Action::DropPrimaryKey(_) => {
                table.constraints.retain(|own| !matches!(own.rule, Rule::PrimaryKey(_)));
            }
            Action::DropForeignKeysTo(target) => {
                table.constraints.retain(|own| !own.points_to(target));
            }
            Action::DropUnique(column) => self.drop_unique(column),
            Action::DropIndex(name) => self.indexes.retain(|(index, _)| index.name != *name),
        }
        Ok(())
    }

    /// A primary key takes the place of the one before, as it does in the order of definitions.
    fn add(&mut self, constraint: &Constraint) {
        let constraints = &mut self.table.constraints;
        if matches!(constraint.rule, Rule::PrimaryKey(_)) {
            constraints.retain(|own| !matches!(own.rule, Rule::PrimaryKey(_)));
            constraints.insert(0, constraint.clone());
        } else {
            constraints.push(constraint.clone());
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DbError> {
        let column = self.table.column(from).ok_or_else(|| missing(from))?;
        to.clone_into(&mut column.name);
        for (_, new) in self.carried.iter_mut().filter(|(old, _)| old == from) {
            to.clone_into(new);
        }
        Ok(())
    }

    /// The first constraint on this column alone, else the first index.
    fn drop_unique(&mut self, column: &str) {
        let alone = |columns: &[String]| matches!(columns, [only] if only == column);
        let constraints = &mut self.table.constraints;
        let rule = |own: &Constraint| matches!(&own.rule, Rule::Unique(columns) if alone(columns));
        if let Some(at) = constraints.iter().position(rule) {
            constraints.remove(at);
            return;
        }
        let unique = |index: &Index| {
            index.unique && matches!(index.columns.as_slice(), [only] if only.name == column)
        };
        if let Some(at) = self.indexes.iter().position(|(index, _)| unique(index)) {
            self.indexes.remove(at);
        }
    }
}

fn missing(column: &str) -> DbError {
    DbError::new(DbErrorKind::Other, format!("a table has no column {column}"))
}
