//! Looking into a message by the names of its fields, for those who learn at run time which fields
//! are wanted. Nothing is copied.

use serde_json::Value;

/// What stands in a field.
pub enum View<'a> {
    /// Nothing, or there is no such field.
    Absent,
    /// Text, or the name of an enum value.
    Text(&'a str),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// A truth value.
    Bool(bool),
    /// Another message.
    Message(&'a dyn Fields),
    /// Several values.
    List(Box<dyn Iterator<Item = View<'a>> + 'a>),
    /// Any JSON.
    Any(&'a Value),
}

/// A message whose fields can be asked for by name.
pub trait Fields {
    /// What stands in the field with this snake_case name.
    fn get(&self, name: &str) -> View<'_>;
}
