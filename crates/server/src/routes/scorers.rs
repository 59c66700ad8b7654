//! `scorers/…`: the registry of scorers. Running them is not built.

use axum::extract::State;
use oxflow_api::common::{Empty, all};
use oxflow_api::scorer::{
    ListOnlineScoringConfigs, ListScorerVersions, ListScorers, OneScorer,
    OnlineScoringConfigsResponse, RegisterScorer, RegisterScorerResponse, ScorerResponse,
    ScorersResponse,
};
use oxflow_model::{Error, ExperimentId, NewScorerVersion, Result, scorer};

use crate::access::{Access, Level};
use crate::answer::{Answer, Json, Proto};
use crate::app::AppState;
use crate::router::{Routes, Under};

pub fn routes(routes: Routes) -> Routes {
    let read = Access::Scorer(Level::Read);
    let manage = Access::Scorer(Level::Manage);
    routes
        .post(Under::V3, "/scorers/register", Access::Experiment(Level::Edit), register)
        .get(Under::V3, "/scorers/list", Access::Experiments(Level::Read), list)
        .get(Under::V3, "/scorers/versions", read, versions)
        .get(Under::V3, "/scorers/get", read, get)
        .delete(Under::V3, "/scorers/delete", manage, delete)
        .get(Under::V3, "/scorers/online-configs", read, online_configs)
}

fn experiment(raw: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&raw.unwrap_or_default())
}

async fn register(
    State(app): State<AppState>,
    Proto(request): Proto<RegisterScorer>,
) -> Answer<RegisterScorerResponse> {
    let serialized = request.serialized_scorer.unwrap_or_default();
    let name = request.name.unwrap_or_default();
    scorer::check_name(&name)?;
    scorer::check(&serialized, app.settings.custom_scorers)?;
    let new = NewScorerVersion {
        id: app.ids.uuid(),
        experiment_id: experiment(request.experiment_id)?,
        name,
        serialized,
    };
    Ok(Json(app.store.register_scorer(new, app.clock.now()).await?.into()))
}

async fn list(
    State(app): State<AppState>,
    Proto(request): Proto<ListScorers>,
) -> Answer<ScorersResponse> {
    let one = request.experiment_id.filter(|id| !id.is_empty());
    let found = match (one, request.experiment_ids) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to \
                 scope the query to multiple experiments, or 'experiment_id' to scope it to a \
                 single experiment.",
            )
            .into());
        }
        (Some(one), None) => app.store.scorers_of_experiment(ExperimentId::parse(&one)?).await?,
        (None, Some(several)) => app.store.list_scorers(Some(distinct(&several)?)).await?,
        (None, None) => app.store.list_scorers(None).await?,
    };
    Ok(Json(ScorersResponse { scorers: all(found) }))
}

fn distinct(experiments: &[String]) -> Result<Vec<ExperimentId>> {
    let mut ids = Vec::new();
    for experiment in experiments {
        if experiment.is_empty() {
            return Err(Error::invalid("Invalid experiment ID: ''"));
        }
        ids.push(ExperimentId::parse(experiment)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

async fn versions(
    State(app): State<AppState>,
    Proto(request): Proto<ListScorerVersions>,
) -> Answer<ScorersResponse> {
    let id = experiment(request.experiment_id)?;
    let found = app.store.scorer_versions(id, &request.name.unwrap_or_default()).await?;
    Ok(Json(ScorersResponse { scorers: all(found) }))
}

async fn get(
    State(app): State<AppState>,
    Proto(request): Proto<OneScorer>,
) -> Answer<ScorerResponse> {
    let id = experiment(request.experiment_id)?;
    let name = request.name.unwrap_or_default();
    let found = app.store.get_scorer(id, &name, request.version).await?;
    Ok(Json(ScorerResponse { scorer: Some(found.into()) }))
}

async fn delete(State(app): State<AppState>, Proto(request): Proto<OneScorer>) -> Answer<Empty> {
    let id = experiment(request.experiment_id)?;
    let name = request.name.unwrap_or_default();
    app.store.delete_scorer(id, &name, request.version).await?;
    Ok(Json(Empty {}))
}

async fn online_configs(
    State(app): State<AppState>,
    Proto(request): Proto<ListOnlineScoringConfigs>,
) -> Answer<OnlineScoringConfigsResponse> {
    let scorers = request.scorer_ids.unwrap_or_default();
    let found = app.store.online_scoring_configs(scorers).await?;
    Ok(Json(OnlineScoringConfigsResponse { configs: Some(all(found)) }))
}
