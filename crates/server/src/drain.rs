//! The rest of a request that was answered before all of it had come.
//!
//! A connection that is closed while its client still sends is reset, and the answer may be lost on
//! the way: most clients read it only when they have sent everything. So the rest is read for a
//! while, and thrown away.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use hyper::body::{Frame, Incoming, SizeHint};

/// How long the rest of a request is read after its answer.
const LONGEST: Duration = Duration::from_secs(10);

/// A request whose body is drained when whoever reads it gives up.
pub fn drained(request: Request<Incoming>) -> Request {
    let waits = request.headers().contains_key(EXPECT);
    request.map(|body| axum::body::Body::new(Drained { body: Some(body), waits }))
}

struct Drained {
    body: Option<Incoming>,
    /// The client sends nothing before it is asked, which the first look at the body does.
    waits: bool,
}

impl HttpBody for Drained {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.waits {
            return;
        }
        runtime.spawn(tokio::time::timeout(LONGEST, async move {
            while let Some(Ok(_)) =
                std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
            {
            }
        }));
    }
}
