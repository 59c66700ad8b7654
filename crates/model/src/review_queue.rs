//! Review queues: who reviews which traces, and with which questions.

use crate::validate::python_repr;
use crate::{Error, ExperimentId, Millis, Result};

const LONGEST_NAME: usize = 250;
const LONGEST_USER: usize = 250;
const LONGEST_SCHEMA_ID: usize = 36;
const LONGEST_ITEM_ID: usize = 50;
const MOST_USERS: usize = 10;
/// The queue of everybody, where nobody is known. Custom queues may not be called so.
const RESERVED_NAME: &str = "default";

/// A review queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewQueue {
    /// Its id: `rq-` and 32 hexadecimal digits when we make it.
    pub id: String,
    /// The experiment whose traces are reviewed.
    pub experiment_id: ExperimentId,
    /// Its name, unique within the experiment, whatever the case of letters.
    pub name: String,
    /// Whether it is somebody's own.
    pub kind: ReviewQueueType,
    /// Who owns it.
    pub created_by: Option<String>,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
    /// Who reviews, sorted.
    pub users: Vec<String>,
    /// The ids of the label schemas that are asked, sorted.
    pub schema_ids: Vec<String>,
}

/// Whether a queue is somebody's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewQueueType {
    /// It is, and all questions of the experiment are asked.
    User,
    /// It is not.
    Custom,
}

/// What an update changes: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewQueueChange {
    /// The name.
    pub name: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
    /// Who reviews.
    pub users: Option<Vec<String>>,
    /// Which questions are asked.
    pub schema_ids: Option<Vec<String>>,
}

/// A trace in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewItem {
    /// The queue.
    pub queue_id: String,
    /// The trace.
    pub item_id: String,
    /// Where the review stands.
    pub status: ReviewStatus,
    /// Who finished it.
    pub completed_by: Option<String>,
    /// When it was finished.
    pub completed_at: Option<Millis>,
    /// When it came into the queue.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// Where a review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewStatus {
    /// To be done.
    Pending,
    /// Done.
    Complete,
    /// Not to be done.
    Declined,
}

impl ReviewQueueType {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReviewQueueType::User => "user",
            ReviewQueueType::Custom => "custom",
        }
    }

    /// Reads the word of the database.
    pub fn from_word(word: &str) -> ReviewQueueType {
        if word == "user" { ReviewQueueType::User } else { ReviewQueueType::Custom }
    }
}

impl ReviewStatus {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReviewStatus::Pending => "pending",
            ReviewStatus::Complete => "complete",
            ReviewStatus::Declined => "declined",
        }
    }

    /// Reads the word of the database.
    pub fn from_word(word: &str) -> ReviewStatus {
        match word {
            "complete" => ReviewStatus::Complete,
            "declined" => ReviewStatus::Declined,
            _ => ReviewStatus::Pending,
        }
    }
}

/// The error for a name that no review queue of an experiment has.
pub fn no_such_name(experiment: ExperimentId, name: &str) -> Error {
    Error::not_found(format!(
        "Review queue with name '{name}' not found for experiment '{experiment}'."
    ))
}

impl ReviewQueue {
    /// The queue as it is stored: names and ids trimmed, each of them once.
    ///
    /// # Errors
    /// `INVALID_PARAMETER_VALUE` if something is empty, too long or too much.
    pub fn checked(self) -> Result<ReviewQueue> {
        let users = users(&self.users)?;
        let schema_ids = ids("schema_id", &self.schema_ids, LONGEST_SCHEMA_ID)?;
        match self.kind {
            ReviewQueueType::Custom => {
                let name = custom_name(&self.name)?;
                Ok(ReviewQueue { name, users, schema_ids, ..self })
            }
            ReviewQueueType::User => {
                let name = user(&self.name);
                check("name", &name, LONGEST_NAME)?;
                if !users.is_empty() && users != [name.clone()] {
                    let users: Vec<String> = users.iter().map(|user| python_repr(user)).collect();
                    return Err(Error::invalid(format!(
                        "A user queue must have exactly one assigned user equal to its name; got \
                         name={} and users=[{}].",
                        python_repr(&name),
                        users.join(", ")
                    )));
                }
                if !schema_ids.is_empty() {
                    return Err(Error::invalid(
                        "A user queue cannot have explicitly-attached schemas; it resolves to all \
                         of the experiment's label schemas.",
                    ));
                }
                Ok(ReviewQueue { users: vec![name.clone()], name, schema_ids, ..self })
            }
        }
    }

