//! A conversation with a database: what the resource files speak to.

use std::collections::HashMap;

use crate::error::DbError;
use crate::value::{Row, Value};

/// Statements inside one transaction. SQL is portable: `?` placeholders, double-quoted names where
/// a name is a keyword somewhere.
pub trait Session {
    /// Runs a query and hands each row to `each`.
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&dyn Row) -> Result<(), DbError>,
    ) -> Result<(), DbError>;

    /// Runs a statement; the answer is the number of rows it touched.
    fn execute(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError>;

    /// Inserts many rows with one statement text; `row` fills in the arguments of row `i`. No two
    /// rows may have the same key, if the statement replaces what is there. Where rows are locked,
    /// they are in this order: sorted by key, two that write the same rows cannot wait for each
    /// other. The answer is the number of rows that were written.
    fn execute_many<'v>(
        &mut self,
        sql: &str,
        count: usize,
        row: &mut dyn FnMut(usize, &mut Vec<Value<'v>>),
    ) -> Result<u64, DbError>;

    /// A query whose rows are to stay locked, see [`crate::dialect::Dialect`]; `None` where there is
    /// one writer at a time.
    fn locking(&self, _sql: &str, _lock: Lock) -> Option<String> {
        None
    }
}

/// Against whom a row that was read is locked, until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Against those who change it: what was read stays true.
    Shared,
    /// Against those who lock it too: it is about to be changed, or what belongs to it is.
    Exclusive,
}

impl dyn Session + '_ {
    /// All rows of a query, each turned into a `T`.
    pub fn rows<T>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        read: impl Fn(&dyn Row) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut out = Vec::new();
        self.query(sql, args, &mut |row| {
            out.push(read(row)?);
            Ok(())
        })?;
        Ok(out)
    }

    /// The rows of a query by whom they belong to, whose id is in column `owner`.
    pub fn rows_by_owner<T>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        owner: usize,
        read: impl Fn(&dyn Row) -> Result<T, DbError>,
    ) -> Result<HashMap<String, Vec<T>>, DbError> {
        // Rows of one owner mostly follow each other; a page of runs has thousands of rows.
        let mut out: HashMap<String, Vec<T>> = HashMap::new();
        let mut current: Option<(String, Vec<T>)> = None;
        self.query(sql, args, &mut |row| {
            let item = read(row)?;
            match &mut current {
                Some((id, items)) if row.text_is(owner, id)? => items.push(item),
                _ => {
                    let next = (row.text_or_empty(owner)?, vec![item]);
                    if let Some((id, items)) = current.replace(next) {
                        out.entry(id).or_default().extend(items);
                    }
                }
            }
            Ok(())
        })?;
        if let Some((id, items)) = current {
            out.entry(id).or_default().extend(items);
        }
        Ok(out)
    }

    /// The first row of a query, if there is one.
    pub fn row<T>(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        read: impl Fn(&dyn Row) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        Ok(self.rows(sql, args, read)?.into_iter().next())
    }

    /// The same, with the row locked. A transaction that may change the row has to lock it
    /// exclusively from the beginning: two that hold it shared would wait for each other forever.
    pub fn locked_row<T>(
        &mut self,
        lock: Lock,
        sql: &str,
        args: &[Value<'_>],
        read: impl Fn(&dyn Row) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        match self.locking(sql, lock) {
            None => self.row(sql, args, read),
            Some(locking) => self.row(&locking, args, read),
        }
    }

    /// Only locks a row, which `sql` selects. Nothing happens where there is one writer at a time.
    pub fn lock(&mut self, sql: &str, args: &[Value<'_>]) -> Result<(), DbError> {
        match self.locking(sql, Lock::Exclusive) {
            None => Ok(()),
            Some(locking) => self.row(&locking, args, |_| Ok(())).map(drop),
        }
    }
}

/// A connection: a session with transactions.
pub trait Connection: Session {
    /// Begins a transaction that will write.
    fn begin(&mut self) -> Result<(), DbError>;
    /// Commits it; when this returns, it is on disk.
    fn commit(&mut self) -> Result<(), DbError>;
    /// Gives it up.
    fn rollback(&mut self);
    /// Marks a point inside the transaction to go back to.
    fn savepoint(&mut self) -> Result<(), DbError>;
    /// Forgets the mark, keeping what was written since.
    fn release(&mut self) -> Result<(), DbError>;
    /// Undoes what was written since the mark, and forgets it.
    fn rollback_to_savepoint(&mut self) -> Result<(), DbError>;
    /// Begins a transaction that only reads, so that all its queries see one moment.
    fn begin_read(&mut self) -> Result<(), DbError>;
    /// Upcast, for calling the resource functions.
    fn session(&mut self) -> &mut dyn Session;
    /// Whether calls that wait share one commit. Where several writers work at once, calls of one
    /// transaction would hold up others by what they lock, and the database shares commits itself.
    fn shares_commits(&self) -> bool {
        true
    }
    /// Whether the connection broke, so that the call may run again on a new one.
    fn is_lost(&self) -> bool {
        false
    }
}
