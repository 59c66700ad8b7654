//! Evaluation datasets, their tags, and the experiments they belong to.

use std::collections::HashMap;

use async_trait::async_trait;
use oxflow_model::search::{
    EvaluationDatasetClause, EvaluationDatasetOrder, EvaluationDatasetOrderKey,
};
use oxflow_model::{
    Association, DatasetTag, Error, EvaluationDataset, EvaluationDatasetId, Millis,
    NewEvaluationDataset, Page, RecordChange, RecordCounts, RecordCursor, RecordPage, Result,
};
use oxflow_store::{EvaluationDatasetSearch, EvaluationDatasetStore};
use sha2::{Digest as _, Sha256};

use crate::dialect::Dialect;
use crate::error::DbError;
use crate::filter::{Query, direction, marks, text_op, text_test};
use crate::registered_model::WORKSPACE;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{SqlStore, args, dataset_record};

const COLUMNS: &str = "d.dataset_id, d.name, d.digest, d.created_time, d.last_update_time, \
                       d.created_by, d.last_updated_by, d.\"schema\", d.profile";

/// What associations call their two ends.
const DATASET: &str = "evaluation_dataset";
const EXPERIMENT: &str = "experiment";

#[async_trait]
impl EvaluationDatasetStore for SqlStore {
    async fn create_evaluation_dataset(
        &self,
        new: NewEvaluationDataset,
        now: Millis,
    ) -> Result<EvaluationDataset> {
        self.database.write(move |session| create(session, &new, now)).await
    }

    async fn find_evaluation_dataset(
        &self,
        id: &EvaluationDatasetId,
    ) -> Result<Option<EvaluationDataset>> {
        let id = id.clone();
        self.database.read(move |session| Ok(find(session, &id)?)).await
    }

    async fn delete_evaluation_dataset(&self, id: &EvaluationDatasetId) -> Result<()> {
        let id = id.clone();
        self.database.write(move |session| Ok(delete(session, &id)?)).await
    }

    async fn search_evaluation_datasets(
        &self,
        search: EvaluationDatasetSearch,
    ) -> Result<Page<EvaluationDataset>> {
        let (sql, args) = search_query(self.dialect.as_ref(), &search);
        self.database
            .read(move |session| {
                let page = Page::cut(session.rows(&sql, &args, read)?, search.page);
                Ok(Page { items: with_tags(session, page.items)?, next_offset: page.next_offset })
            })
            .await
    }

    async fn set_evaluation_dataset_tags(
        &self,
        id: &EvaluationDatasetId,
        tags: Vec<DatasetTag>,
    ) -> Result<()> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database.write(move |session| set_tags(session, &sql, &id, &tags)).await
    }

    async fn delete_evaluation_dataset_tag(
        &self,
        id: &EvaluationDatasetId,
        key: &str,
    ) -> Result<()> {
        let (id, key) = (id.clone(), key.to_owned());
        let by_key = self.dialect.equals("\"key\"");
        let sql = format!("DELETE FROM evaluation_dataset_tags WHERE dataset_id = ? AND {by_key}");
        self.database
            .write(move |session| {
                session.execute(&sql, args![id.as_str(), &key])?;
                Ok(())
            })
            .await
    }

    async fn upsert_dataset_records(
        &self,
        id: &EvaluationDatasetId,
        records: Vec<RecordChange>,
        now: Millis,
    ) -> Result<RecordCounts> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| dataset_record::upsert(session, &sql, &id, &records, now))
            .await
    }

    async fn dataset_records(
        &self,
        id: &EvaluationDatasetId,
        from: RecordCursor,
        limit: u64,
    ) -> Result<RecordPage> {
        let query = dataset_record::page_query(self.dialect.as_ref(), id, &from, limit);
        self.database.read(move |session| dataset_record::page(session, &query, limit)).await
    }

    async fn delete_dataset_records(
        &self,
        id: &EvaluationDatasetId,
        records: Vec<String>,
    ) -> Result<u64> {
        let id = id.clone();
        self.database.write(move |session| dataset_record::delete(session, &id, &records)).await
    }

    async fn experiments_of_dataset(&self, id: &EvaluationDatasetId) -> Result<Vec<String>> {
        let id = id.clone();
        self.database.read(move |session| Ok(experiments(session, &id)?)).await
    }

    async fn add_dataset_to_experiments(
        &self,
        id: &EvaluationDatasetId,
        experiments: Vec<Association>,
        now: Millis,
    ) -> Result<EvaluationDataset> {
        let (sql, id) = (self.sql.clone(), id.clone());
        self.database
            .write(move |session| add_to_experiments(session, &sql, &id, &experiments, now))
            .await
    }

    async fn remove_dataset_from_experiments(
        &self,
        id: &EvaluationDatasetId,
        experiments: Vec<String>,
        now: Millis,
    ) -> Result<EvaluationDataset> {
        let id = id.clone();
        self.database
            .write(move |session| remove_from_experiments(session, &id, &experiments, now))
            .await
    }
}

