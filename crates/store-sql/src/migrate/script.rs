//! The text of a migration: portable SQL, one statement after the other, each ending with a line.
//!
//! A comment `only: sqlite, mysql` in front of a statement keeps it from the other databases, and
//! `step: name` stands for work that is done in Rust.

use super::lexer::{Reader, tokens};
use super::table::{Column, Constraint, Index, Table};
use crate::error::DbError;

/// The databases whose SQL differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl Family {
    fn word(self) -> &'static str {
        match self {
            Family::Sqlite => "sqlite",
            Family::Postgres => "postgres",
            Family::Mysql => "mysql",
        }
    }
}

/// A statement of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// A new table.
    CreateTable(Table),
    /// A new index.
    CreateIndex(Index),
    /// Changes to a table that belong together.
    AlterTable(String, Vec<Action>),
    /// SQL to be run as it is.
    Run(String),
    /// Work done in Rust.
    Step(String),
}

/// A change to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new column; perhaps only if it is missing, perhaps in front of another one.
    AddColumn {
        /// The column.
        column: Column,
        /// Whether it may be there already.
        if_missing: bool,
        /// The column that it is to precede, where the order can be chosen.
        before: Option<String>,
    },
    /// A column goes.
    DropColumn(String),
    /// A column gets another name.
    RenameColumn(String, String),
    /// A column gets another type.
    AlterColumn {
        /// The column as it shall be.
        column: Column,
        /// Whether it was said if NULL is refused.
        nullness: bool,
    },
    /// A new constraint.
    AddConstraint(Constraint),
    /// A constraint goes; perhaps only if it is there.
    DropConstraint {
        /// Its name.
        name: String,
        /// Whether it may be missing.
        if_there: bool,
    },
    /// The primary key of this name goes.
    DropPrimaryKey(String),
    /// All foreign keys to this table go, whatever they are called.
    DropForeignKeysTo(String),
    /// The constraint or index that makes this column unique goes, whatever it is called.
    DropUnique(String),
    /// An index goes.
    DropIndex(String),
}

/// The statements that concern one kind of database.
pub fn statements(script: &str, family: Family) -> Result<Vec<Statement>, DbError> {
    let mut out = Vec::new();
    let mut wanted = true;
    let mut text = String::new();
    for line in script.lines() {
        if text.is_empty() {
            if let Some(families) = line.strip_prefix("-- only: ") {
                wanted = families.split(", ").any(|name| name == family.word());
                continue;
            }
            if let Some(step) = line.strip_prefix("-- step: ") {
                out.push(Statement::Step(step.trim().to_owned()));
                continue;
            }
            if line.starts_with("--") || line.trim().is_empty() {
                continue;
            }
        }
        text.push_str(line);
        text.push('\n');
        if ends(&text, line) {
            if wanted {
                out.push(parse(text.trim_end())?);
            }
            text.clear();
            wanted = true;
        }
    }
    Ok(out)
}

/// Whether a statement ends with this line. Bodies of functions and triggers hold semicolons.
fn ends(text: &str, line: &str) -> bool {
    if text.contains(" AS $$\n") {
        line.starts_with("$$")
    } else if text.contains("\nBEGIN\n") {
        line == "END;"
    } else {
        line.ends_with(';')
    }
}

fn parse(sql: &str) -> Result<Statement, DbError> {
    let begins = |words: &str| sql.starts_with(words);
    let code = sql.strip_suffix(';').unwrap_or(sql);
    if begins("CREATE TABLE") {
        Table::parse(code).map(Statement::CreateTable)
    } else if begins("CREATE INDEX") || begins("CREATE UNIQUE INDEX") {
        Index::parse(code).map(Statement::CreateIndex)
    } else if begins("ALTER TABLE") {
        alter(code)
    } else if begins("CREATE TRIGGER") {
        Ok(Statement::Run(sql.to_owned()))
    } else {
        Ok(Statement::Run(code.to_owned()))
    }
}

fn alter(sql: &str) -> Result<Statement, DbError> {
    let tokens = tokens(sql)?;
    let mut reader = Reader::new(sql, &tokens);
    reader.must("ALTER TABLE")?;
    let table = reader.name()?;
    let mut actions = Vec::new();
    loop {
        action(&mut reader, &mut actions)?;
        if reader.done() {
            return Ok(Statement::AlterTable(table, actions));
        }
        if !reader.take_symbol(',') {
            return Err(reader.confused(", expected"));
        }
    }
}

fn action(reader: &mut Reader<'_>, out: &mut Vec<Action>) -> Result<(), DbError> {
    let action = if reader.take("ADD COLUMN") {
        let if_missing = reader.take("IF NOT EXISTS");
        let mut constraints = Vec::new();
        let column = Column::read(reader, &mut constraints)?;
        let before = if reader.take("BEFORE") { Some(reader.name()?) } else { None };
        out.push(Action::AddColumn { column, if_missing, before });
        out.extend(constraints.into_iter().map(Action::AddConstraint));
        return Ok(());
    } else if reader.take("DROP COLUMN") {
        Action::DropColumn(reader.name()?)
    } else if reader.take("RENAME COLUMN") {
        let from = reader.name()?;
        reader.must("TO")?;
        Action::RenameColumn(from, reader.name()?)
    } else if reader.take("ALTER COLUMN") {
        alter_column(reader)?
    } else if reader.take("DROP PRIMARY KEY") {
        Action::DropPrimaryKey(reader.name()?)
    } else if reader.take("DROP FOREIGN KEYS TO") {
        Action::DropForeignKeysTo(reader.name()?)
    } else if reader.take("DROP UNIQUE") {
        let mut names = reader.names()?;
        Action::DropUnique(names.pop().unwrap_or_default())
    } else if reader.take("DROP INDEX") {
        Action::DropIndex(reader.name()?)
    } else if reader.take("DROP CONSTRAINT") {
        let if_there = reader.take("IF EXISTS");
        Action::DropConstraint { name: reader.name()?, if_there }
    } else if reader.take("ADD") {
        let constraint =
            Constraint::read(reader)?.ok_or_else(|| reader.confused("a constraint expected"))?;
        Action::AddConstraint(constraint)
    } else {
        return Err(reader.confused("an action expected"));
    };
    out.push(action);
    Ok(())
}

/// `name TYPE type [NOT NULL | NULL] [DEFAULT …]`.
fn alter_column(reader: &mut Reader<'_>) -> Result<Action, DbError> {
    let name = reader.name()?;
    reader.must("TYPE")?;
    let mut kind = reader.any()?.to_owned();
    if reader.at_symbol('(') {
        kind.push_str(reader.brackets()?);
    }
    let mut column = Column { name, kind, default: None, not_null: false, generated: None };
    let mut nullness = false;
    if reader.take("NOT NULL") {
        (nullness, column.not_null) = (true, true);
    } else if reader.take("NULL") {
        nullness = true;
    }
    if reader.take("DEFAULT") {
        column.default = Some(reader.any()?.to_owned());
    }
    Ok(Action::AlterColumn { column, nullness })
}
