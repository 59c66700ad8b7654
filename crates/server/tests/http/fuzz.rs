//! Bytes on the wire: requests made from the table of routes and the fields of its messages, then
//! damaged. No panic, no fault of the server, and always an answer.
//!
//! `OXFLOW_FUZZ_SECONDS=600 cargo test -p oxflow-server --test http fuzz -- --nocapture` looks for
//! longer; `OXFLOW_FUZZ_SEED` repeats a run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use oxflow_api::message::{Field, Kind};
use oxflow_server::{RouteInfo, table};
use oxflow_testkit::TestServer;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Requests of a short run.
const SHORT: usize = 1500;
/// Requests until there is something new to ask for: many of them delete.
const EPOCH: usize = 300;

/// A small random generator (SplitMix64): the same seed, the same requests.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

const TEXTS: [&str; 32] = [
    "",
    "a",
    "m",
    "iris",
    "0",
    "1",
    "-1",
    "99999999999999999999",
    "RUNNING",
    "Production",
    "models:/m/1",
    "runs:/x/y",
    "s3://b/x",
    "file:///etc/passwd",
    "mlflow-artifacts:/1/x",
    "../x",
    "a/b/../../..",
    "%2e%2e/%00",
    "a\u{0}b",
    "\u{1f40e}\u{202e}",
    "metrics.a > 0 AND params.a = '0'",
    "tags.`a b` LIKE '%' AND name IN ('a', 'b')",
    "metrics.a > 0 AND",
    "'\"`((",
    "metrics.a DESC",
    "attributes.start_time ASC",
    "eyJvZmZzZXQiOiAyfQ==",
    "eyJvZmZzZXQiOiAtMX0=",
    "{\"artifact_path\":1,\"flavors\":[],\"utc_time_created\":1,\"run_id\":1}",
    "mlflow.runName",
    "query { mlflowGetRun(input: {runId: \"x\"}) { run { info { runId } } } }",
    "{ a { a { a { a } } } }",
];

/// Texts, among them the ids of what there is.
fn text(rng: &mut Rng, ids: &[String]) -> String {
    match rng.below(10) {
        0..5 => rng.pick(ids).clone(),
        5..9 => (*rng.pick(&TEXTS)).to_owned(),
        _ => "ab'\u{e9}".repeat(rng.below(3000)),
    }
}

/// A value that fits this kind of field, most of the time.
fn value(rng: &mut Rng, kind: Kind, ids: &[String], depth: usize) -> Value {
    if rng.percent(8) {
        return odd(rng, 3);
    }
    match kind {
        Kind::Text => text(rng, ids).into(),
        Kind::Int(_) => match rng.below(4) {
            0 => json!(rng.next() as i64),
            1 => json!(rng.below(9).to_string()),
            _ => json!(rng.below(1200)),
        },
        Kind::Double => match rng.below(4) {
            0 => json!(f64::from_bits(rng.next())),
            1 => json!(*rng.pick(&["NaN", "Infinity", "-Infinity", "1e400"])),
            _ => json!(rng.below(100) as f64 / 8.0),
        },
        Kind::Bool => json!(rng.percent(50)),
        Kind::Enum(words) => json!(rng.pick(words).0),
        Kind::Message(_, fields) if depth > 0 => object(rng, fields, ids, depth - 1),
        Kind::Message(..) => json!({}),
        Kind::Any => odd(rng, 4),
    }
}

fn object(rng: &mut Rng, fields: &[Field], ids: &[String], depth: usize) -> Value {
    let mut members = Map::new();
    for field in fields {
        if rng.percent(if field.required { 96 } else { 60 }) {
            let item = if field.repeated {
                let count = rng.below(4);
                (0..count).map(|_| value(rng, field.kind, ids, depth)).collect()
            } else {
                value(rng, field.kind, ids, depth)
            };
            members.insert(field.name.to_owned(), item);
        }
    }
    if rng.percent(5) {
        members.insert(text(rng, ids), odd(rng, 2));
    }
    Value::Object(members)
}

/// Any JSON.
fn odd(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(rng.percent(50)),
        2 => json!(rng.next() as i64),
        3 => json!(f64::from_bits(rng.next())),
        4 => json!(*rng.pick(&TEXTS)),
        5 => (0..rng.below(4)).map(|_| odd(rng, depth - 1)).collect(),
        _ => {
            let members =
                (0..rng.below(4)).map(|_| ((*rng.pick(&TEXTS)).to_owned(), odd(rng, depth - 1)));
            Value::Object(members.collect())
        }
    }
}

/// Percent-encodes what no request line may hold, and sometimes more.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/%:@".contains(&b);
    text.bytes().fold(String::new(), |mut out, byte| {
        if plain(byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

fn path(rng: &mut Rng, route: &RouteInfo, ids: &[String]) -> String {
    let template = format!("{}{}", rng.pick(route.under.prefixes()), route.path);
    let mut path = String::new();
    for segment in template.split('/').skip(1) {
        path.push('/');
        match segment.starts_with('{') {
            true => path.push_str(&encoded(&text(rng, ids))),
            false => path.push_str(segment),
        }
    }
    path
}

fn query(rng: &mut Rng, fields: &[Field], ids: &[String]) -> String {
    let message = object(rng, fields, ids, 0);
    let mut pairs = Vec::new();
    for (name, value) in message.as_object().into_iter().flatten() {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push(format!("{}={}", encoded(name), encoded(&value).replace('/', "%2F")));
        }
    }
    pairs.join("&")
}

/// Replaces, drops, doubles or cuts some bytes.
fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..=rng.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.below(bytes.len());
        match rng.below(5) {
            0 => bytes[at] = rng.next() as u8,
            1 => bytes[at] ^= 1 << rng.below(8),
            2 => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            _ => {
                let end = (at + rng.below(20)).min(bytes.len());
                let slice = bytes[at..end].to_vec();
                bytes.splice(at..at, slice);
            }
        }
    }
}

