//! What the responder keeps: a SQLite database, in which it looks up what clients ask.

use std::path::Path;
use std::time::Duration;

use oxflow_store_sql::schema;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};

use super::answer::{Answer, Kind};
use super::request::Request;
use super::translate::{statements, translate};

/// A refusal: its number and its words.
pub type Refusal = (u32, String);

/// A client's connection to the database.
pub struct Session {
    connection: Connection,
    /// The number of the transaction, while there is one.
    transaction: Option<u64>,
    next: u64,
    snapshot: bool,
    /// Whether experiments may be numbered by hand.
    by_hand: bool,
}

impl Session {
    pub fn open(file: &Path) -> Session {
        let connection = Connection::open(file).unwrap();
        connection.busy_timeout(Duration::from_secs(20)).unwrap();
        let settings = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; \
                        PRAGMA case_sensitive_like = ON";
        connection.execute_batch(settings).unwrap();
        Session { connection, transaction: None, next: 1, snapshot: false, by_hand: false }
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Request) -> Answer {
        let mut answer = Answer::default();
        match self.run(request, &mut answer) {
            Ok(()) if request.is_call => answer.returned(),
            Ok(()) => {}
            Err(refusal) => self.refuse(&refusal, request.is_call, &mut answer),
        }
        answer
    }

    /// A refusal ends the transaction, as Oxflow asks for.
    pub fn refuse(&mut self, refusal: &Refusal, is_call: bool, answer: &mut Answer) {
        answer.error(refusal.0, &refusal.1);
        self.end(false, answer);
        answer.failed(is_call);
    }

    fn run(&mut self, request: &Request, answer: &mut Answer) -> Result<(), Refusal> {
        if let Some(script) = script(&request.sql) {
            self.connection.execute_batch(&script).map_err(|why| refusal(&why))?;
            answer.statement(request.is_call, None, true);
            return Ok(());
        }
        let parts = match known(&request.sql) {
            Some(sql) => vec![sql],
            None => statements(&request.sql),
        };
        if parts.is_empty() {
            answer.statement(request.is_call, None, true);
        }
        for (i, sql) in parts.iter().enumerate() {
            let rows = match self.control(sql, answer)? {
                true => None,
                false => Some(self.statement(sql, &request.args, answer)?),
            };
            answer.statement(request.is_call, rows, i + 1 == parts.len());
        }
        Ok(())
    }

    /// Whether this was about the conversation, not the data.
    fn control(&mut self, sql: &str, answer: &mut Answer) -> Result<bool, Refusal> {
        let upper = sql.to_ascii_uppercase();
        let words: Vec<&str> = upper.split_whitespace().collect();
        match words.as_slice() {
            ["SET", "IDENTITY_INSERT", _, state] => self.by_hand = *state == "ON",
            ["SET", "TRANSACTION", "ISOLATION", "LEVEL", level @ ..] => {
                self.snapshot = level == ["SNAPSHOT"];
            }
            ["SET" | "USE", ..] => {}
            ["BEGIN", "TRAN" | "TRANSACTION", ..] => self.begin(answer)?,
            ["COMMIT", ..] => self.commit(answer)?,
            ["ROLLBACK", ..] | ["IF", "@@TRANCOUNT", ">", "0", "ROLLBACK", ..] => {
                self.end(false, answer);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn begin(&mut self, answer: &mut Answer) -> Result<(), Refusal> {
        let begin = if self.snapshot { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.connection.execute_batch(begin).map_err(|why| refusal(&why))?;
        self.transaction = Some(self.next);
        answer.begun(self.next);
        self.next += 1;
        Ok(())
    }

    fn commit(&mut self, answer: &mut Answer) -> Result<(), Refusal> {
        if self.transaction.is_none() {
            let why = "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.";
            return Err((3902, why.to_owned()));
        }
        self.connection.execute_batch("COMMIT").map_err(|why| refusal(&why))?;
        self.end(true, answer);
        Ok(())
    }

    fn end(&mut self, committed: bool, answer: &mut Answer) {
        if let Some(number) = self.transaction.take() {
            if !committed {
                self.connection.execute_batch("ROLLBACK").unwrap();
            }
            answer.ended(number, committed);
        }
    }

    /// Runs a statement; the number of rows that it returned or touched.
    fn statement(
        &self,
        sql: &str,
        args: &[(String, Value)],
        answer: &mut Answer,
    ) -> Result<u64, Refusal> {
        if sql.contains("INTO experiments") && sql.contains("experiment_id,") && !self.by_hand {
            let why = "Cannot insert explicit value for identity column in table 'experiments' when \
                       IDENTITY_INSERT is set to OFF.";
            return Err((544, why.to_owned()));
        }
        let sql = translate(sql)?;
        let failed = |why: rusqlite::Error| refusal(&why);
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        for (name, value) in args {
            if let Some(index) = statement.parameter_index(name).map_err(failed)? {
                statement.raw_bind_parameter(index, value).map_err(failed)?;
            }
        }
        if statement.column_count() == 0 {
            return statement.raw_execute().map(|rows| rows as u64).map_err(failed);
        }
        let declared: Vec<(String, Option<String>)> = statement
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), column.decl_type().map(str::to_owned)))
            .collect();
        let mut found: Vec<Vec<Value>> = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            let row: rusqlite::Result<_> = (0..declared.len()).map(|i| row.get(i)).collect();
            found.push(row.map_err(failed)?);
        }
        let columns: Vec<(String, Kind)> = declared
            .into_iter()
            .enumerate()
            .map(|(i, (name, declared))| {
                let values: Vec<&Value> = found.iter().map(|row| &row[i]).collect();
                (name, kind(declared.as_deref(), &values))
            })
            .collect();
        answer.columns(&columns);
        found.iter().for_each(|row| answer.row(&columns, row));
        Ok(found.len() as u64)
    }
}

