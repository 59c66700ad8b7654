//! The store as a whole.

use async_trait::async_trait;
use oxflow_model::Result;
use oxflow_store::Store;

use crate::client::RestStore;

#[async_trait]
impl Store for RestStore {
    fn kind(&self) -> &'static str {
        "RestStore"
    }

    /// The server goes on; nothing is waiting here.
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
