//! Who may call a route. Every route is registered with one of these; without it, it does not
//! compile. Authentication will enforce them; until it is there, everything is allowed.

use std::fmt;

/// How much one may do with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// See it.
    Read,
    /// Change it.
    Edit,
    /// Delete it, restore it, or decide who else may.
    Manage,
}

/// What a caller needs to be allowed to call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing at all.
    Public,
    /// To be known; what is shown depends on who asks.
    Known,
    /// The level, on the experiment that the request names.
    Experiment(Level),
    /// The level, on every experiment that the request names.
    Experiments(Level),
    /// The level, on every experiment of the evaluation dataset that the request names.
    EvaluationDataset(Level),
    /// The level, on the scorer that the request names.
    Scorer(Level),
    /// The level, on the experiment of the label schema that the request names.
    LabelSchema(Level),
    /// The level, on the experiment of the issue that the request names.
    Issue(Level),
    /// The level, on the experiment of the review queue that the request names.
    ReviewQueue(Level),
    /// The level, on the experiment of the run that the request names.
    Run(Level),
    /// The level, on the experiment of every run that the request names.
    Runs(Level),
    /// The level, on the experiment of the logged model that the request names.
    LoggedModel(Level),
    /// The level, on the registered model that the request names.
    RegisteredModel(Level),
    /// The level, on the experiment of the saved view that the request names.
    SavedView(Level),
    /// The level, on the experiment whose artifacts lie at the path that the request names.
    ArtifactPath(Level),
    /// To be an administrator.
    Admin,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, level) = match self {
            Access::Public => return f.write_str("public"),
            Access::Known => return f.write_str("known"),
            Access::Admin => return f.write_str("admin"),
            Access::Experiment(level) => ("experiment", level),
            Access::Experiments(level) => ("experiments", level),
            Access::EvaluationDataset(level) => ("evaluation dataset", level),
            Access::Scorer(level) => ("scorer", level),
            Access::LabelSchema(level) => ("label schema", level),
            Access::Issue(level) => ("issue", level),
            Access::ReviewQueue(level) => ("review queue", level),
            Access::Run(level) => ("run", level),
            Access::Runs(level) => ("runs", level),
            Access::LoggedModel(level) => ("logged model", level),
            Access::RegisteredModel(level) => ("registered model", level),
            Access::SavedView(level) => ("saved view", level),
            Access::ArtifactPath(level) => ("artifact path", level),
        };
        let level = match level {
            Level::Read => "read",
            Level::Edit => "edit",
            Level::Manage => "manage",
        };
        write!(f, "{what}: {level}")
    }
}
