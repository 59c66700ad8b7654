//! Times and ids that a request wishes for, so that what every store promises about them can be
//! checked on a server.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use oxflow_model::{IdSource, Millis, ModelId};
use oxflow_store_rest::{WISH, Wish};

tokio::task_local! {
    static WISHED: (Option<Millis>, Mutex<VecDeque<String>>);
}

/// Answers a request as it wishes to be answered.
pub(crate) async fn listen(request: Request, next: Next) -> Response {
    let wish = request.headers().get(WISH).map(HeaderValue::as_bytes);
    let wish: Wish = wish.map(|wish| serde_json::from_slice(wish).unwrap()).unwrap_or_default();
    WISHED.scope((wish.at.map(Millis), Mutex::new(wish.ids.into())), next.run(request)).await
}

/// The time that the request at hand wishes for.
pub(crate) fn time() -> Option<Millis> {
    WISHED.try_with(|(at, _)| *at).ok().flatten()
}

/// The next id that the request at hand wishes for.
fn id() -> Option<String> {
    WISHED.try_with(|(_, ids)| ids.lock().unwrap().pop_front()).ok().flatten()
}

/// Ids that requests wish for, or else those of another source.
pub(crate) struct WishedIds<T>(pub T);

impl<T: IdSource> IdSource for WishedIds<T> {
    fn random(&self) -> [u8; 16] {
        self.0.random()
    }

    fn hex(&self) -> String {
        id().unwrap_or_else(|| self.0.hex())
    }

    fn uuid(&self) -> String {
        id().unwrap_or_else(|| self.0.uuid())
    }

    fn model_id(&self) -> ModelId {
        id().map_or_else(|| self.0.model_id(), ModelId::new)
    }
}
