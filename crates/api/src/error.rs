//! The one table from errors to the wire (status, `error_code`, `sqlstate`, `error_class`).

use oxflow_model::{Error, ErrorCode};
use serde::Serialize;

/// How a code looks on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// MLflow's name of the code.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
    /// MLflow 3's `sqlstate`, if it has one.
    pub sqlstate: Option<&'static str>,
    /// MLflow 3's `error_class`, if it has one.
    pub class: Option<&'static str>,
}

const fn row(name: &'static str, status: u16) -> Wire {
    Wire { name, status, sqlstate: None, class: None }
}

const fn classed(
    name: &'static str,
    status: u16,
    sqlstate: &'static str,
    class: &'static str,
) -> Wire {
    Wire { name, status, sqlstate: Some(sqlstate), class: Some(class) }
}

/// The table.
pub const fn wire(code: ErrorCode) -> Wire {
    use ErrorCode as E;
    match code {
        E::InvalidParameterValue => {
            classed("INVALID_PARAMETER_VALUE", 400, "KAM00", "INVALID_PARAMETER_VALUE")
        }
        E::BadRequest => classed("BAD_REQUEST", 400, "KAM00", "INVALID_PARAMETER_VALUE"),
        // 400, not 409: so MLflow has it, and clients look for it there.
        E::ResourceAlreadyExists => {
            classed("RESOURCE_ALREADY_EXISTS", 400, "KAM00", "RESOURCE_ALREADY_EXISTS")
        }
        E::ResourceDoesNotExist => {
            classed("RESOURCE_DOES_NOT_EXIST", 404, "KAM00", "RESOURCE_NOT_FOUND")
        }
        E::EndpointNotFound => classed("ENDPOINT_NOT_FOUND", 404, "KAM00", "RESOURCE_NOT_FOUND"),
        E::Unauthenticated => row("UNAUTHENTICATED", 401),
        E::PermissionDenied => classed("PERMISSION_DENIED", 403, "KAM00", "PERMISSION_DENIED"),
        // 400, not MLflow's 500: trying again does not help, and its clients would do so for minutes.
        E::FeatureDisabled => classed("FEATURE_DISABLED", 400, "KAM00", "FEATURE_DISABLED"),
        E::InvalidState => classed("INVALID_STATE", 400, "XXM00", "CLIENT_INTERNAL_ERROR"),
        E::ResourceConflict => row("RESOURCE_CONFLICT", 409),
        E::NotImplemented => row("NOT_IMPLEMENTED", 501),
        E::TemporarilyUnavailable => {
            classed("TEMPORARILY_UNAVAILABLE", 503, "XXM00", "CLIENT_INTERNAL_ERROR")
        }
        E::InternalError => classed("INTERNAL_ERROR", 500, "XXM00", "CLIENT_INTERNAL_ERROR"),
    }
}

/// The code that a name on the wire means, if it is one that we know.
pub fn code(name: &str) -> Option<ErrorCode> {
    ErrorCode::ALL.into_iter().find(|code| wire(*code).name == name)
}

/// The body of an error answer.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// MLflow's name of the code.
    pub error_code: &'static str,
    /// The sentence for the user.
    pub message: &'a str,
    /// See [`Wire::sqlstate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<&'static str>,
    /// See [`Wire::class`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_class: Option<&'static str>,
}

impl<'a> ErrorBody<'a> {
    /// The body for `error`.
    pub fn of(error: &'a Error) -> ErrorBody<'a> {
        let wire = wire(error.code());
        let own = error.class();
        ErrorBody {
            error_code: wire.name,
            message: error.message(),
            sqlstate: own.map(|class| class.sqlstate).or(wire.sqlstate),
            error_class: own.map(|class| class.name).or(wire.class),
        }
    }
}