/// MLflow's digest: it says only that something changed, not what.
pub fn digest(name: &str, now: Millis) -> String {
    let hash = Sha256::digest(format!("{name}:{}", now.0));
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn read(row: &dyn Row) -> Result<EvaluationDataset, DbError> {
    Ok(EvaluationDataset {
        id: EvaluationDatasetId::new(row.text_or_empty(0)?),
        name: row.text_or_empty(1)?,
        digest: row.text_or_empty(2)?,
        created_at: Millis(row.int(3)?.unwrap_or(0)),
        updated_at: Millis(row.int(4)?.unwrap_or(0)),
        created_by: row.text(5)?,
        updated_by: row.text(6)?,
        schema: row.text(7)?,
        profile: row.text(8)?,
        tags: Vec::new(),
    })
}

/// The dataset with its tags.
pub fn find(
    session: &mut dyn Session,
    id: &EvaluationDatasetId,
) -> Result<Option<EvaluationDataset>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM evaluation_datasets d WHERE d.dataset_id = ?");
    let found = session.rows(&sql, args![id.as_str()], read)?;
    Ok(with_tags(session, found)?.pop())
}

/// Makes others who change this dataset or its records wait.
pub fn lock(session: &mut dyn Session, id: &EvaluationDatasetId) -> Result<(), DbError> {
    let sql = "SELECT 1 FROM evaluation_datasets WHERE dataset_id = ?";
    session.lock(sql, args![id.as_str()])
}

fn must_find(session: &mut dyn Session, id: &EvaluationDatasetId) -> Result<EvaluationDataset> {
    find(session, id)?.ok_or_else(|| Error::not_found(format!("Dataset '{id}' not found")))
}

fn with_tags(
    session: &mut dyn Session,
    datasets: Vec<EvaluationDataset>,
) -> Result<Vec<EvaluationDataset>, DbError> {
    let mut tags: HashMap<String, Vec<DatasetTag>> = HashMap::new();
    // Databases limit how many arguments a statement takes.
    for datasets in datasets.chunks(1000) {
        let ids: Vec<Value<'_>> = datasets.iter().map(|found| found.id.as_str().into()).collect();
        let sql = format!(
            "SELECT dataset_id, \"key\", value FROM evaluation_dataset_tags \
             WHERE dataset_id IN ({})",
            marks(ids.len())
        );
        session.query(&sql, &ids, &mut |row| {
            let tag = DatasetTag { key: row.text_or_empty(1)?, value: row.text(2)? };
            tags.entry(row.text_or_empty(0)?).or_default().push(tag);
            Ok(())
        })?;
    }
    let with_tags = |dataset: EvaluationDataset| {
        let tags = tags.remove(dataset.id.as_str()).unwrap_or_default();
        EvaluationDataset { tags, ..dataset }
    };
    Ok(datasets.into_iter().map(with_tags).collect())
}

