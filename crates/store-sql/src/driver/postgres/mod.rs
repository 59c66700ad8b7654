//! PostgreSQL through tokio-postgres, driven from the thread that owns the connection.
//!
//! A connection is made when it is first needed, and again after the database was away. Statements
//! that come back are prepared; those seen for the first time, as searches mostly are, go out in one
//! piece. `BEGIN` travels with the first statement of a transaction.

mod error;
mod statement;
mod target;
mod value;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, future};
use tokio::runtime::Runtime;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, RowStream, Statement};

pub use error::with_causes;
pub use target::Target;

use crate::dialect::{Dialect as _, Postgres};
use crate::error::{DbError, DbErrorKind};
use crate::session::{Connection, Lock, Session};
use crate::value::{Row, Value};
use value::{Array, arrays, type_of};

/// Texts each connection remembers, the prepared ones among them.
const STATEMENTS: usize = 512;
/// The protocol counts arguments in 16 bits.
const ARGUMENTS: usize = 65535;

/// A connection to PostgreSQL.
pub struct PostgresConnection {
    target: Arc<Target>,
    link: Option<Link>,
    /// What begins the transaction, until it is sent with the first statement.
    begin: Option<&'static str>,
}

/// What there is while the database can be reached.
struct Link {
    // Dropped before the runtime that it lives in.
    client: Client,
    runtime: Runtime,
    texts: Texts,
}

impl PostgresConnection {
    /// A connection that is made when it is first used.
    pub fn new(target: Arc<Target>) -> PostgresConnection {
        PostgresConnection { target, link: None, begin: None }
    }

    /// Makes sure that there is a connection. Must not be called from asynchronous code.
    pub fn connect(&mut self) -> Result<(), DbError> {
        if self.is_lost() {
            self.link = None;
        }
        if self.link.is_none() {
            self.link = Some(Link::open(&self.target)?);
        }
        Ok(())
    }

    /// Runs a script of several statements without arguments.
    pub fn script(&mut self, sql: &str) -> Result<(), DbError> {
        let begin = self.begin.take();
        let link = self.link()?;
        link.runtime.block_on(async {
            if let Some(begin) = begin {
                link.client.batch_execute(begin).await?;
            }
            Ok(link.client.batch_execute(sql).await?)
        })
    }

    fn link(&mut self) -> Result<&mut Link, DbError> {
        self.link.as_mut().ok_or_else(|| {
            DbError::new(DbErrorKind::Unavailable, "the connection to the database was lost")
        })
    }

    fn start(&mut self, begin: &'static str) -> Result<(), DbError> {
        self.connect()?;
        self.begin = Some(begin);
        Ok(())
    }

    /// Runs a statement and gives the number of rows it touched.
    fn run(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        self.query_counted(sql, args, &mut |_| Ok(()))
    }

    fn query_counted(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<u64, DbError> {
        if args.len() > ARGUMENTS {
            let why = format!("more than {ARGUMENTS} values in one statement");
            return Err(DbError::new(DbErrorKind::TooComplex, why));
        }
        let begin = self.begin.take();
        let link = self.link()?;
        let types: Vec<Type> = args.iter().map(type_of).collect();
        let args = args.iter().map(|arg| arg as &(dyn ToSql + Sync));
        let known = link.texts.find(sql, || statement::numbered(sql));
        let (client, runtime) = (&link.client, &link.runtime);
        runtime.block_on(async {
            let rows = known.send(client, begin, &types, args).await?;
            read(rows, each).await
        })
    }
}

impl Link {
    fn open(target: &Target) -> Result<Link, DbError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| DbError::new(DbErrorKind::Unavailable, error.to_string()))?;
        let client = runtime.block_on(async {
            let connecting = target.config.connect(target.tls.clone());
            let (client, connection) = in_time(target.patience(), connecting).await?;
            // It ends with the client, or with the connection; the next statement then says why.
            drop(tokio::spawn(async {
                if let Err(error) = connection.await {
                    tracing::debug!(error = with_causes(&error), "a connection ended");
                }
            }));
            client.batch_execute(&target.settings).await?;
            Ok::<_, DbError>(client)
        })?;
        Ok(Link { client, runtime, texts: Texts::default() })
    }

    /// What the database takes a statement's arguments for, which is what its columns hold. It is
    /// asked once for each text.
    fn argument_types(&mut self, sql: &str) -> Result<Arc<[Type]>, DbError> {
        let text = self.texts.find(sql, || statement::numbered(sql));
        if let Some(types) = &text.takes {
            return Ok(types.clone());
        }
        let statement = self.runtime.block_on(self.client.prepare(&text.sql))?;
        Ok(text.takes.insert(statement.params().into()).clone())
    }
}

