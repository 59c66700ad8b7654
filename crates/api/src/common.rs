//! Messages that several resources use.

use oxflow_model as model;

use crate::{message, wire_enum};

message! {
    /// A tag of anything.
    pub struct Tag { key: Option<String>, value: Option<String> }

    /// A param of a run or a logged model.
    pub struct Param { key: Option<String>, value: Option<String> }

    /// The answer to calls that have nothing to say.
    pub struct Empty {}
}

wire_enum! {
    /// Which life-cycle stages a search looks at.
    pub enum ViewType {
        /// In use.
        ActiveOnly = 1 => "ACTIVE_ONLY",
        /// In the bin.
        DeletedOnly = 2 => "DELETED_ONLY",
        /// Both.
        All = 3 => "ALL",
    }
}

impl From<ViewType> for model::ViewType {
    fn from(wire: ViewType) -> Self {
        match wire {
            ViewType::ActiveOnly => model::ViewType::ActiveOnly,
            ViewType::DeletedOnly => model::ViewType::DeletedOnly,
            ViewType::All => model::ViewType::All,
        }
    }
}

impl From<model::ViewType> for ViewType {
    fn from(view: model::ViewType) -> Self {
        match view {
            model::ViewType::ActiveOnly => ViewType::ActiveOnly,
            model::ViewType::DeletedOnly => ViewType::DeletedOnly,
            model::ViewType::All => ViewType::All,
        }
    }
}

impl From<model::Tag> for Tag {
    fn from(tag: model::Tag) -> Self {
        Tag { key: Some(tag.key), value: Some(tag.value) }
    }
}

impl From<Tag> for model::Tag {
    fn from(tag: Tag) -> Self {
        model::Tag { key: tag.key.unwrap_or_default(), value: tag.value.unwrap_or_default() }
    }
}

impl From<model::Param> for Param {
    fn from(param: model::Param) -> Self {
        Param { key: Some(param.key), value: Some(param.value) }
    }
}

impl From<Param> for model::Param {
    fn from(param: Param) -> Self {
        model::Param { key: param.key.unwrap_or_default(), value: param.value.unwrap_or_default() }
    }
}

/// Converts every item.
pub fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}

/// A text that is only shown when it says something.
pub fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
