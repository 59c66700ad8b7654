//! The web pages: one document at `/`, and the files it names. All addresses of pages stand behind `#`.

use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use oxflow_model::{Error, ErrorCode};

use crate::access::Access;
use crate::answer::ApiError;
use crate::app::AppState;
use crate::router::{Routes, Under};
use crate::{pages, start_page};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get(Under::Root, "/", Access::Known, document)
        .get(Under::Root, "/icon.svg", Access::Public, file)
        .get(Under::Root, "/assets/{*path}", Access::Public, file)
}

/// `GET /`: the pages; or how to build them; or that this server has nothing to show in them.
async fn document(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let page = if app.settings.artifacts_only {
        start_page::artifacts_only(&app)
    } else if let Some(file) = pages::find("index.html") {
        return file.answer(&headers);
    } else {
        start_page::render(&app)
    };
    let mut response = Html(page).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// `GET /assets/…`
async fn file(
    State(app): State<AppState>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = uri.path();
    let path = path.strip_prefix(app.settings.static_prefix.as_str()).unwrap_or(path);
    let file = pages::find(path.trim_start_matches('/')).ok_or_else(|| {
        Error::new(ErrorCode::EndpointNotFound, format!("There is no file {path} among the pages."))
    })?;
    Ok(file.answer(&headers))
}
