//! Accepting connections, and ending well.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use oxflow_model::{Error, Result};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::drain::drained;

/// How long a connection may stay silent between requests.
const IDLE: Duration = Duration::from_secs(75);
/// How long requests in flight may take when the server ends.
const GRACE: Duration = Duration::from_secs(30);

/// Serves until `stop` resolves; then takes no more connections and lets the requests in flight
/// finish.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE).keep_alive(true);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => spawn(&builder, &connections, stream, router.clone()),
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to be given back.
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("gave up on requests in flight"),
    }
}

fn spawn(
    builder: &auto::Builder<TokioExecutor>,
    connections: &GracefulShutdown,
    stream: TcpStream,
    router: Router,
) {
    // Without this, answers that leave in two packets wait 40 ms for the client's delayed
    // acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        router.clone().oneshot(drained(request))
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
}

/// Opens the port.
pub async fn listen(host: &str, port: u16) -> Result<TcpListener> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    TcpListener::bind((host, port)).await.map_err(|error| {
        Error::unavailable(format!(
            "Cannot listen on {host}:{port}: {error}. Is another server running there? Choose \
             another port with --port."
        ))
    })
}