fn create(
    session: &mut dyn Session,
    new: &NewEvaluationDataset,
    now: Millis,
) -> Result<EvaluationDataset> {
    let user = DatasetTag::user(&new.tags);
    session.execute(
        "INSERT INTO evaluation_datasets (dataset_id, name, digest, created_time, \
         last_update_time, created_by, last_updated_by, workspace) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            new.id.as_str(),
            &new.name,
            digest(&new.name, now),
            now.0,
            now.0,
            user.as_deref(),
            user.as_deref(),
            WORKSPACE,
        ],
    )?;
    for tag in &new.tags {
        session.execute(
            "INSERT INTO evaluation_dataset_tags (dataset_id, \"key\", value) VALUES (?, ?, ?)",
            args![new.id.as_str(), &tag.key, tag.value.as_deref()],
        )?;
    }
    for association in &new.experiments {
        session.execute(
            "INSERT INTO entity_associations (association_id, source_type, source_id, \
             destination_type, destination_id, created_time) VALUES (?, ?, ?, ?, ?, ?)",
            &association_args(&new.id, association, now),
        )?;
    }
    must_find(session, &new.id)
}

fn association_args<'a>(
    id: &'a EvaluationDatasetId,
    association: &'a Association,
    now: Millis,
) -> [Value<'a>; 6] {
    [
        (&association.id).into(),
        DATASET.into(),
        id.as_str().into(),
        EXPERIMENT.into(),
        (&association.experiment).into(),
        now.0.into(),
    ]
}

fn delete(session: &mut dyn Session, id: &EvaluationDatasetId) -> Result<(), DbError> {
    lock(session, id)?;
    let id = id.as_str();
    session.execute(
        "DELETE FROM entity_associations WHERE (source_type = ? AND source_id = ?) \
         OR (destination_type = ? AND destination_id = ?)",
        args![DATASET, id, DATASET, id],
    )?;
    for table in ["evaluation_dataset_records", "evaluation_dataset_tags", "evaluation_datasets"] {
        session.execute(&format!("DELETE FROM {table} WHERE dataset_id = ?"), args![id])?;
    }
    Ok(())
}

fn set_tags(
    session: &mut dyn Session,
    sql: &Statements,
    id: &EvaluationDatasetId,
    tags: &[DatasetTag],
) -> Result<()> {
    if find(session, id)?.is_none() {
        return Err(Error::not_found(format!("Could not find evaluation dataset with ID {id}")));
    }
    for tag in tags {
        if let Some(value) = &tag.value {
            session.execute(&sql.upsert_evaluation_tag, args![id.as_str(), &tag.key, value])?;
        }
    }
    Ok(())
}

fn experiments(
    session: &mut dyn Session,
    id: &EvaluationDatasetId,
) -> Result<Vec<String>, DbError> {
    session.rows(
        "SELECT destination_id FROM entity_associations WHERE source_type = ? AND source_id = ? \
         AND destination_type = ?",
        args![DATASET, id.as_str(), EXPERIMENT],
        |row| row.text_or_empty(0),
    )
}

fn add_to_experiments(
    session: &mut dyn Session,
    sql: &Statements,
    id: &EvaluationDatasetId,
    experiments: &[Association],
    now: Millis,
) -> Result<EvaluationDataset> {
    must_find(session, id)?;
    for association in experiments {
        // An id that is spelled in another way than the server does is nobody's.
        let experiment = &association.experiment;
        let number: Option<i64> =
            experiment.parse().ok().filter(|id: &i64| id.to_string() == *experiment);
        let found = session.row(
            "SELECT 1 FROM experiments WHERE experiment_id = ?",
            args![number],
            |row| row.must_int(0),
        )?;
        if found.is_none() {
            return Err(Error::not_found(format!("No Experiment with id={experiment}")));
        }
    }
    for association in experiments {
        session.execute(&sql.insert_association, &association_args(id, association, now))?;
    }
    touch(session, id, now)?;
    must_find(session, id)
}

