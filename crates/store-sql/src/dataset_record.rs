//! Records of evaluation datasets. Their parts are JSON texts as Python writes them, since MLflow
//! finds a record by the hash of its inputs' text.

use oxflow_model::evaluation_dataset::merge_schema;
use oxflow_model::{
    DatasetRecord, Error, ErrorCode, EvaluationDatasetId, Json, Millis, RecordChange, RecordCounts,
    RecordCursor, RecordPage, RecordSource, Result,
};
use sha2::{Digest as _, Sha256};

use crate::args;
use crate::dialect::Dialect;
use crate::error::DbError;
use crate::evaluation_dataset::{digest, find, lock};
use crate::filter::{Query, marks};
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};

const COLUMNS: &str = "r.dataset_record_id, r.dataset_id, r.inputs, r.outputs, r.expectations, \
                       r.tags, r.source, r.source_id, r.created_time, r.last_update_time, \
                       r.created_by, r.last_updated_by";

/// The columns of a new record, in the order of the arguments.
pub const NEW: [&str; 14] = [
    "dataset_record_id",
    "dataset_id",
    "inputs",
    "outputs",
    "expectations",
    "tags",
    "source",
    "source_id",
    "source_type",
    "created_time",
    "last_update_time",
    "created_by",
    "last_updated_by",
    "input_hash",
];

/// Outputs may be anything, but the column holds objects: they are the value of this key.
const WRAPPED: &str = "mlflow_wrapped";
/// The JSON text of an absent value.
const NULL: &str = "null";

/// Adds records, or merges them into those with the same inputs, and notes the change in the
/// dataset.
pub fn upsert(
    session: &mut dyn Session,
    sql: &Statements,
    id: &EvaluationDatasetId,
    records: &[RecordChange],
    now: Millis,
) -> Result<RecordCounts> {
    lock(session, id)?;
    let Some(dataset) = find(session, id)? else {
        if records.is_empty() {
            return Ok(RecordCounts::default());
        }
        let message = format!("Evaluation dataset with id '{id}' not found");
        return Err(Error::new(ErrorCode::BadRequest, message));
    };
    let mut counts = RecordCounts::default();
    for record in records {
        let hash = input_hash(&record.inputs);
        if insert(session, sql, id, record, &hash, now)? {
            counts.inserted += 1;
        } else {
            merge(session, id, record, &hash, now)?;
            counts.updated += 1;
        }
    }
    let schema = merge_schema(dataset.schema.as_deref(), records).or(dataset.schema);
    let profile = profile(session, id)?.or(dataset.profile);
    let user = records.iter().rev().find_map(RecordChange::user);
    session.execute(
        "UPDATE evaluation_datasets SET last_update_time = ?, last_updated_by = ?, digest = ?, \
         \"schema\" = ?, profile = ? WHERE dataset_id = ?",
        args![now.0, user, digest(&dataset.name, now), schema, profile, id.as_str()],
    )?;
    Ok(counts)
}

fn input_hash(inputs: &Json) -> String {
    let hash = Sha256::digest(inputs.to_sorted_text());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Inserts the record, unless one with these inputs is there.
fn insert(
    session: &mut dyn Session,
    sql: &Statements,
    id: &EvaluationDatasetId,
    record: &RecordChange,
    hash: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let (source, user) = (record.source.as_ref(), record.user());
    let outputs = record.outputs.clone().unwrap_or(Json::empty());
    let inserted = session.execute(
        &sql.insert_dataset_record,
        args![
            &record.id,
            id.as_str(),
            record.inputs.to_string(),
            wrapped(&outputs),
            record.expectations.as_ref().map_or(NULL.to_owned(), Json::to_string),
            record.tags.as_ref().map_or("{}".to_owned(), Json::to_string),
            source.map_or(NULL.to_owned(), |source| source.to_json().to_string()),
            source.and_then(RecordSource::id),
            source.map(|source| source.kind),
            now.0,
            now.0,
            user.as_deref(),
            user.as_deref(),
            hash,
        ],
    )?;
    Ok(inserted > 0)
}

fn wrapped(outputs: &Json) -> String {
    if *outputs == Json::Null {
        return NULL.to_owned();
    }
    Json::Object(vec![(WRAPPED.to_owned(), outputs.clone())]).to_string()
}

/// Merges the record into the one with these inputs.
fn merge(
    session: &mut dyn Session,
    id: &EvaluationDatasetId,
    record: &RecordChange,
    hash: &str,
    now: Millis,
) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} FROM evaluation_dataset_records r \
         WHERE r.dataset_id = ? AND r.input_hash = ?"
    );
    let Some(known) = session.row(&sql, args![id.as_str(), hash], read)? else {
        return Err(Error::internal("A record with these inputs is there and is not."));
    };
    let expectations = merged(known.expectations, record.expectations.as_ref());
    let tags = merged(known.tags, record.tags.as_ref());
    let outputs = record.outputs.clone().or(known.outputs).unwrap_or(Json::Null);
    session.execute(
        "UPDATE evaluation_dataset_records SET outputs = ?, expectations = ?, tags = ?, \
         last_update_time = ?, last_updated_by = ? WHERE dataset_record_id = ?",
        args![
            wrapped(&outputs),
            expectations.map_or(NULL.to_owned(), |value| value.to_string()),
            tags.map_or(NULL.to_owned(), |value| value.to_string()),
            now.0,
            record.user().or(known.updated_by),
            &known.id,
        ],
    )?;
    Ok(())
}