/// The library's own limit ends when there is a connection; one that says nothing would be waited
/// for without end.
async fn in_time<T>(
    limit: Option<Duration>,
    connecting: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, DbError> {
    let Some(limit) = limit else { return Ok(connecting.await?) };
    let late = |_| DbError::no_answer(limit);
    Ok(tokio::time::timeout(limit, connecting).await.map_err(late)??)
}

/// Statements by our text.
#[derive(Default)]
struct Texts {
    known: HashMap<Box<str>, Text>,
    /// Counts uses, to tell which text was not used for long.
    clock: u64,
}

/// One text. What its arguments are decides how it is prepared.
#[derive(Default)]
struct Text {
    sql: String,
    prepared: Vec<(Vec<Type>, Statement)>,
    /// What its arguments are to the database, once that was asked.
    takes: Option<Arc<[Type]>>,
    uses: u64,
    used_at: u64,
}

impl Texts {
    fn find(&mut self, sql: &str, spell: impl FnOnce() -> String) -> &mut Text {
        self.clock += 1;
        if !self.known.contains_key(sql) {
            if self.known.len() >= STATEMENTS {
                self.forget_oldest();
            }
            let text = Text { sql: spell(), ..Text::default() };
            self.known.insert(sql.into(), text);
        }
        let clock = self.clock;
        let text = self.known.entry(sql.into()).or_default();
        text.uses += 1;
        text.used_at = clock;
        text
    }

    /// Forgets half of the texts, those that were not used for longest.
    fn forget_oldest(&mut self) {
        let mut times: Vec<u64> = self.known.values().map(|text| text.used_at).collect();
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().unwrap_or(0);
        self.known.retain(|_, text| text.used_at > middle);
    }
}

impl Text {
    /// Sends the statement, behind what begins the transaction.
    async fn send<'a>(
        &mut self,
        client: &Client,
        begin: Option<&str>,
        types: &[Type],
        args: impl ExactSizeIterator<Item = &'a (dyn ToSql + Sync)>,
    ) -> Result<RowStream, tokio_postgres::Error> {
        let begun = async {
            match begin {
                Some(begin) => client.batch_execute(begin).await,
                None => Ok(()),
            }
        };
        if self.uses == 1 {
            let args = args.zip(types.iter().cloned());
            let (begun, rows) = future::join(begun, client.query_typed_raw(&self.sql, args)).await;
            begun?;
            return rows;
        }
        let known = self.prepared.iter().position(|(known, _)| known == types);
        let known = match known {
            Some(known) => {
                let rows = client.query_raw(&self.prepared[known].1, args);
                let (begun, rows) = future::join(begun, rows).await;
                begun?;
                return rows;
            }
            None => {
                let prepare = client.prepare_typed(&self.sql, types);
                let (begun, statement) = future::join(begun, prepare).await;
                begun?;
                self.prepared.push((types.to_vec(), statement?));
                self.prepared.len() - 1
            }
        };
        client.query_raw(&self.prepared[known].1, args).await
    }
}

/// Hands each row on; gives the number of rows that were touched.
async fn read(
    rows: RowStream,
    each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
) -> Result<u64, DbError> {
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.next().await {
        each(&row?)?;
    }
    Ok(rows.rows_affected().unwrap_or(0))
}

impl Session for PostgresConnection {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.query_counted(sql, args, each).map(drop)
    }

    fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        self.run(sql, args)
    }

    fn execute_many<'v>(
        &mut self,
        sql: &str,
        count: usize,
        row: &mut dyn FnMut(usize, &mut Vec<Value<'v>>),
    ) -> Result<u64, DbError> {
        if count == 0 {
            return Ok(0);
        }
        if count == 1 {
            let mut args = Vec::new();
            row(0, &mut args);
            return self.run(sql, &args);
        }
        let columns = arrays(count, row)?;
        let types: Vec<Type> = columns.iter().map(Array::ty).collect();
        let link = self.link()?;
        let takes = link.argument_types(sql)?;
        let cast = |(array, takes): (&Array<'v>, &Type)| (array.item_type(), array.cast_for(takes));
        let items: Vec<_> = columns.iter().zip(takes.iter()).map(cast).collect();
        // One text for each combination of types; there is hardly ever more than one.
        let item_types: Vec<&str> = items.iter().map(|(item, _)| *item).collect();
        let key = format!("{sql} -- of {}", item_types.join(", "));
        let begin = self.begin.take();
        let link = self.link()?;
        let text = link
            .texts
            .find(&key, || statement::of_arrays(sql, &items).unwrap_or_else(|| sql.to_owned()));
        let (client, runtime) = (&link.client, &link.runtime);
        let args = columns.iter().map(Array::as_sql);
        runtime.block_on(async {
            let rows = text.send(client, begin, &types, args).await?;
            read(rows, &mut |_| Ok(())).await
        })
    }

    fn locking(&self, sql: &str, lock: Lock) -> Option<String> {
        Some(Postgres.locking(sql, lock))
    }
}

impl Connection for PostgresConnection {
    fn begin(&mut self) -> Result<(), DbError> {
        // The default of a database or user may be another.
        self.start("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    }

    fn commit(&mut self) -> Result<(), DbError> {
        if self.begin.take().is_some() {
            return Ok(());
        }
        let link = self.link()?;
        Ok(link.runtime.block_on(link.client.batch_execute("COMMIT"))?)
    }

    fn rollback(&mut self) {
        if self.begin.take().is_some() || self.is_lost() {
            return;
        }
        let Some(link) = &self.link else { return };
        if let Err(error) = link.runtime.block_on(link.client.batch_execute("ROLLBACK")) {
            tracing::debug!(
                error = with_causes(&error),
                "cannot roll back, so the connection is given up"
            );
            self.link = None;
        }
    }

    fn savepoint(&mut self) -> Result<(), DbError> {
        self.script("SAVEPOINT call")
    }

    fn release(&mut self) -> Result<(), DbError> {
        self.script("RELEASE SAVEPOINT call")
    }

    fn rollback_to_savepoint(&mut self) -> Result<(), DbError> {
        self.script("ROLLBACK TO SAVEPOINT call; RELEASE SAVEPOINT call")
    }

    fn begin_read(&mut self) -> Result<(), DbError> {
        self.start("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn session(&mut self) -> &mut dyn Session {
        self
    }

    fn shares_commits(&self) -> bool {
        false
    }

    fn is_lost(&self) -> bool {
        self.link.as_ref().is_none_or(|link| link.client.is_closed())
    }
}