/// The type that SQL Server would have: as declared, else by what there is.
fn kind(declared: Option<&str>, values: &[&Value]) -> Kind {
    let longest =
        values.iter().map(|value| if let Value::Text(text) = value { text.len() } else { 0 });
    let is_long = longest.max().unwrap_or(0) > 4000;
    match declared.map(|name| name.split('(').next().unwrap_or(name)) {
        Some("BOOLEAN") => Kind::Bit,
        Some("INTEGER") => Kind::Int,
        Some("BIGINT") => Kind::BigInt,
        Some("FLOAT" | "REAL" | "DOUBLE") => Kind::Float,
        Some("TEXT" | "JSON") => Kind::NVarCharMax,
        Some(_) => Kind::NVarChar,
        None if is_long => Kind::VarCharMax,
        None if values.iter().any(|value| matches!(value, Value::Text(_))) => Kind::VarChar,
        None if values.iter().any(|value| matches!(value, Value::Real(_))) => Kind::Float,
        None => Kind::BigInt,
    }
}

/// Makes the file, so that it can be read while somebody writes.
pub fn create(file: &Path) {
    Connection::open(file).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
}

/// What asks SQL Server about itself, asked of SQLite.
fn known(sql: &str) -> Option<&'static str> {
    Some(match sql {
        sql if sql.contains("sp_getapplock") => "SELECT 0",
        sql if sql.contains("'CodePage'") => "SELECT 65001",
        sql if sql.contains("snapshot_isolation_state") => "SELECT 1",
        sql if sql.contains("FROM sys.tables") => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        sql if sql.contains("FROM sys.indexes") => {
            "SELECT name FROM sqlite_master WHERE type = 'index'"
        }
        _ => return None,
    })
}

/// Tables are created as for SQLite.
fn script(sql: &str) -> Option<String> {
    Some(match sql {
        sql if sql.contains("CREATE TABLE experiments") => schema::SQLITE.to_owned(),
        sql if sql.contains("CREATE TABLE oxflow_views") => schema::SQLITE_TABLES.to_owned(),
        sql if sql.contains("CREATE INDEX oxflow_") => sql.to_owned(),
        _ => return None,
    })
}

/// SQLite's refusal as SQL Server would number it.
fn refusal(why: &rusqlite::Error) -> Refusal {
    let number = match why {
        rusqlite::Error::SqliteFailure(code, _) => match (code.code, code.extended_code) {
            // What points nowhere, what is pointed to, what a condition forbids.
            (ErrorCode::ConstraintViolation, 787 | 1811 | 275) => 547,
            (ErrorCode::ConstraintViolation, 1299) => 515,
            (ErrorCode::ConstraintViolation, _) => 2627,
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => 1222,
            _ => too_much(&why.to_string()),
        },
        _ => too_much(&why.to_string()),
    };
    (number, why.to_string())
}

/// SQL Server has limits, too, if others.
fn too_much(why: &str) -> u32 {
    match why {
        why if why.contains("tables in a join") => 106,
        why if ["too large", "too complex", "overflow"].iter().any(|word| why.contains(word)) => {
            8623
        }
        _ => 50000,
    }
}

/// Runs SQL past the responder; gives the rows, columns separated by `|`.
pub fn rows(file: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    let none: [&dyn ToSql; 0] = [];
    let mut statement = connection.prepare(sql).unwrap();
    let count = statement.column_count();
    if count == 0 {
        statement.execute(params_from_iter(none)).unwrap();
        return Vec::new();
    }
    let shown = |value: Value| match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:?}"),
    };
    let rows = statement.query_map(params_from_iter(none), |row| {
        let values: rusqlite::Result<Vec<String>> =
            (0..count).map(|i| row.get(i).map(shown)).collect();
        Ok(values?.join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
