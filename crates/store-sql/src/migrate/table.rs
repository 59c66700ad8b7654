//! Tables as data: read from their definitions, changed, and written again.

use std::fmt::Write as _;

use super::lexer::{Reader, confused, tokens};
use crate::error::DbError;

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its constraints; those that were written with a column, too.
    pub constraints: Vec<Constraint>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as it was written.
    pub kind: String,
    /// Its default, as an expression.
    pub default: Option<String>,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// The expression, in brackets, that it is stored as.
    pub generated: Option<String>,
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it demands.
    pub rule: Rule,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The columns identify a row.
    PrimaryKey(Vec<String>),
    /// The columns together are unique.
    Unique(Vec<String>),
    /// The columns point to a row of another table.
    ForeignKey(ForeignKey),
    /// An expression, in brackets, holds.
    Check(String),
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns that point.
    pub columns: Vec<String>,
    /// The table that they point to.
    pub table: String,
    /// The columns that they point to.
    pub targets: Vec<String>,
    /// `ON DELETE …` and `ON UPDATE …`, in capitals.
    pub actions: String,
}

impl Table {
    /// Reads `CREATE TABLE`.
    pub fn parse(sql: &str) -> Result<Table, DbError> {
        let tokens = tokens(sql)?;
        let mut reader = Reader::new(sql, &tokens);
        reader.must("CREATE TABLE")?;
        let mut table =
            Table { name: reader.name()?, columns: Vec::new(), constraints: Vec::new() };
        if !reader.take_symbol('(') {
            return Err(reader.confused("( expected"));
        }
        loop {
            match Constraint::read(&mut reader)? {
                Some(constraint) => table.constraints.push(constraint),
                None => {
                    let column = Column::read(&mut reader, &mut table.constraints)?;
                    table.columns.push(column);
                }
            }
            if reader.take_symbol(')') {
                break;
            }
            if !reader.take_symbol(',') {
                return Err(reader.confused(", expected"));
            }
        }
        if !reader.rest().is_empty() {
            return Err(confused("options after the last bracket", sql));
        }
        Ok(table)
    }

    /// The column of this name.
    pub fn column(&mut self, name: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// `CREATE TABLE`, one definition to a line: SQLAlchemy reads names back by lines.
    pub fn create(&self, style: &dyn Style) -> String {
        let mut lines: Vec<String> =
            self.columns.iter().map(|column| column.define(style)).collect();
        lines.extend(self.constraints.iter().map(|constraint| constraint.define(style)));
        let name = style.quote(&self.name);
        format!("CREATE TABLE {name} (\n    {}\n){}", lines.join(",\n    "), style.table_options())
    }
}

impl Column {
    /// Reads a column; constraints that are written with it are added to those of the table.
    pub fn read(
        reader: &mut Reader<'_>,
        constraints: &mut Vec<Constraint>,
    ) -> Result<Column, DbError> {
        let name = reader.name()?;
        let mut kind = reader.any()?.to_owned();
        while matches!(reader.peek().as_str(), "PRECISION" | "VARYING") {
            write!(kind, " {}", reader.any()?).ok();
        }
        if reader.at_symbol('(') {
            kind.push_str(reader.brackets()?);
        }
        let mut column = Column { name, kind, default: None, not_null: false, generated: None };
        while column.read_more(reader, constraints)? {}
        Ok(column)
    }

    fn read_more(
        &mut self,
        reader: &mut Reader<'_>,
        constraints: &mut Vec<Constraint>,
    ) -> Result<bool, DbError> {
        let own = || vec![self.name.clone()];
        if reader.take("NOT NULL") {
            self.not_null = true;
        } else if reader.take("NULL") {
            self.not_null = false;
        } else if reader.take("DEFAULT") {
            let bracketed = reader.at_symbol('(');
            let text = if bracketed { reader.brackets()? } else { reader.any()? };
            self.default = Some(text.to_owned());
        } else if reader.take("GENERATED ALWAYS AS") {
            self.generated = Some(reader.brackets()?.to_owned());
            reader.must("STORED")?;
        } else if reader.take("PRIMARY KEY") {
            constraints.push(Constraint { name: None, rule: Rule::PrimaryKey(own()) });
        } else if reader.take("UNIQUE") {
            constraints.push(Constraint { name: None, rule: Rule::Unique(own()) });
        } else if reader.take("CHECK") {
            let rule = Rule::Check(reader.brackets()?.to_owned());
            constraints.push(Constraint { name: None, rule });
        } else if reader.peek() == "REFERENCES" {
            let rule = Rule::ForeignKey(ForeignKey::read(reader, own())?);
            constraints.push(Constraint { name: None, rule });
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The definition inside `CREATE TABLE` and `ADD COLUMN`.
    pub fn define(&self, style: &dyn Style) -> String {
        let mut text = format!("{} {}", style.quote(&self.name), style.kind(&self.kind));
        if let Some(default) = &self.default {
            write!(text, " DEFAULT {}", style.default(default)).ok();
        }
        if let Some(expression) = &self.generated {
            write!(text, " GENERATED ALWAYS AS {expression} STORED").ok();
        }
        if self.not_null {
            text.push_str(" NOT NULL");
        }
        text.push_str(style.identity(&self.kind));
        text
    }
}

impl Constraint {
    /// Reads a constraint, if one is next.
    pub fn read(reader: &mut Reader<'_>) -> Result<Option<Constraint>, DbError> {
        let name = if reader.take("CONSTRAINT") { Some(reader.name()?) } else { None };
        let rule = if reader.take("PRIMARY KEY") {
            Rule::PrimaryKey(reader.names()?)
        } else if reader.take("UNIQUE") {
            Rule::Unique(reader.names()?)
        } else if reader.take("FOREIGN KEY") {
            let columns = reader.names()?;
            Rule::ForeignKey(ForeignKey::read(reader, columns)?)
        } else if reader.take("CHECK") {
            Rule::Check(reader.brackets()?.to_owned())
        } else if name.is_some() {
            return Err(reader.confused("a constraint expected"));
        } else {
            return Ok(None);
        };
        Ok(Some(Constraint { name, rule }))
    }

    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether it is a foreign key to this table.
    pub fn points_to(&self, table: &str) -> bool {
        matches!(&self.rule, Rule::ForeignKey(key) if key.table.eq_ignore_ascii_case(table))
    }

    /// The definition inside `CREATE TABLE` and `ADD CONSTRAINT`.
    pub fn define(&self, style: &dyn Style) -> String {
        let list = |names: &[String]| style.list(names);
        let rule = match &self.rule {
            Rule::PrimaryKey(columns) => format!("PRIMARY KEY ({})", list(columns)),
            Rule::Unique(columns) => format!("UNIQUE ({})", list(columns)),
            Rule::Check(expression) => format!("CHECK {expression}"),
            Rule::ForeignKey(key) => format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}){}",
                list(&key.columns),
                style.quote(&key.table),
                list(&key.targets),
                key.actions
            ),
        };
        match &self.name {
            Some(name) => format!("CONSTRAINT {} {rule}", style.quote(name)),
            None => rule,
        }
    }
}

