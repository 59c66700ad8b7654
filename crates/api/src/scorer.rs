//! Messages of `scorers/…`.

use oxflow_model as model;

use crate::message;

message! {
    /// A version of a scorer. Unlike everywhere else, the experiment is a number.
    pub struct Scorer {
        experiment_id: Option<i64>,
        scorer_name: Option<String>,
        scorer_version: Option<i32>,
        serialized_scorer: Option<String>,
        creation_time: Option<i64>,
        scorer_id: Option<String>,
    }

    /// `POST scorers/register`
    pub struct RegisterScorer {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
        [required] serialized_scorer: Option<String>,
    }

    /// The answer to [`RegisterScorer`].
    pub struct RegisterScorerResponse {
        version: Option<i32>,
        scorer_id: Option<String>,
        experiment_id: Option<String>,
        name: Option<String>,
        serialized_scorer: Option<String>,
        creation_time: Option<i64>,
    }

    /// `GET scorers/list`
    pub struct ListScorers { experiment_id: Option<String>, experiment_ids: Option<Vec<String>> }

    /// `GET scorers/versions`
    pub struct ListScorerVersions {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
    }

    /// The answer to [`ListScorers`] and [`ListScorerVersions`].
    pub struct ScorersResponse { scorers: Vec<Scorer> }

    /// `GET scorers/get` and `DELETE scorers/delete`
    pub struct OneScorer {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
        version: Option<i32>,
    }

    /// How many of the new traces a scorer looks at by itself.
    pub struct OnlineScoringConfig {
        online_scoring_config_id: Option<String>,
        scorer_id: Option<String>,
        sample_rate: Option<f64>,
        experiment_id: Option<String>,
        filter_string: Option<String>,
    }

    /// `GET scorers/online-configs`
    pub struct ListOnlineScoringConfigs { [required] scorer_ids: Option<Vec<String>> }

    /// The answer to [`ListOnlineScoringConfigs`]; an empty list is shown, too.
    pub struct OnlineScoringConfigsResponse { configs: Option<Vec<OnlineScoringConfig>> }

    /// The answer to `GET scorers/get`.
    pub struct ScorerResponse { scorer: Option<Scorer> }
}

impl From<model::ScorerVersion> for Scorer {
    fn from(scorer: model::ScorerVersion) -> Self {
        Scorer {
            experiment_id: Some(scorer.experiment_id.0),
            scorer_name: Some(scorer.name),
            scorer_version: Some(scorer.version),
            serialized_scorer: Some(scorer.serialized),
            creation_time: Some(scorer.created_at.0),
            scorer_id: Some(scorer.id),
        }
    }
}

impl From<model::ScorerVersion> for RegisterScorerResponse {
    fn from(scorer: model::ScorerVersion) -> Self {
        RegisterScorerResponse {
            version: Some(scorer.version),
            scorer_id: Some(scorer.id),
            experiment_id: Some(scorer.experiment_id.to_string()),
            name: Some(scorer.name),
            serialized_scorer: Some(scorer.serialized),
            creation_time: Some(scorer.created_at.0),
        }
    }
}

impl From<model::OnlineScoringConfig> for OnlineScoringConfig {
    fn from(config: model::OnlineScoringConfig) -> Self {
        OnlineScoringConfig {
            online_scoring_config_id: Some(config.id),
            scorer_id: Some(config.scorer_id),
            sample_rate: Some(config.sample_rate),
            experiment_id: Some(config.experiment_id.to_string()),
            filter_string: config.filter,
        }
    }
}
