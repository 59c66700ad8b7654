//! Scorers and their versions.

use async_trait::async_trait;
use oxflow_model::scorer::{gateway_endpoint, respelled, with_gateway_endpoint};
use oxflow_model::{
    Error, ExperimentId, LifecycleStage, Millis, NewScorerVersion, OnlineScoringConfig, Result,
    ScorerVersion,
};
use oxflow_store::ScorerStore;

use crate::error::DbError;
use crate::experiment::require_active;
use crate::filter::marks;
use crate::registered_model::WORKSPACE;
use crate::session::Session;
use crate::statements::Statements;
use crate::value::{Row, Value};
use crate::{SqlStore, args};

/// Versions with their scorers: `v` and `s`.
const VERSIONS: &str = "SELECT s.experiment_id, s.scorer_id, s.scorer_name, v.scorer_version, \
                        v.serialized_scorer, v.creation_time FROM scorer_versions v \
                        JOIN scorers s ON s.scorer_id = v.scorer_id";
/// Holds for the latest version of each scorer.
const LATEST: &str = "v.scorer_version = (SELECT MAX(l.scorer_version) FROM scorer_versions l \
                      WHERE l.scorer_id = v.scorer_id)";
/// What bindings of endpoints call a scorer.
const SCORER: &str = "scorer";

/// A scorer by its name.
struct Named {
    experiment: ExperimentId,
    name: String,
    /// `s.scorer_name = ?`, as the database says it.
    by_name: String,
}

#[async_trait]
impl ScorerStore for SqlStore {
    async fn register_scorer(&self, new: NewScorerVersion, now: Millis) -> Result<ScorerVersion> {
        let sql = self.sql.clone();
        let named = self.named(new.experiment_id, &new.name);
        let by_endpoint = self.dialect.equals("name");
        self.database
            .write(move |session| register(session, &sql, &named, &by_endpoint, &new, now))
            .await
    }

    async fn scorers_of_experiment(&self, experiment: ExperimentId) -> Result<Vec<ScorerVersion>> {
        self.database
            .read(move |session| {
                require_active(session, experiment)?;
                Ok(latest(session, Some(&[experiment]))?)
            })
            .await
    }

    async fn list_scorers(
        &self,
        experiments: Option<Vec<ExperimentId>>,
    ) -> Result<Vec<ScorerVersion>> {
        self.database.read(move |session| Ok(latest(session, experiments.as_deref())?)).await
    }

    async fn scorer_versions(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> Result<Vec<ScorerVersion>> {
        let named = self.named(experiment, name);
        self.database
            .read(move |session| {
                let found = versions(session, &named, None)?;
                found.into_iter().map(|version| Ok(shown(session, version)?)).collect()
            })
            .await
    }

    async fn get_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i32>,
    ) -> Result<ScorerVersion> {
        let named = self.named(experiment, name);
        self.database
            .read(move |session| {
                let found = versions(session, &named, version)?.pop();
                let version = found.ok_or_else(|| not_found(&named, version))?;
                Ok(resolved(session, version)?)
            })
            .await
    }

    async fn delete_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i32>,
    ) -> Result<()> {
        let named = self.named(experiment, name);
        self.database.write(move |session| delete(session, &named, version)).await
    }

    async fn online_scoring_configs(
        &self,
        scorers: Vec<String>,
    ) -> Result<Vec<OnlineScoringConfig>> {
        self.database.read(move |session| Ok(online_configs(session, &scorers)?)).await
    }
}

impl SqlStore {
    fn named(&self, experiment: ExperimentId, name: &str) -> Named {
        let by_name = self.dialect.equals("s.scorer_name");
        Named { experiment, name: name.to_owned(), by_name }
    }
}

fn not_found(named: &Named, version: Option<i32>) -> Error {
    let version = version.map_or(String::new(), |number| format!(" and version {number}"));
    Error::not_found(format!(
        "Scorer with name '{}'{version} not found for experiment {}.",
        named.name, named.experiment
    ))
}

