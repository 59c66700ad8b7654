//! Requests and their answers.

use oxflow_api::error::code;
use oxflow_artifacts::{MlflowServer, Reply};
use oxflow_model::{Error, ErrorCode, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Api, Call, WISH};

/// A server. What is refused is refused with the code and the message of the server.
#[derive(Clone, Debug)]
pub struct RestStore {
    server: MlflowServer,
    tells_wishes: bool,
}

/// What a server said no with.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error_code: String,
    #[serde(default)]
    message: String,
}

impl RestStore {
    /// A server, which is not asked yet.
    pub fn new(server: MlflowServer) -> RestStore {
        RestStore { server, tells_wishes: false }
    }

    /// A server, which is asked whether it is there.
    pub async fn connect(server: MlflowServer) -> Result<RestStore> {
        let store = RestStore::new(server);
        let query = serde_json::json!({"experiment_id": "0"});
        match store.send::<Value>(Api::V2.get("experiments/get", &query)).await {
            Err(error) if is_unknown(&error) => Err(Error::unavailable(format!(
                "{} answers, but not as MLflow does. Name the address that clients have as \
                 MLFLOW_TRACKING_URI.",
                store.server.shown()
            ))),
            Err(error) if error.code() != ErrorCode::ResourceDoesNotExist => Err(error),
            _ => Ok(store),
        }
    }

    /// The same server, which is told of the times and ids that its callers wish for; see
    /// [`Wish`](crate::Wish).
    #[must_use]
    pub fn telling_wishes(self) -> RestStore {
        RestStore { tells_wishes: true, ..self }
    }

    /// Makes a call.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Result<Call>) -> Result<T> {
        let Call { method, path, body, wish } = call?;
        let mut headers = Vec::new();
        if self.tells_wishes {
            headers.push((WISH, serde_json::to_vec(&wish).unwrap_or_default()));
        }
        let reply = self.server.exchange(method, &path, &headers, body.as_deref()).await?;
        if !(200..300).contains(&reply.status) {
            return Err(self.refusal(&reply));
        }
        let text: &[u8] = if reply.body.is_empty() { b"{}" } else { &reply.body };
        serde_json::from_slice(text).map_err(|error| match text.trim_ascii_start().first() {
            Some(b'{') => Error::internal(format!("{}: {error}.", self.odd())),
            // A page for people.
            _ => Error::new(ErrorCode::EndpointNotFound, format!("{}.", self.odd())),
        })
    }

    /// Makes a call for one thing, which may not be there.
    pub(crate) async fn find<T: DeserializeOwned>(&self, call: Result<Call>) -> Result<Option<T>> {
        match self.send(call).await {
            Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => Ok(None),
            found => found.map(Some),
        }
    }

    /// As [`RestStore::find`], for calls that fail in the same way when something else is missing.
    pub(crate) async fn find_unless<T: DeserializeOwned>(
        &self,
        missing: &Error,
        call: Result<Call>,
    ) -> Result<Option<T>> {
        match self.send(call).await {
            Err(error) if error.message() == missing.message() => Ok(None),
            found => found.map(Some),
        }
    }

    fn refusal(&self, reply: &Reply) -> Error {
        let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
        let code = code(&refusal.error_code).unwrap_or(code_of_status(reply.status));
        if matches!(code, ErrorCode::Unauthenticated | ErrorCode::PermissionDenied) {
            return Error::new(
                code,
                format!(
                    "The server {} does not let us in (status {}). Set MLFLOW_TRACKING_USERNAME \
                     and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of somebody who may. \
                     {}",
                    self.server.shown(),
                    reply.status,
                    refusal.message
                ),
            );
        }
        match refusal.message.as_str() {
            "" => Error::new(
                code,
                format!("The server {} answered {}.", self.server.shown(), reply.status),
            ),
            said => Error::new(code, said),
        }
    }

    fn odd(&self) -> String {
        format!("The server {} does not answer as MLflow does", self.server.shown())
    }
}

/// Whether a server does not know a call: it is older, or keeps no such things.
pub fn is_unknown(error: &Error) -> bool {
    matches!(
        error.code(),
        ErrorCode::EndpointNotFound | ErrorCode::NotImplemented | ErrorCode::FeatureDisabled
    )
}

/// For what stands between, and says no without a code.
const fn code_of_status(status: u16) -> ErrorCode {
    match status {
        401 => ErrorCode::Unauthenticated,
        403 => ErrorCode::PermissionDenied,
        404 | 405 => ErrorCode::EndpointNotFound,
        409 => ErrorCode::ResourceConflict,
        429 | 502..=504 => ErrorCode::TemporarilyUnavailable,
        501 => ErrorCode::NotImplemented,
        400..=499 => ErrorCode::InvalidParameterValue,
        _ => ErrorCode::InternalError,
    }
}
