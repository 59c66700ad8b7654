//! The one error type of the project. It carries MLflow's error code and a sentence the user can
//! act on; how a code looks on the wire is decided in one table, `oxflow_api::error`.

use std::fmt;

/// What went wrong, in MLflow's own vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A value of the request is missing, malformed or out of range.
    InvalidParameterValue,
    /// The request contradicts the stored data (for example, a unique name is taken).
    BadRequest,
    /// A thing with this name or id is there already.
    ResourceAlreadyExists,
    /// The named thing is not there.
    ResourceDoesNotExist,
    /// No such route.
    EndpointNotFound,
    /// The caller did not say who they are.
    Unauthenticated,
    /// The caller may not do this.
    PermissionDenied,
    /// The thing is in a state that forbids the operation.
    InvalidState,
    /// Two writers collided and retrying inside the store did not help.
    ResourceConflict,
    /// The feature is switched off on this server.
    FeatureDisabled,
    /// Known, but not built (yet).
    NotImplemented,
    /// The database or the artifact store cannot answer right now; trying again may succeed.
    TemporarilyUnavailable,
    /// A fault of the server.
    InternalError,
}

/// An error with MLflow's code, a message for the user and, rarely, a more precise class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    message: String,
    class: Option<ErrorClass>,
}

/// MLflow 3's `sqlstate` and `error_class`, where they differ from the ones its code implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorClass {
    /// Five characters, e.g. `KAM04`.
    pub sqlstate: &'static str,
    /// e.g. `ATTRIBUTE_NOT_FOUND`.
    pub name: &'static str,
}

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with the given code and message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Error {
        Error { code, message: message.into(), class: None }
    }

    /// `INVALID_PARAMETER_VALUE`: the client sent something it must change.
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::InvalidParameterValue, message)
    }

    /// `RESOURCE_DOES_NOT_EXIST`.
    pub fn not_found(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::ResourceDoesNotExist, message)
    }

    /// `RESOURCE_ALREADY_EXISTS`.
    pub fn already_exists(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::ResourceAlreadyExists, message)
    }

    /// `INTERNAL_ERROR`: our fault, never the client's.
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::InternalError, message)
    }

    /// `TEMPORARILY_UNAVAILABLE`: clients retry it.
    pub fn unavailable(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::TemporarilyUnavailable, message)
    }

    /// The same error with a more precise `sqlstate` and `error_class`.
    #[must_use]
    pub fn with_class(mut self, sqlstate: &'static str, name: &'static str) -> Error {
        self.class = Some(ErrorClass { sqlstate, name });
        self
    }

    /// MLflow's code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The sentence for the user.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The class, where it is not the one that the code implies.
    pub fn class(&self) -> Option<ErrorClass> {
        self.class
    }
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [ErrorCode; 13] = [
        ErrorCode::InvalidParameterValue,
        ErrorCode::BadRequest,
        ErrorCode::ResourceAlreadyExists,
        ErrorCode::ResourceDoesNotExist,
        ErrorCode::EndpointNotFound,
        ErrorCode::Unauthenticated,
        ErrorCode::PermissionDenied,
        ErrorCode::InvalidState,
        ErrorCode::ResourceConflict,
        ErrorCode::FeatureDisabled,
        ErrorCode::NotImplemented,
        ErrorCode::TemporarilyUnavailable,
        ErrorCode::InternalError,
    ];
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