fn read(row: &dyn Row) -> Result<ScorerVersion, DbError> {
    Ok(ScorerVersion {
        experiment_id: ExperimentId(row.must_int(0)?),
        id: row.text_or_empty(1)?,
        name: row.text_or_empty(2)?,
        version: i32::try_from(row.must_int(3)?).unwrap_or(i32::MAX),
        serialized: row.text_or_empty(4)?,
        created_at: Millis(row.int(5)?.unwrap_or(0)),
    })
}

fn register(
    session: &mut dyn Session,
    sql: &Statements,
    named: &Named,
    by_endpoint: &str,
    new: &NewScorerVersion,
    now: Millis,
) -> Result<ScorerVersion> {
    require_active(session, new.experiment_id)?;
    let endpoint = gateway_endpoint(&new.serialized);
    let endpoint = endpoint.map(|name| endpoint_id(session, by_endpoint, &name)).transpose()?;
    let serialized = match &endpoint {
        Some(id) => with_gateway_endpoint(&new.serialized, Some(id)),
        None => new.serialized.clone(),
    };
    let id = match scorer_id(session, named)? {
        Some(id) => id,
        None => {
            session.execute(&sql.insert_scorer, args![new.experiment_id.0, &new.name, &new.id])?;
            scorer_id(session, named)?.ok_or_else(|| not_found(named, None))?
        }
    };
    // Makes those who register the same scorer wait for each other: they count its versions next.
    session
        .execute("UPDATE scorers SET scorer_name = ? WHERE scorer_id = ?", args![&new.name, &id])?;
    let sql = "SELECT MAX(scorer_version) FROM scorer_versions WHERE scorer_id = ?";
    let last = session.row(sql, args![&id], |row| row.int(0))?.flatten().unwrap_or(0);
    session.execute(
        "INSERT INTO scorer_versions (scorer_id, scorer_version, serialized_scorer, \
         creation_time) VALUES (?, ?, ?, ?)",
        args![&id, last + 1, &serialized, now.0],
    )?;
    if let Some(endpoint) = endpoint {
        bind(session, &id, &new.name, &endpoint, now)?;
    }
    let version = ScorerVersion {
        experiment_id: new.experiment_id,
        id,
        name: new.name.clone(),
        version: i32::try_from(last + 1).unwrap_or(i32::MAX),
        serialized,
        created_at: now,
    };
    Ok(resolved(session, version)?)
}

fn endpoint_id(session: &mut dyn Session, by_name: &str, name: &str) -> Result<String> {
    let sql = format!("SELECT endpoint_id FROM endpoints WHERE workspace = ? AND {by_name}");
    let found = session.row(&sql, args![WORKSPACE, name], |row| row.text_or_empty(0))?;
    found.ok_or_else(|| Error::not_found(format!("GatewayEndpoint not found (name='{name}')")))
}

/// Notes that the scorer needs the endpoint, so that nobody deletes it unawares.
fn bind(
    session: &mut dyn Session,
    id: &str,
    name: &str,
    endpoint: &str,
    now: Millis,
) -> Result<(), DbError> {
    unbind(session, id)?;
    session.execute(
        "INSERT INTO endpoint_bindings (endpoint_id, resource_type, resource_id, display_name, \
         created_at, last_updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        args![endpoint, SCORER, id, name, now.0, now.0],
    )?;
    Ok(())
}

fn unbind(session: &mut dyn Session, id: &str) -> Result<(), DbError> {
    session.execute(
        "DELETE FROM endpoint_bindings WHERE resource_type = ? AND resource_id = ?",
        args![SCORER, id],
    )?;
    Ok(())
}

fn scorer_id(session: &mut dyn Session, named: &Named) -> Result<Option<String>, DbError> {
    let sql = format!(
        "SELECT s.scorer_id FROM scorers s WHERE s.experiment_id = ? AND {}",
        named.by_name
    );
    session.row(&sql, args![named.experiment.0, &named.name], |row| row.text_or_empty(0))
}

