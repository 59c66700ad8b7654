//! Messages of `label-schemas/…`.

use oxflow_model as model;
use oxflow_model::{Error, LabelInput, Result};

use crate::{message, wire_enum};

wire_enum! {
    /// What answers are for.
    pub enum LabelSchemaType {
        /// Never said.
        Unspecified = 0 => "LABEL_SCHEMA_TYPE_UNSPECIFIED",
        /// To judge what a model did.
        Feedback = 1 => "FEEDBACK",
        /// To say what it should have done.
        Expectation = 2 => "EXPECTATION",
    }
}

message! {
    /// One of two.
    pub struct InputPassFail { positive_label: Option<String>, negative_label: Option<String> }

    /// One or some of several.
    pub struct InputCategorical { options: Vec<String>, multi_select: Option<bool> }

    /// A number.
    pub struct InputNumeric { min_value: Option<f64>, max_value: Option<f64> }

    /// A text.
    pub struct InputText { max_length: Option<i64> }

    /// How a question is answered: exactly one of these.
    pub struct LabelSchemaInput {
        pass_fail: Option<InputPassFail>,
        categorical: Option<InputCategorical>,
        numeric: Option<InputNumeric>,
        text: Option<InputText>,
    }

    /// A label schema.
    pub struct LabelSchema {
        schema_id: Option<String>,
        experiment_id: Option<String>,
        name: Option<String>,
        r#type: Option<LabelSchemaType>,
        instruction: Option<String>,
        enable_comment: Option<bool>,
        input: Option<LabelSchemaInput>,
        created_by: Option<String>,
        created_at: Option<i64>,
        last_updated_at: Option<i64>,
        is_default: Option<bool>,
    }

    /// An answer that holds one label schema.
    pub struct LabelSchemaResponse { label_schema: Option<LabelSchema> }

    /// `POST label-schemas/create`
    pub struct CreateLabelSchema {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
        r#type: Option<LabelSchemaType>,
        input: Option<LabelSchemaInput>,
        instruction: Option<String>,
        enable_comment: Option<bool>,
    }

    /// `GET label-schemas/get` and `DELETE label-schemas/delete`
    pub struct OneLabelSchema { [required] schema_id: Option<String> }

    /// `GET label-schemas/get-by-name`
    pub struct GetLabelSchemaByName {
        [required] experiment_id: Option<String>,
        [required] name: Option<String>,
    }

    /// `GET label-schemas/list`
    pub struct ListLabelSchemas {
        [required] experiment_id: Option<String>,
        max_results: Option<i32>,
        page_token: Option<String>,
    }

    /// The answer to [`ListLabelSchemas`].
    pub struct ListLabelSchemasResponse {
        label_schemas: Vec<LabelSchema>,
        next_page_token: Option<String>,
    }

    /// `PATCH label-schemas/update`
    pub struct UpdateLabelSchema {
        [required] schema_id: Option<String>,
        name: Option<String>,
        instruction: Option<String>,
        enable_comment: Option<bool>,
        input: Option<LabelSchemaInput>,
    }
}

impl LabelSchemaInput {
    /// The input, if it is exactly one.
    pub fn read(self) -> Result<LabelInput> {
        match (self.pass_fail, self.categorical, self.numeric, self.text) {
            (Some(labels), None, None, None) => Ok(LabelInput::PassFail {
                positive: labels.positive_label.unwrap_or_default(),
                negative: labels.negative_label.unwrap_or_default(),
            }),
            (None, Some(choice), None, None) => Ok(LabelInput::Categorical {
                options: choice.options,
                multi_select: choice.multi_select.unwrap_or(false),
            }),
            (None, None, Some(bounds), None) => {
                Ok(LabelInput::Numeric { min: bounds.min_value, max: bounds.max_value })
            }
            (None, None, None, Some(text)) => Ok(LabelInput::Text { max_length: text.max_length }),
            (None, None, None, None) => Err(not_one("an empty oneof")),
            _ => Err(not_one("several")),
        }
    }
}

fn not_one(got: &str) -> Error {
    Error::invalid(format!(
        "Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or \
         `text` set; got {got}."
    ))
}

impl From<LabelInput> for LabelSchemaInput {
    fn from(input: LabelInput) -> Self {
        let mut wire = LabelSchemaInput::default();
        match input {
            LabelInput::PassFail { positive, negative } => {
                wire.pass_fail = Some(InputPassFail {
                    positive_label: Some(positive),
                    negative_label: Some(negative),
                });
            }
            LabelInput::Categorical { options, multi_select } => {
                let multi_select = Some(multi_select);
                wire.categorical = Some(InputCategorical { options, multi_select });
            }
            LabelInput::Numeric { min, max } => {
                wire.numeric = Some(InputNumeric { min_value: min, max_value: max });
            }
            LabelInput::Text { max_length } => wire.text = Some(InputText { max_length }),
        }
        wire
    }
}

impl From<model::LabelSchemaType> for LabelSchemaType {
    fn from(kind: model::LabelSchemaType) -> Self {
        match kind {
            model::LabelSchemaType::Feedback => LabelSchemaType::Feedback,
            model::LabelSchemaType::Expectation => LabelSchemaType::Expectation,
        }
    }
}

impl From<model::LabelSchema> for LabelSchema {
    fn from(schema: model::LabelSchema) -> Self {
        LabelSchema {
            schema_id: Some(schema.id),
            experiment_id: Some(schema.experiment_id.to_string()),
            name: Some(schema.name),
            r#type: Some(schema.kind.into()),
            instruction: schema.instruction,
            enable_comment: Some(schema.enable_comment),
            input: Some(schema.input.into()),
            created_by: schema.created_by,
            created_at: Some(schema.created_at.0),
            last_updated_at: Some(schema.updated_at.0),
            is_default: Some(schema.is_default),
        }
    }
}
