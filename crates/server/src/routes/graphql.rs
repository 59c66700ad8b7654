//! `/graphql`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use oxflow_api::graphql::{GraphqlRequest, GraphqlResponse};
use oxflow_api::message::Scalar as _;

use crate::access::Access;
use crate::answer::{ApiError, SmallProto, json_response};
use crate::app::AppState;
use crate::describe::{Content, Gives};
use crate::graphql;
use crate::router::{Routes, Under};

pub fn routes(routes: Routes) -> Routes {
    // What a query shows depends on who asks; that is decided field by field.
    routes.get(Under::Root, "/graphql", Access::Known, answer).post(
        Under::Root,
        "/graphql",
        Access::Known,
        answer,
    )
}

async fn answer(
    State(app): State<AppState>,
    SmallProto(request): SmallProto<GraphqlRequest>,
) -> Result<GraphqlReply, ApiError> {
    Ok(GraphqlReply(graphql::answer(app, request).await?))
}

/// The JSON text of an answer.
struct GraphqlReply(Vec<u8>);

impl IntoResponse for GraphqlReply {
    fn into_response(self) -> Response {
        json_response(StatusCode::OK, self.0)
    }
}

impl Gives for GraphqlReply {
    const CONTENT: Content = Content::Json(GraphqlResponse::KIND);
}