/// The latest versions in these experiments, or in all, as far as they are active.
fn latest(
    session: &mut dyn Session,
    experiments: Option<&[ExperimentId]>,
) -> Result<Vec<ScorerVersion>, DbError> {
    let mut found = Vec::new();
    // Databases limit how many arguments a statement takes.
    let parts: Vec<Option<&[ExperimentId]>> = match experiments {
        Some(ids) => ids.chunks(1000).map(Some).collect(),
        None => vec![None],
    };
    for part in parts {
        let mut args = vec![Value::from(LifecycleStage::Active.as_str())];
        let within = part.map_or(String::new(), |ids| {
            args.extend(ids.iter().map(|id| Value::Int(id.0)));
            format!(" AND s.experiment_id IN ({})", marks(ids.len()))
        });
        let sql = format!(
            "{VERSIONS} JOIN experiments e ON e.experiment_id = s.experiment_id \
             WHERE e.lifecycle_stage = ? AND {LATEST}{within}"
        );
        found.extend(session.rows(&sql, &args, read)?);
    }
    found.sort_by(|a, b| (a.experiment_id, &a.name).cmp(&(b.experiment_id, &b.name)));
    found.into_iter().map(|version| shown(session, version)).collect()
}

/// One version, or all, the oldest first; never none.
fn versions(
    session: &mut dyn Session,
    named: &Named,
    version: Option<i32>,
) -> Result<Vec<ScorerVersion>> {
    require_active(session, named.experiment)?;
    let mut args = vec![Value::Int(named.experiment.0), (&named.name).into()];
    let which = version.map_or("", |number| {
        args.push(Value::Int(number.into()));
        " AND v.scorer_version = ?"
    });
    let sql = format!(
        "{VERSIONS} WHERE s.experiment_id = ? AND {}{which} ORDER BY v.scorer_version ASC",
        named.by_name
    );
    let found = session.rows(&sql, &args, read)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let known = scorer_id(session, named)?.is_some();
    Err(not_found(named, version.filter(|_| known)))
}

/// A version with the name of its endpoint in place of the id.
fn resolved(session: &mut dyn Session, version: ScorerVersion) -> Result<ScorerVersion, DbError> {
    let Some(endpoint) = gateway_endpoint(&version.serialized) else { return Ok(version) };
    let sql = "SELECT name FROM endpoints WHERE endpoint_id = ?";
    let name = session.row(sql, args![&endpoint], |row| row.text_or_empty(0))?;
    let serialized = with_gateway_endpoint(&version.serialized, name.as_deref());
    Ok(ScorerVersion { serialized, ..version })
}

/// A version as lists show it.
fn shown(session: &mut dyn Session, version: ScorerVersion) -> Result<ScorerVersion, DbError> {
    let version = resolved(session, version)?;
    Ok(ScorerVersion { serialized: respelled(&version.serialized), ..version })
}

fn delete(session: &mut dyn Session, named: &Named, version: Option<i32>) -> Result<()> {
    let found = versions(session, named, version)?;
    for version in &found {
        session.execute(
            "DELETE FROM scorer_versions WHERE scorer_id = ? AND scorer_version = ?",
            args![&version.id, i64::from(version.version)],
        )?;
    }
    if version.is_none()
        && let Some(scorer) = found.first()
    {
        unbind(session, &scorer.id)?;
        session.execute("DELETE FROM scorers WHERE scorer_id = ?", args![&scorer.id])?;
    }
    Ok(())
}

fn online_configs(
    session: &mut dyn Session,
    scorers: &[String],
) -> Result<Vec<OnlineScoringConfig>, DbError> {
    let mut found = Vec::new();
    for scorers in scorers.chunks(1000) {
        let sql = format!(
            "SELECT online_scoring_config_id, scorer_id, sample_rate, experiment_id, \
             filter_string FROM online_scoring_configs WHERE scorer_id IN ({})",
            marks(scorers.len())
        );
        let ids: Vec<Value<'_>> = scorers.iter().map(Value::from).collect();
        found.extend(session.rows(&sql, &ids, |row| {
            Ok(OnlineScoringConfig {
                id: row.text_or_empty(0)?,
                scorer_id: row.text_or_empty(1)?,
                sample_rate: row.must_real(2)?,
                experiment_id: ExperimentId(row.must_int(3)?),
                filter: row.text(4)?,
            })
        })?);
    }
    Ok(found)
}
