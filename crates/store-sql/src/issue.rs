//! Issues.

use async_trait::async_trait;
use oxflow_model::{
    Error, ExperimentId, Issue, IssueChange, IssueSeverity, IssueStatus, Json, Millis, Page, Result,
};
use oxflow_store::{IssueSearch, IssueStore};

use crate::dialect::Dialect;
use crate::error::DbError;
use crate::experiment::require_visible;
use crate::filter::Query;
use crate::session::Session;
use crate::value::{Row, Value};
use crate::{SqlStore, args};

const COLUMNS: &str = "i.issue_id, i.experiment_id, i.name, i.description, i.status, i.severity, \
                       i.root_causes, i.source_run_id, i.categories, i.created_timestamp, \
                       i.last_updated_timestamp, i.created_by";
/// How many traces have an issue: assessments bear its id as their name.
const TRACES: &str = "(SELECT COUNT(DISTINCT a.trace_id) FROM assessments a \
                      WHERE a.name = i.issue_id AND a.assessment_type = 'issue')";

#[async_trait]
impl IssueStore for SqlStore {
    async fn create_issue(&self, new: Issue) -> Result<Issue> {
        self.database.write(move |session| create(session, &new)).await
    }

    async fn find_issue(&self, id: &str) -> Result<Option<Issue>> {
        let id = id.to_owned();
        self.database.read(move |session| Ok(find(session, &id)?)).await
    }

    async fn update_issue(&self, id: &str, change: IssueChange, now: Millis) -> Result<Issue> {
        let id = id.to_owned();
        self.database.write(move |session| update(session, &id, &change, now)).await
    }

    async fn search_issues(&self, search: IssueSearch) -> Result<Page<Issue>> {
        let (sql, args) = search_query(self.dialect.as_ref(), &search);
        let counted = search.count_traces;
        self.database
            .read(move |session| {
                let read = |row: &dyn Row| {
                    let count = if counted { row.int(12)? } else { None };
                    let trace_count = count.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
                    Ok(Issue { trace_count, ..read(row)? })
                };
                Ok(Page::cut(session.rows(&sql, &args, read)?, search.page))
            })
            .await
    }
}

fn read(row: &dyn Row) -> Result<Issue, DbError> {
    Ok(Issue {
        id: row.text_or_empty(0)?,
        experiment_id: ExperimentId(row.must_int(1)?),
        name: row.text_or_empty(2)?,
        description: row.text_or_empty(3)?,
        // MLflow fails on other words; nothing writes them.
        status: IssueStatus::parse(&row.text_or_empty(4)?).unwrap_or(IssueStatus::Pending),
        severity: row.text(5)?.and_then(|word| IssueSeverity::parse(&word).ok()),
        root_causes: texts(row, 6)?,
        source_run_id: row.text(7)?,
        categories: texts(row, 8)?,
        created_at: Millis(row.must_int(9)?),
        updated_at: Millis(row.must_int(10)?),
        created_by: row.text(11)?,
        trace_count: None,
    })
}

/// A column with a JSON list of texts.
fn texts(row: &dyn Row, column: usize) -> Result<Vec<String>, DbError> {
    let text = row.text(column)?.unwrap_or_default();
    let Ok(Json::List(items)) = Json::parse("list", &text) else { return Ok(Vec::new()) };
    Ok(items.iter().filter_map(Json::as_text).map(ToOwned::to_owned).collect())
}

/// The text of such a column; NULL for no texts.
fn list(texts: &[String]) -> Option<String> {
    let items = || texts.iter().cloned().map(Json::Text).collect();
    (!texts.is_empty()).then(|| Json::List(items()).to_string())
}

fn find(session: &mut dyn Session, id: &str) -> Result<Option<Issue>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM issues i WHERE i.issue_id = ?");
    session.row(&sql, args![id], read)
}

fn create(session: &mut dyn Session, new: &Issue) -> Result<Issue> {
    require_visible(session, new.experiment_id)?;
    session.execute(
        "INSERT INTO issues (issue_id, experiment_id, name, description, status, severity, \
         root_causes, source_run_id, categories, created_timestamp, last_updated_timestamp, \
         created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            &new.id,
            new.experiment_id.0,
            &new.name,
            &new.description,
            new.status.as_str(),
            new.severity.map(IssueSeverity::as_str),
            list(&new.root_causes),
            new.source_run_id.as_deref(),
            list(&new.categories),
            new.created_at.0,
            new.updated_at.0,
            new.created_by.as_deref(),
        ],
    )?;
    Ok(new.clone())
}

fn update(session: &mut dyn Session, id: &str, change: &IssueChange, now: Millis) -> Result<Issue> {
    let missing = || Error::not_found(format!("Issue with ID '{id}' not found"));
    session.lock("SELECT 1 FROM issues WHERE issue_id = ?", args![id])?;
    let known = find(session, id)?.ok_or_else(missing)?;
    let changed = Issue {
        name: change.name.clone().unwrap_or(known.name),
        description: change.description.clone().unwrap_or(known.description),
        status: change.status.unwrap_or(known.status),
        severity: change.severity.or(known.severity),
        updated_at: now,
        ..known
    };
    session.execute(
        "UPDATE issues SET name = ?, description = ?, status = ?, severity = ?, \
         last_updated_timestamp = ? WHERE issue_id = ?",
        args![
            &changed.name,
            &changed.description,
            changed.status.as_str(),
            changed.severity.map(IssueSeverity::as_str),
            now.0,
            id,
        ],
    )?;
    Ok(changed)
}

fn search_query(dialect: &dyn Dialect, search: &IssueSearch) -> (String, Vec<Value<'static>>) {
    let count =
        if search.count_traces { format!(", {TRACES} AS trace_count") } else { String::new() };
    let mut query = Query::new(format!("SELECT {COLUMNS}{count} FROM issues i"));
    if let Some(experiment) = search.experiment {
        query.and("i.experiment_id = ?", [Value::Int(experiment.0)]);
    }
    for clause in &search.filter {
        let equal = dialect.equals(&format!("i.{}", clause.field.as_str()));
        let condition = if clause.negated { format!("NOT ({equal})") } else { equal };
        query.and(&condition, [clause.value.clone().into()]);
    }
    query.push(" ORDER BY CASE i.severity");
    for (rank, severity) in IssueSeverity::ALL.into_iter().enumerate() {
        query.push(&format!(" WHEN '{}' THEN {rank}", severity.as_str()));
    }
    query.push(" ELSE -1 END DESC");
    query.push(if search.count_traces { ", trace_count DESC" } else { "" });
    query.push(", i.created_timestamp DESC, i.issue_id DESC");
    query.page(dialect, search.page)
}