fn remove_from_experiments(
    session: &mut dyn Session,
    id: &EvaluationDatasetId,
    experiments: &[String],
    now: Millis,
) -> Result<EvaluationDataset> {
    must_find(session, id)?;
    let mut removed = 0;
    for experiment in experiments {
        removed += session.execute(
            "DELETE FROM entity_associations WHERE source_type = ? AND source_id = ? \
             AND destination_type = ? AND destination_id = ?",
            args![DATASET, id.as_str(), EXPERIMENT, experiment],
        )?;
    }
    if removed > 0 {
        touch(session, id, now)?;
    }
    must_find(session, id)
}

fn touch(session: &mut dyn Session, id: &EvaluationDatasetId, now: Millis) -> Result<(), DbError> {
    session.execute(
        "UPDATE evaluation_datasets SET last_update_time = ? WHERE dataset_id = ?",
        args![now.0, id.as_str()],
    )?;
    Ok(())
}

fn search_query(
    dialect: &dyn Dialect,
    search: &EvaluationDatasetSearch,
) -> (String, Vec<Value<'static>>) {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM evaluation_datasets d"));
    query.and("d.workspace = ?", [WORKSPACE.into()]);
    if !search.experiments.is_empty() {
        let condition = format!(
            "d.dataset_id IN (SELECT a.source_id FROM entity_associations a \
             WHERE a.destination_type = ? AND a.source_type = ? AND a.destination_id IN ({}))",
            marks(search.experiments.len())
        );
        let ends = [EXPERIMENT.into(), DATASET.into()];
        let experiments = search.experiments.iter().map(|id| id.clone().into());
        query.and(&condition, ends.into_iter().chain(experiments));
    }
    for clause in &search.filter {
        add_clause(&mut query, dialect, clause);
    }
    query.push(&order(&search.order_by));
    query.page(dialect, search.page)
}

fn add_clause(query: &mut Query, dialect: &dyn Dialect, clause: &EvaluationDatasetClause) {
    match clause {
        EvaluationDatasetClause::Text { attribute, test } => {
            let (test, args) = text_test(dialect, &format!("d.{}", attribute.as_str()), test);
            query.and(&test, args);
        }
        EvaluationDatasetClause::Ordered { attribute, op, value } => {
            let condition = format!("d.{} {} ?", attribute.as_str(), op.as_str());
            query.and(&condition, [value.clone().into()]);
        }
        EvaluationDatasetClause::Time { attribute, op, value } => {
            let condition = format!("d.{} {} ?", attribute.as_str(), op.as_str());
            query.and(&condition, [Value::Int(*value)]);
        }
        EvaluationDatasetClause::Tag { key, op, value } => {
            let condition = format!(
                "EXISTS (SELECT 1 FROM evaluation_dataset_tags t \
                 WHERE t.dataset_id = d.dataset_id AND {} AND {})",
                dialect.equals("t.\"key\""),
                text_op(dialect, "t.value", *op)
            );
            query.and(&condition, [key.clone().into(), value.clone().into()]);
        }
    }
}

fn order(orders: &[EvaluationDatasetOrder]) -> String {
    let column = |by| match by {
        EvaluationDatasetOrderKey::Name => "name",
        EvaluationDatasetOrderKey::Time(time) => time.as_str(),
    };
    let mut columns: Vec<String> = Vec::new();
    for order in orders {
        let item = format!("d.{} {}", column(order.by), direction(order.ascending));
        // SQL Server refuses a column that is there already.
        if !columns.iter().any(|known| known.split(' ').next() == item.split(' ').next()) {
            columns.push(item);
        }
    }
    if orders.is_empty() {
        columns.push("d.created_time DESC".to_owned());
    }
    columns.push("d.dataset_id DESC".to_owned());
    format!(" ORDER BY {}", columns.join(", "))
}
