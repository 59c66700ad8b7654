//! Messages of `/graphql`.

use serde_json::Value;

use crate::message;

message! {
    /// `POST graphql`
    pub struct GraphqlRequest {
        [required] query: Option<String>,
        operation_name: Option<String>,
        variables: Option<Value>,
    }

    /// The answer to [`GraphqlRequest`].
    pub struct GraphqlResponse { data: Option<Value>, errors: Option<Vec<String>> }
}
