//! From search clauses to SQL: the one place where the grammar meets the schema of experiments,
//! and the tools the other resources use.

use oxflow_model::PageRequest;
use oxflow_model::search::{
    ExperimentClause, ExperimentOrder, ExperimentOrderKey, ExperimentTime, TextOp, TextTest,
};

use crate::dialect::Dialect;
use crate::value::Value;

/// `?, ?, …`, `count` times. A list of nothing is not SQL, but NULL is in no list.
pub fn marks(count: usize) -> String {
    if count == 0 {
        return "NULL".to_owned();
    }
    vec!["?"; count].join(", ")
}

/// A query under construction: text and arguments grow together.
pub struct Query {
    sql: String,
    args: Vec<Value<'static>>,
    has_where: bool,
}

impl Query {
    /// Begins with `SELECT … FROM …`.
    pub fn new(sql: impl Into<String>) -> Query {
        Query { sql: sql.into(), args: Vec::new(), has_where: false }
    }

    /// Adds a condition that must hold too.
    pub fn and(&mut self, condition: &str, args: impl IntoIterator<Item = Value<'static>>) {
        self.sql.push_str(if self.has_where { " AND " } else { " WHERE " });
        self.sql.push_str(condition);
        self.args.extend(args);
        self.has_where = true;
    }

    /// Adds text: a join before the first condition, or an order after the last.
    pub fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Adds text with arguments.
    pub fn push_with(&mut self, sql: &str, args: impl IntoIterator<Item = Value<'static>>) {
        self.sql.push_str(sql);
        self.args.extend(args);
    }

    /// Ends with a page, one row longer than asked for, to see whether more follow.
    pub fn page(
        mut self,
        dialect: &dyn Dialect,
        page: PageRequest,
    ) -> (String, Vec<Value<'static>>) {
        self.sql.push_str(dialect.page());
        self.args.push(Value::Int(page.limit.saturating_add(1).min(i64::MAX as u64) as i64));
        self.args.push(Value::Int(page.offset.min(i64::MAX as u64) as i64));
        (self.sql, self.args)
    }
}

/// `expression <op> ?`. A comparison with NULL is never true, as in MLflow.
pub fn text_op(dialect: &dyn Dialect, expression: &str, op: TextOp) -> String {
    match op {
        TextOp::Eq => dialect.equals(expression),
        TextOp::Ne => format!("NOT ({})", dialect.equals(expression)),
        TextOp::Like => dialect.like(expression),
        TextOp::ILike => dialect.ilike(expression),
    }
}

/// A test of a text, with its arguments.
pub fn text_test(
    dialect: &dyn Dialect,
    expression: &str,
    test: &TextTest,
) -> (String, Vec<Value<'static>>) {
    match test {
        TextTest::Compare { op, value } => {
            (text_op(dialect, expression, *op), vec![value.clone().into()])
        }
        TextTest::OneOf { negated, values } => one_of(expression, *negated, values),
    }
}

/// `expression [NOT] IN (…)`, with its arguments.
pub fn one_of(expression: &str, negated: bool, values: &[String]) -> (String, Vec<Value<'static>>) {
    let args = values.iter().map(|value| value.clone().into()).collect();
    (in_list(expression, negated, values.len()), args)
}

/// `expression [NOT] IN (?, …)`. Everything is outside of an empty list, even what is NULL.
fn in_list(expression: &str, negated: bool, count: usize) -> String {
    match (negated, count) {
        (true, 0) => format!("CASE WHEN {expression} IS NULL THEN 1 ELSE 1 END = 1"),
        (true, _) => format!("{expression} NOT IN ({})", marks(count)),
        (false, _) => format!("{expression} IN ({})", marks(count)),
    }
}

/// Adds a clause to a query of experiments, called `e`.
pub fn experiment_clause(query: &mut Query, dialect: &dyn Dialect, clause: &ExperimentClause) {
    const TAGS: &str = "SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.experiment_id \
                        AND t.\"key\" = ?";
    match clause {
        ExperimentClause::Name { op, value } => {
            query.and(&text_op(dialect, "e.name", *op), [value.clone().into()]);
        }
        ExperimentClause::Id { negated, ids } => {
            let condition = in_list("e.experiment_id", *negated, ids.len());
            query.and(&condition, ids.iter().map(|id| Value::Int(id.0)));
        }
        ExperimentClause::Time { attribute, op, value } => {
            let condition = format!("{} {} ?", experiment_time(*attribute), op.as_str());
            query.and(&condition, [Value::Int(*value)]);
        }
        ExperimentClause::Tag { key, op, value } => {
            let condition = format!("EXISTS ({TAGS} AND {})", text_op(dialect, "t.value", *op));
            query.and(&condition, [key.clone().into(), value.clone().into()]);
        }
        ExperimentClause::TagPresence { key, is_null } => {
            let not = if *is_null { "NOT " } else { "" };
            query.and(&format!("{not}EXISTS ({TAGS})"), [key.clone().into()]);
        }
    }
}

fn experiment_time(time: ExperimentTime) -> &'static str {
    match time {
        ExperimentTime::CreationTime => "e.creation_time",
        ExperimentTime::LastUpdateTime => "e.last_update_time",
    }
}

/// The order of a search of experiments. MLflow breaks ties by number: downwards in an order that
/// the user chose, upwards in its own.
pub fn experiment_order(dialect: &dyn Dialect, order: &[ExperimentOrder]) -> String {
    if order.is_empty() {
        return " ORDER BY e.creation_time DESC, e.experiment_id ASC".to_owned();
    }
    let mut columns: Vec<String> = order
        .iter()
        .map(|item| {
            let column = match item.by {
                ExperimentOrderKey::Name => "e.name",
                ExperimentOrderKey::Id => "e.experiment_id",
                ExperimentOrderKey::Time(time) => experiment_time(time),
            };
            format!("{column} {}", direction(item.ascending))
        })
        .collect();
    columns.push("e.experiment_id DESC".to_owned());
    dialect.order_by(&columns)
}

/// `ASC` or `DESC`.
pub const fn direction(ascending: bool) -> &'static str {
    if ascending { "ASC" } else { "DESC" }
}