const HEADERS: [&str; 12] = [
    "Content-Type: application/json; charset=utf-8",
    "Content-Type: text/plain",
    "Content-Type: application/octet-stream",
    "Range: bytes=0-1,5-",
    "Range: bytes=-18446744073709551616",
    "If-None-Match: *",
    "If-Modified-Since: never",
    "Origin: null",
    "X-Request-Id: \u{e9}",
    "X-MLFLOW-WORKSPACE: default",
    "Accept-Encoding: gzip, ;q=x",
    "Expect: 100-continue",
];

/// One request; whether its head is sound, so that there has to be an answer.
fn request(rng: &mut Rng, routes: &[RouteInfo], ids: &[String]) -> (Vec<u8>, bool) {
    let route = rng.pick(routes);
    let verb = if rng.percent(94) {
        route.verb.as_str()
    } else {
        *rng.pick(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"])
    };
    let fields = |kind: Option<Kind>| match kind {
        Some(Kind::Message(_, fields)) => fields,
        _ => &[],
    };
    let (message, in_query) = (fields(route.shape.message), fields(route.shape.query));
    let mut target = path(rng, route, ids);
    let mut body = Vec::new();
    if verb == "GET" || verb == "HEAD" {
        target.push_str(&format!("?{}", query(rng, message, ids)));
    } else {
        target.push_str(&format!("?{}", query(rng, in_query, ids)));
        body = match route.shape.bytes {
            true => text(rng, ids).into_bytes(),
            false => object(rng, message, ids, 4).to_string().into_bytes(),
        };
    }
    if rng.percent(25) {
        damage(rng, &mut body);
    }
    let mut head = format!("{verb} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    if rng.percent(80) {
        head.push_str("Content-Type: application/json\r\n");
    }
    for _ in 0..rng.below(3) {
        head.push_str(&format!("{}\r\n", rng.pick(&HEADERS)));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut head = head.into_bytes();
    let sound = rng.percent(92);
    if !sound {
        damage(rng, &mut head);
    }
    head.extend_from_slice(&body);
    (head, sound)
}

/// Sends bytes and gives all that comes back. After a damaged head it says that there is no more:
/// the server may wait for the rest.
async fn exchange(server: &TestServer, bytes: &[u8], sound: bool) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let mut answer = Vec::new();
    // The server may hang up on nonsense while it is still being sent.
    if stream.write_all(bytes).await.is_ok() && (sound || stream.shutdown().await.is_ok()) {
        let reading =
            tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
        assert!(reading.await.is_ok(), "no answer in time to {}", shown(bytes));
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").map(str::to_owned).unwrap_or(answer)
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Something of each kind, and what it is called.
async fn things(server: &TestServer, n: usize) -> Vec<String> {
    let name = format!("thing{n}");
    let run = server.new_run(&name).metric("a", 0.5).param("a", "0").tag("a", "1").create().await;
    let experiment = server.experiment(&name).await;
    let model = server.post("logged-models", &json!({"experiment_id": experiment})).await.ok();
    let model = model["model"]["info"]["model_id"].as_str().unwrap().to_owned();
    server.post("registered-models/create", &json!({"name": name})).await;
    server.post("model-versions/create", &json!({"name": name, "source": "s3://b/x"})).await;
    vec![run, experiment, model, name, "a".to_owned(), "1".to_owned()]
}

#[expect(clippy::disallowed_methods, reason = "the switches of this test are in the environment")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "counts for those who look for longer")]
async fn whatever_comes_over_the_wire_is_answered() {
    let seconds = setting("OXFLOW_FUZZ_SECONDS").map(Duration::from_secs);
    let seed = setting("OXFLOW_FUZZ_SEED").unwrap_or(7);
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        earlier(info);
    }));
    // A stream of events has no end.
    let routes: Vec<_> = table().into_iter().filter(|route| route.path != "/events").collect();
    let (server, mut rng) = (TestServer::start().await, Rng(seed));
    let (start, mut sent, mut ids) = (Instant::now(), 0, Vec::new());
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    while seconds.map_or(sent < SHORT, |seconds| start.elapsed() < seconds) {
        if sent % EPOCH == 0 {
            ids = things(&server, sent).await;
        }
        let (bytes, sound) = request(&mut rng, &routes, &ids);
        let answer = exchange(&server, &bytes, sound).await;
        let status: u16 = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let told = status > 0 && (status < 500 || matches!(status, 501 | 503));
        assert!(
            told || (status == 0 && !sound),
            "seed {seed}, request {sent}: {}\n{answer}",
            shown(&bytes)
        );
        assert_eq!(
            PANICS.load(Ordering::SeqCst),
            0,
            "seed {seed}, request {sent}: {}",
            shown(&bytes)
        );
        *statuses.entry(status).or_default() += 1;
        sent += 1;
    }
    println!(
        "seed {seed}: {sent} requests in {:?}, answers by status: {statuses:?}",
        start.elapsed()
    );
    things(&server, usize::MAX).await;
}