impl ForeignKey {
    fn read(reader: &mut Reader<'_>, columns: Vec<String>) -> Result<ForeignKey, DbError> {
        reader.must("REFERENCES")?;
        let (table, targets) = (reader.name()?, reader.names()?);
        let mut actions = String::new();
        while reader.take("ON") {
            let event = reader.any()?.to_uppercase();
            let mut action = reader.any()?.to_uppercase();
            if matches!(action.as_str(), "SET" | "NO") {
                write!(action, " {}", reader.any()?.to_uppercase()).ok();
            }
            write!(actions, " ON {event} {action}").ok();
        }
        Ok(ForeignKey { columns, table, targets, actions })
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Whether its columns together are unique.
    pub unique: bool,
    /// Its table.
    pub table: String,
    /// Its columns, in order.
    pub columns: Vec<IndexColumn>,
    /// `INCLUDE …` and `WHERE …`, as they were written.
    pub tail: String,
}

/// A column of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexColumn {
    /// Its name.
    pub name: String,
    /// ` DESC`, or how many characters of it count, in brackets.
    pub suffix: String,
}

impl Index {
    /// Reads `CREATE INDEX`.
    pub fn parse(sql: &str) -> Result<Index, DbError> {
        let tokens = tokens(sql)?;
        let mut reader = Reader::new(sql, &tokens);
        reader.must("CREATE")?;
        let unique = reader.take("UNIQUE");
        reader.must("INDEX")?;
        reader.take("IF NOT EXISTS");
        let name = reader.name()?;
        reader.must("ON")?;
        let table = reader.name()?;
        if !reader.take_symbol('(') {
            return Err(reader.confused("( expected"));
        }
        let mut columns = Vec::new();
        loop {
            let name = reader.name()?;
            let suffix = if reader.take("DESC") {
                " DESC".to_owned()
            } else if reader.at_symbol('(') {
                reader.brackets()?.to_owned()
            } else {
                String::new()
            };
            columns.push(IndexColumn { name, suffix });
            if !reader.take_symbol(',') {
                break;
            }
        }
        if !reader.take_symbol(')') {
            return Err(reader.confused(") expected"));
        }
        Ok(Index { name, unique, table, columns, tail: reader.rest().to_owned() })
    }

    /// `CREATE INDEX`.
    pub fn create(&self, style: &dyn Style) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("{}{}", style.quote(&column.name), column.suffix))
            .collect();
        let unique = if self.unique { "UNIQUE " } else { "" };
        let tail = if self.tail.is_empty() { String::new() } else { format!(" {}", self.tail) };
        format!(
            "CREATE {unique}INDEX {} ON {} ({}){tail}",
            style.quote(&self.name),
            style.quote(&self.table),
            columns.join(", ")
        )
    }
}

/// How a database writes definitions.
pub trait Style {
    /// A name.
    fn quote(&self, name: &str) -> String;

    /// The database's word for a type of the migrations.
    fn kind(&self, kind: &str) -> String;

    /// A default.
    fn default(&self, default: &str) -> String {
        default.to_owned()
    }

    /// What makes a column of this type count by itself, behind all else.
    fn identity(&self, _kind: &str) -> &'static str {
        ""
    }

    /// What follows the last bracket of `CREATE TABLE`.
    fn table_options(&self) -> &'static str {
        ""
    }

    /// Names with commas between.
    fn list(&self, names: &[String]) -> String {
        names.iter().map(|name| self.quote(name)).collect::<Vec<_>>().join(", ")
    }
}
