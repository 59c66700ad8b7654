//! How to search the runs of a large experiment: where to start.
//!
//! Usually the search walks the runs, newest first, and looks each one up in what it logged: fine
//! where many runs fit, slow where hardly any does. SQLite keeps no statistics of values and
//! cannot tell the two apart, so we count a little first: from a condition that few runs meet, or
//! from the metric that the order begins with, the search starts at our own indexes.

use oxflow_model::search::{NumberOp, RunClause, RunOrderKey, RunText, TextOp};
use oxflow_model::{RUN_NAME_TAG, Result, ViewType};
use oxflow_store::RunSearch;

use crate::dialect::Dialect;
use crate::filter::marks;
use crate::session::Session;
use crate::value::Value;

/// Experiments up to this size are walked: it takes a few milliseconds.
const SMALL: i64 = 5000;
/// A condition that at most so many runs meet is rare.
const RARE: i64 = 1000;
/// Values longer than this are not in the indexes.
const INDEXED: usize = 128;

/// Where to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// For each clause of the filter: whether to start from it.
    pub rare: Vec<bool>,
    /// Whether to start from the metric that the order begins with.
    pub by_metric: bool,
}

impl Plan {
    /// The usual way.
    pub fn walk(search: &RunSearch) -> Plan {
        Plan { rare: vec![false; search.filter.len()], by_metric: false }
    }

    /// Looks a little, then decides.
    pub fn choose(
        session: &mut dyn Session,
        dialect: &dyn Dialect,
        search: &RunSearch,
    ) -> Result<Plan> {
        let mut plan = Plan::walk(search);
        let metric_first = matches!(search.order_by.first(), Some(order) if matches!(order.by, RunOrderKey::Metric(_)));
        let sources: Vec<Option<Source>> =
            search.filter.iter().map(|clause| source(dialect, clause)).collect();
        let metric_first = metric_first && dialect.start_from("latest_metrics").is_some();
        if !metric_first && sources.iter().all(Option::is_none) || is_small(session, search)? {
            return Ok(plan);
        }
        for (source, rare) in sources.iter().zip(&mut plan.rare) {
            *rare = match source {
                Some(source) => source.is_rare(session)?,
                None => false,
            };
        }
        plan.by_metric = metric_first && !plan.rare.contains(&true);
        Ok(plan)
    }
}

fn is_small(session: &mut dyn Session, search: &RunSearch) -> Result<bool> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM runs r WHERE r.experiment_id IN ({}) AND {} LIMIT {}) c",
        marks(search.experiments.len()),
        stages(search.view),
        SMALL + 1
    );
    let ids: Vec<Value<'_>> = search.experiments.iter().map(|id| Value::Int(id.0)).collect();
    Ok(session.row(&sql, &ids, |row| row.must_int(0))?.unwrap_or(0) <= SMALL)
}

/// The condition for a view. Both stages are spelled out: an index that begins with them is then
/// still of use.
pub fn stages(view: ViewType) -> &'static str {
    match view {
        ViewType::ActiveOnly => "r.lifecycle_stage = 'active'",
        ViewType::DeletedOnly => "r.lifecycle_stage = 'deleted'",
        ViewType::All => "r.lifecycle_stage IN ('active', 'deleted')",
    }
}

/// The rows of a table that meet a clause, found through an index.
pub struct Source {
    rows: String,
    args: Vec<Value<'static>>,
}

/// How a clause can be started from, if it can.
pub fn source(dialect: &dyn Dialect, clause: &RunClause) -> Option<Source> {
    let (table, key, test, value) = match clause {
        RunClause::Metric { op: NumberOp::Ne, .. } => return None,
        RunClause::Metric { key, op, value } => (
            "latest_metrics",
            key,
            format!("x.value {} ? AND x.is_nan = {}", op.as_str(), dialect.truth(false)),
            Value::Real(*value),
        ),
        RunClause::Param { key, op: TextOp::Eq, value } if value.len() <= INDEXED => {
            ("params", key, dialect.equals("x.value"), value.clone().into())
        }
        RunClause::Tag { key, op: TextOp::Eq, value }
            if value.len() <= INDEXED && !key.starts_with("mlflow.") =>
        {
            ("tags", key, dialect.equals("x.value"), value.clone().into())
        }
        // The name is looked up in its tag, which has an index of its own.
        RunClause::Text { attribute: RunText::RunName, op: TextOp::Eq, value } => {
            dialect.start_from("tags")?;
            let equals = dialect.equals("x.value");
            return Some(Source {
                rows: format!("FROM tags x WHERE x.\"key\" = '{RUN_NAME_TAG}' AND {equals}"),
                args: vec![value.clone().into()],
            });
        }
        _ => return None,
    };
    let also = dialect.start_from(table)?;
    Some(Source {
        rows: format!("FROM {table} x WHERE x.\"key\" = ? AND {test} AND {also}"),
        args: vec![key.clone().into(), value],
    })
}

impl Source {
    fn is_rare(&self, session: &mut dyn Session) -> Result<bool> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 {} LIMIT {}) c", self.rows, RARE + 1);
        Ok(session.row(&sql, &self.args, |row| row.must_int(0))?.unwrap_or(0) <= RARE)
    }

    /// The condition that a run `r` is among the rows, with its arguments.
    pub fn condition(self) -> (String, Vec<Value<'static>>) {
        (format!("r.run_uuid IN (SELECT x.run_uuid {})", self.rows), self.args)
    }
}
