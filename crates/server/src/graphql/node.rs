//! Picking fields from messages, and MLflow's rules for those that are not there.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::schema::ExtendedType;
use oxflow_api::case::snake_case;
use oxflow_api::view::{Fields, View};

use super::data::Data;

type Resolved<'a> = Result<ResolvedValue<'a>, FieldError>;

/// The type of runs: it has two fields that the message has not.
const RUN: &str = "MlflowRunExtension";
/// The one type whose NaN is an error; elsewhere it is `null`.
const POINT: &str = "MlflowMetricWithRunId";
/// No answer has one: errors are in the list of errors.
const API_ERROR: &str = "ApiError";
const LONG: &str = "LongString";

/// A query or a mutation.
pub struct Root {
    data: Data,
}

impl Root {
    pub fn new(data: Data) -> Root {
        Root { data }
    }
}

impl ObjectValue for Root {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        if matches!(info.field_name(), "test" | "testMutation") {
            let echo = info.arguments().get("inputString").cloned().unwrap_or_default();
            return Ok(ResolvedValue::object(Echo { type_name: type_of(info), echo }));
        }
        let message = self.data.root(info)?;
        Ok(Node::resolved(&self.data, type_of(info), Source::Own(message)))
    }
}

/// What `test` gives: its argument.
struct Echo<'a> {
    type_name: &'a str,
    echo: apollo_compiler::response::JsonValue,
}

impl ObjectValue for Echo<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, _: &'a ResolveInfo<'a>) -> Resolved<'a> {
        Ok(ResolvedValue::leaf(self.echo.clone()))
    }
}

/// Where the fields of an object come from.
enum Source<'a> {
    Own(Box<dyn Fields>),
    Part(&'a dyn Fields),
    /// The message is not there: all its fields have their defaults.
    Nothing,
}

/// An object of the answer.
struct Node<'a> {
    data: &'a Data,
    type_name: &'a str,
    source: Source<'a>,
}

impl<'n> Node<'n> {
    fn resolved(data: &'n Data, type_name: &'n str, source: Source<'n>) -> ResolvedValue<'n> {
        ResolvedValue::object(Node { data, type_name, source })
    }

    fn get(&self, name: &str) -> View<'_> {
        match &self.source {
            Source::Own(message) => message.get(name),
            Source::Part(message) => message.get(name),
            Source::Nothing => View::Absent,
        }
    }

    /// A text in the head of this run.
    fn info_text(&self, name: &str) -> &str {
        match self.get("info") {
            View::Message(info) => match info.get(name) {
                View::Text(text) => text,
                _ => "",
            },
            _ => "",
        }
    }

    fn experiment<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let experiment = self.data.experiment(self.info_text("experiment_id"))?;
        Ok(Node::resolved(self.data, type_of(info), Source::Own(experiment)))
    }

    fn model_versions<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let versions = self.data.model_versions(self.info_text("run_id"))?;
        let nodes = versions
            .into_iter()
            .map(|version| Node::resolved(self.data, type_of(info), Source::Own(version)));
        Ok(ResolvedValue::list(nodes))
    }

    /// The value of a field, or of an item of a list.
    fn value<'a>(
        &'a self,
        view: View<'a>,
        ty: &'a Type,
        info: &'a ResolveInfo<'a>,
    ) -> Resolved<'a> {
        Ok(match view {
            View::Absent if ty.is_list() => ResolvedValue::list([]),
            View::Absent => self.default(ty.inner_named_type(), info),
            View::Text(text) => ResolvedValue::leaf(text),
            View::Int(number) if ty.inner_named_type() == LONG => {
                ResolvedValue::leaf(number.to_string())
            }
            View::Int(number) => ResolvedValue::leaf(number),
            View::Double(number) if number.is_nan() && self.type_name == POINT => {
                let message = "Float cannot represent non numeric value: nan".to_owned();
                return Err(FieldError { message });
            }
            View::Double(number) => ResolvedValue::leaf(number),
            View::Bool(truth) => ResolvedValue::leaf(truth),
            View::Message(part) => {
                Node::resolved(self.data, ty.inner_named_type(), Source::Part(part))
            }
            View::List(items) => self.list(items, ty.item_type(), info),
            View::Any(_) => ResolvedValue::null(),
        })
    }

    fn list<'a>(
        &'a self,
        items: Box<dyn Iterator<Item = View<'a>> + 'a>,
        ty: &'a Type,
        info: &'a ResolveInfo<'a>,
    ) -> ResolvedValue<'a> {
        let fields =
            info.field_selections().iter().map(|field| field.selection_set.selections.len());
        let cost = fields.sum::<usize>().max(1);
        ResolvedValue::List(Box::new(items.map(move |item| {
            self.data.spend(cost)?;
            self.value(item, ty, info)
        })))
    }

    /// What protobuf says of a field that is not set.
    fn default<'a>(&'a self, ty: &'a Name, info: &ResolveInfo<'a>) -> ResolvedValue<'a> {
        match info.schema().types.get(ty) {
            Some(ExtendedType::Object(_)) if ty != API_ERROR => {
                Node::resolved(self.data, ty, Source::Nothing)
            }
            Some(ExtendedType::Scalar(_)) => match ty.as_str() {
                LONG => ResolvedValue::leaf("0"),
                "Int" => ResolvedValue::leaf(0),
                "Float" => ResolvedValue::leaf(0.0),
                "Boolean" => ResolvedValue::leaf(false),
                _ => ResolvedValue::leaf(""),
            },
            _ => ResolvedValue::null(),
        }
    }
}

impl ObjectValue for Node<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        match (self.type_name, info.field_name()) {
            (RUN, "experiment") => self.experiment(info),
            (RUN, "modelVersions") => self.model_versions(info),
            (_, name) => self.value(self.get(&snake_case(name)), &info.field_definition().ty, info),
        }
    }
}

/// The type of the objects in a field.
fn type_of<'a>(info: &'a ResolveInfo<'a>) -> &'a str {
    info.field_definition().ty.inner_named_type()
}