    /// What names are compared by.
    pub fn name_key(&self) -> String {
        self.name.to_lowercase()
    }
}

impl ReviewQueueChange {
    /// The change as it is stored; see [`ReviewQueue::checked`].
    pub fn checked(self) -> Result<ReviewQueueChange> {
        let owner = self.owner.map(|owner| owner.trim().to_owned());
        if let Some(owner) = &owner {
            check("new_owner", owner, LONGEST_USER)?;
        }
        Ok(ReviewQueueChange {
            owner,
            name: self.name.map(|name| custom_name(&name)).transpose()?,
            users: self.users.map(|all| users(&all)).transpose()?,
            schema_ids: self
                .schema_ids
                .map(|all| ids("schema_id", &all, LONGEST_SCHEMA_ID))
                .transpose()?,
        })
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == ReviewQueueChange::default()
    }
}

fn check(field: &str, value: &str, longest: usize) -> Result<()> {
    let length = value.chars().count();
    if length == 0 {
        return Err(Error::invalid(format!("`{field}` must be a non-empty string; got ''.")));
    }
    if length > longest {
        return Err(Error::invalid(format!(
            "`{field}` must be at most {longest} characters; got {length}."
        )));
    }
    Ok(())
}

fn custom_name(name: &str) -> Result<String> {
    let name = name.trim();
    check("name", name, LONGEST_NAME)?;
    if name.to_lowercase() == RESERVED_NAME {
        return Err(Error::invalid(format!(
            "`{name}` is a reserved queue name and cannot be used for a custom queue."
        )));
    }
    Ok(name.to_owned())
}

/// Somebody, spelled as the store does.
pub fn user(name: &str) -> String {
    name.trim().to_lowercase()
}

fn users(names: &[String]) -> Result<Vec<String>> {
    let names: Vec<String> = names.iter().map(|name| user(name)).collect();
    let users = ids("user", &names, LONGEST_USER)?;
    if users.len() > MOST_USERS {
        return Err(Error::invalid(format!(
            "A review queue can have at most {MOST_USERS} assigned users; got {}.",
            users.len()
        )));
    }
    Ok(users)
}

/// Trimmed, each once, in their order.
fn ids(field: &str, raw: &[String], longest: usize) -> Result<Vec<String>> {
    let mut ids: Vec<String> = Vec::new();
    for id in raw {
        let id = id.trim();
        check(field, id, longest)?;
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// The ids of items, as the store spells them; never none.
pub fn item_ids(raw: &[String]) -> Result<Vec<String>> {
    if raw.is_empty() {
        return Err(Error::invalid("`item_ids` must be a non-empty list; got []."));
    }
    ids("item_id", raw, LONGEST_ITEM_ID)
}

/// Who finishes a review, which has to be said when and only when it is finished.
pub fn completed_by(status: ReviewStatus, by: Option<&str>) -> Result<Option<String>> {
    let by = by.map(user);
    match (&by, status) {
        (Some(_), ReviewStatus::Pending) => {
            return Err(Error::invalid(
                "`completed_by` must not be set when reopening an item to `pending`.",
            ));
        }
        (None, ReviewStatus::Pending) => {}
        (Some(name), _) if !name.is_empty() => check("completed_by", name, LONGEST_USER)?,
        _ => {
            return Err(Error::invalid(format!(
                "`completed_by` is required when setting status to `{}`.",
                status.as_str()
            )));
        }
    }
    Ok(by)
}
