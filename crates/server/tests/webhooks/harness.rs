//! Receivers of webhooks, and servers that may send to them.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use oxflow_model::{IdSource, Millis};
use oxflow_server::{SecretKey, WebhookSettings};
use oxflow_testkit::{Answer, FixedClock, NOW, Parts, TestDatabase, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// How long something may take that should happen at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// A key for secrets.
pub const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// The value of a header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// This status, this header, this body.
    Answer(u16, Option<(&'static str, String)>, String),
    /// This status, after a while.
    Slowly(Duration, u16),
    /// Nothing, ever.
    Silence,
}

/// A real HTTP server on this machine that remembers what it was sent.
#[derive(Clone)]
pub struct Receiver {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// What to do with the next requests; then, 200.
    reactions: Arc<Mutex<VecDeque<Reaction>>>,
    always: Option<Reaction>,
}

impl Receiver {
    /// One that answers 200 after doing these things.
    pub async fn start(reactions: Vec<Reaction>) -> Receiver {
        Receiver::with(reactions, None).await
    }

    /// One that always does the same.
    pub async fn always(reaction: Reaction) -> Receiver {
        Receiver::with(Vec::new(), Some(reaction)).await
    }

    async fn with(reactions: Vec<Reaction>, always: Option<Reaction>) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            reactions: Arc::new(Mutex::new(reactions.into())),
            always,
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(oxflow_server::serve(listener, router, std::future::pending()));
        receiver
    }

    /// Its address; each test may name it as it likes.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?x=1", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What has come in.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests have come in.
    pub async fn wait_for(&self, count: usize) -> Vec<Seen> {
        eventually(|| async { self.seen().len() >= count }).await;
        let seen = self.seen();
        assert_eq!(seen.len(), count, "{seen:#?}");
        seen
    }
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    receiver.seen.lock().unwrap().push(Seen {
        path: head.uri.to_string(),
        headers: head.headers,
        body,
    });
    let next = receiver.reactions.lock().unwrap().pop_front();
    match next.or_else(|| receiver.always.clone()) {
        None => answer(200, None, "thanks".to_owned()),
        Some(Reaction::Answer(status, header, body)) => answer(status, header, body),
        Some(Reaction::Slowly(pause, status)) => {
            tokio::time::sleep(pause).await;
            answer(status, None, String::new())
        }
        Some(Reaction::Silence) => std::future::pending().await,
    }
}

fn answer(status: u16, header: Option<(&'static str, String)>, body: String) -> Response {
    let mut response = Response::builder().status(status);
    if let Some((name, value)) = header {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}

/// Just a status.
pub fn status(status: u16) -> Reaction {
    Reaction::Answer(status, None, String::new())
}

/// Waits until something is so.
#[track_caller]
pub fn eventually<F: Future<Output = bool>>(is_so: impl Fn() -> F) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let wait = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "never happened: {place}");
    }
}

/// Long enough for what must not happen to happen.
pub async fn a_while() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Ids that no other server has.
#[derive(Debug)]
struct Ids(u64, oxflow_testkit::CountingIds);

impl IdSource for Ids {
    fn random(&self) -> [u8; 16] {
        let mut bytes = self.1.random();
        bytes[..8].copy_from_slice(&self.0.to_be_bytes());
        bytes
    }
}

/// Settings that allow what tests need: plain HTTP to this machine, and to look often.
pub fn open_settings() -> WebhookSettings {
    WebhookSettings {
        schemes: vec!["http".to_owned(), "https".to_owned()],
        allow_private: true,
        key: Some(SecretKey::parse(KEY).unwrap()),
        poll: Duration::from_millis(20),
        ..WebhookSettings::default()
    }
}

/// The parts of server number `n` with these settings and this clock.
pub fn parts(n: u64, webhooks: WebhookSettings, clock: &Arc<FixedClock>) -> Parts {
    let ids = Arc::new(Ids(n, oxflow_testkit::CountingIds::default()));
    Parts { webhooks, ids, clock: clock.clone(), ..Parts::default() }
}

pub fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(NOW))
}

/// A server that may send to this machine.
pub async fn server() -> TestServer {
    TestServer::of(TestDatabase::sqlite(), parts(1, open_settings(), &clock())).await
}

/// `NOW` and some seconds.
pub fn seconds(seconds: i64) -> Millis {
    Millis(NOW.0 + seconds * 1000)
}

/// A request to the API with a JSON body.
pub async fn call(server: &TestServer, method: Method, path: &str, body: &Value) -> Answer {
    let path = format!("/api/2.0/mlflow/{path}");
    server.send(server.request(method, &path).json(body)).await
}

/// `registered_model.created` on the wire.
pub fn wire_event(words: &str) -> Value {
    let (entity, action) = words.split_once('.').unwrap();
    json!({"entity": entity.to_uppercase(), "action": action.to_uppercase()})
}

/// Creates a webhook; gives its id.
pub async fn webhook(server: &TestServer, url: &str, events: &[&str], more: &Value) -> String {
    let events: Vec<Value> = events.iter().map(|words| wire_event(words)).collect();
    let mut body = json!({"name": "w", "url": url, "events": events});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let created = server.post("webhooks", &body).await.ok();
    created["webhook"]["webhook_id"].as_str().unwrap().to_owned()
}

/// Registers a model.
pub async fn model(server: &TestServer, name: &str) {
    server.post("registered-models/create", &json!({"name": name})).await.ok();
}

/// How much is queued.
pub fn queued(database: &TestDatabase) -> i64 {
    let count = "SELECT count(*) FROM oxflow_webhook_deliveries";
    database.connect().query_row(count, [], |row| row.get(0)).unwrap()
}

/// Waits until nothing is queued any more.
pub async fn queue_empties(database: &TestDatabase) {
    eventually(|| async { queued(database) == 0 }).await;
}
