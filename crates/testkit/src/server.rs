//! Servers that live as long as a test.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::middleware::from_fn;
use bytes::Bytes;
use oxflow_artifacts::{ArtifactUri, LocationPolicy, Resolver};
use oxflow_model::{Clock as _, IdSource, Millis};
use oxflow_server::{
    App, Artifacts, Deliveries, Following, Live, Resolve, Settings, SystemResolver,
    WebhookSettings, Webhooks,
};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::wish::{self, WishedIds};
use crate::{CountingIds, FixedClock, NOW, NewTestRun, TestDatabase};

/// A server with everything a real one has: the router, a port, a database, artifacts in a folder.
/// Only its clock stands still and its ids count.
#[derive(Debug)]
pub struct TestServer {
    /// Where it keeps its data.
    pub database: TestDatabase,
    /// What it takes for the time.
    pub clock: Arc<FixedClock>,
    address: SocketAddr,
    prefix: String,
    client: Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// What a server is put together from, besides its database.
pub struct Parts {
    /// What can be set.
    pub settings: Settings,
    /// What can be set about webhooks.
    pub webhooks: WebhookSettings,
    /// Who finds the addresses of webhooks.
    pub resolver: Arc<dyn Resolve>,
    /// What it takes for the time.
    pub clock: Arc<FixedClock>,
    /// What it takes for randomness.
    pub ids: Arc<dyn IdSource>,
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            settings: Settings::default(),
            webhooks: WebhookSettings::default(),
            resolver: Arc::new(SystemResolver::default()),
            clock: Arc::new(FixedClock::at(NOW)),
            ids: Arc::new(WishedIds(CountingIds::default())),
        }
    }
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer that must be `200 OK`.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }
}

impl TestServer {
    /// A server as it comes without any options.
    pub async fn start() -> TestServer {
        TestServer::with(|_| {}).await
    }

    /// A server with other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> TestServer {
        TestServer::on(TestDatabase::sqlite(), change).await
    }

    /// A server on a database that may hold something already.
    pub async fn on(database: TestDatabase, change: impl FnOnce(&mut Settings)) -> TestServer {
        let mut parts = Parts::default();
        change(&mut parts.settings);
        TestServer::of(database, parts).await
    }

    /// A server put together from these parts.
    pub async fn of(database: TestDatabase, parts: Parts) -> TestServer {
        let prefix = parts.settings.static_prefix.clone();
        let clock = parts.clock;
        let store = database.open();
        let app = Arc::new(App {
            store: store.clone(),
            artifacts: artifacts(&database),
            clock: clock.clone(),
            ids: parts.ids,
            webhooks: Webhooks::new(parts.webhooks, parts.resolver),
            live: Arc::new(Live::default()),
            settings: parts.settings,
        });
        let deliveries = Deliveries::start(app.clone());
        let following = Following::start(app.clone());
        let live = app.live.clone();
        let router = oxflow_server::router(app).layer(from_fn(wish::listen));
        let listener = oxflow_server::listen("127.0.0.1", 0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            // A test that ends without a word stops its server too, but has no time to wait.
            let mut asked = false;
            let stop = async {
                asked = stopped.await.is_ok();
                live.close();
            };
            oxflow_server::serve(listener, router, stop).await;
            if asked {
                following.stop().await;
                deliveries.stop().await;
                store.close().await.unwrap();
            }
        });
        let client = Client::builder().no_proxy().build().unwrap();
        TestServer { database, clock, address, prefix, client, stop, serving }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it takes for the time.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Asks it to end; the handle resolves when it has. Requests in flight are finished first.
    pub fn stop(self) -> (TestDatabase, JoinHandle<()>) {
        self.stop.send(()).unwrap();
        (self.database, self.serving)
    }

    /// A request to a path of this server, such as `/health`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{}{path}", self.address, self.prefix))
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.unwrap() }
    }

    /// `GET` of any path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST /api/2.0/mlflow/<call>` with a JSON body.
    pub async fn post(&self, call: &str, body: &Value) -> Answer {
        let path = format!("/api/2.0/mlflow/{call}");
        self.send(self.request(Method::POST, &path).json(body)).await
    }

    /// Sends bytes as they are on a connection of its own; gives all that comes back. For requests
    /// that no client library would send.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The id of an experiment, which is created if it is not there yet.
    pub async fn experiment(&self, name: &str) -> String {
        let found = self.request(Method::GET, "/api/2.0/mlflow/experiments/get-by-name");
        let found = self.send(found.query(&[("experiment_name", name)])).await;
        let id = match found.status {
            200 => found.json()["experiment"]["experiment_id"].clone(),
            _ => {
                self.post("experiments/create", &json!({"name": name})).await.ok()["experiment_id"]
                    .clone()
            }
        };
        id.as_str().unwrap().to_owned()
    }

    /// A run to be created in an experiment.
    pub fn new_run(&self, experiment: &str) -> NewTestRun<'_> {
        NewTestRun::new(self, experiment)
    }

    /// A run, whole.
    pub async fn run(&self, id: &str) -> Value {
        self.get(&format!("/api/2.0/mlflow/runs/get?run_id={id}")).await.ok()["run"].clone()
    }
}

fn artifacts(database: &TestDatabase) -> Artifacts {
    let cwd = database.folder().to_owned();
    let root = ArtifactUri::parse("mlflow-artifacts:/").unwrap();
    let destination = ArtifactUri::parse("./mlartifacts").unwrap().absolute(&cwd).unwrap();
    let policy = LocationPolicy::new([&root, &destination]);
    let resolver = Resolver::new(policy, cwd.clone());
    let proxied = Some(resolver.open(&destination).unwrap());
    Artifacts { proxied, resolver, default_root: root.as_str().to_owned(), cwd }
}
