//! A client of a server keeps the promises of all stores, as far as the API can show them. The
//! server is a whole one, with a database and a port; only times and ids are as the promises say.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_trait::async_trait;
use oxflow_artifacts::ServerSettings;
use oxflow_server::{Resolve, Settings};
use oxflow_store::Store;
use oxflow_store_rest::RestStore;
use oxflow_testkit::{Parts, TestDatabase, TestServer};

/// Says that every host, which here is somebody's webhook, has a public address.
struct Anywhere;

#[async_trait]
impl Resolve for Anywhere {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::new(93, 184, 215, 14).into()])
    }
}

async fn served() -> (Arc<dyn Store>, TestServer) {
    let settings = Settings { workspaces: true, custom_scorers: true, ..Settings::default() };
    let resolver = Arc::new(Anywhere);
    let parts = Parts { settings, resolver, ..Parts::default() };
    let server = TestServer::of(TestDatabase::sqlite(), parts).await;
    let address = format!("http://{}", server.address());
    let client = ServerSettings::default().connect(&address).unwrap();
    (Arc::new(RestStore::new(client).telling_wishes()), server)
}

oxflow_store::conformance_suite! { served: served().await }