/// Members of `more` replace those of `known`; an empty `more` changes nothing.
fn merged(known: Option<Json>, more: Option<&Json>) -> Option<Json> {
    let Some(more) = more.filter(|more| !more.members().is_empty()) else { return known };
    let mut all = known.unwrap_or(Json::empty());
    for (key, value) in more.members() {
        all.set(key, value.clone());
    }
    Some(all)
}

/// How many records there are, as JSON; `None` if there are none.
fn profile(session: &mut dyn Session, id: &EvaluationDatasetId) -> Result<Option<String>, DbError> {
    let sql = "SELECT COUNT(*) FROM evaluation_dataset_records WHERE dataset_id = ?";
    let count = session.row(sql, args![id.as_str()], |row| row.must_int(0))?.unwrap_or(0);
    Ok((count > 0).then(|| format!("{{\"num_records\": {count}}}")))
}

/// Deletes records and says how many there were.
pub fn delete(
    session: &mut dyn Session,
    id: &EvaluationDatasetId,
    records: &[String],
) -> Result<u64> {
    lock(session, id)?;
    let mut deleted = 0;
    // Databases limit how many arguments a statement takes.
    for records in records.chunks(1000) {
        let sql = format!(
            "DELETE FROM evaluation_dataset_records WHERE dataset_id = ? \
             AND dataset_record_id IN ({})",
            marks(records.len())
        );
        let mut args = vec![Value::from(id.as_str())];
        args.extend(records.iter().map(Value::from));
        deleted += session.execute(&sql, &args)?;
    }
    if deleted > 0 {
        // The word is what MLflow writes when no record is left.
        let profile = profile(session, id)?.unwrap_or(NULL.to_owned());
        session.execute(
            "UPDATE evaluation_datasets SET profile = ? WHERE dataset_id = ?",
            args![profile, id.as_str()],
        )?;
    }
    Ok(deleted)
}

/// The query of one page, one row longer than asked for.
pub fn page_query(
    dialect: &dyn Dialect,
    id: &EvaluationDatasetId,
    from: &RecordCursor,
    limit: u64,
) -> (String, Vec<Value<'static>>) {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM evaluation_dataset_records r"));
    query.and("r.dataset_id = ?", [id.as_str().to_owned().into()]);
    let mut offset = 0;
    match from {
        RecordCursor::Start => {}
        RecordCursor::Skip(records) => offset = *records,
        RecordCursor::After(time, record) => query.and(
            "(r.created_time > ? OR (r.created_time = ? AND r.dataset_record_id > ?))",
            [time.0.into(), time.0.into(), record.clone().into()],
        ),
    }
    query.push(" ORDER BY r.created_time ASC, r.dataset_record_id ASC");
    query.page(dialect, oxflow_model::PageRequest { limit, offset })
}

/// Reads one page.
pub fn page(
    session: &mut dyn Session,
    (sql, args): &(String, Vec<Value<'static>>),
    limit: u64,
) -> Result<RecordPage> {
    let mut records = session.rows(sql, args, read)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = records.len() > limit;
    records.truncate(limit);
    Ok(RecordPage { records, more })
}

fn read(row: &dyn Row) -> Result<DatasetRecord, DbError> {
    let outputs = json(row, 3)?.and_then(|outputs| outputs.get(WRAPPED).cloned());
    Ok(DatasetRecord {
        id: row.text_or_empty(0)?,
        dataset: EvaluationDatasetId::new(row.text_or_empty(1)?),
        inputs: json(row, 2)?.unwrap_or(Json::empty()),
        outputs: outputs.filter(|outputs| *outputs != Json::Null),
        expectations: json(row, 4)?,
        tags: json(row, 5)?,
        source: json(row, 6)?,
        source_id: row.text(7)?,
        created_at: Millis(row.int(8)?.unwrap_or(0)),
        updated_at: Millis(row.int(9)?.unwrap_or(0)),
        created_by: row.text(10)?,
        updated_by: row.text(11)?,
    })
}

/// The JSON of a column; `null` and what is not JSON are absent.
fn json(row: &dyn Row, column: usize) -> Result<Option<Json>, DbError> {
    let text = row.text(column)?;
    let value = text.and_then(|text| Json::parse("record", &text).ok());
    Ok(value.filter(|value| *value != Json::Null))
}
