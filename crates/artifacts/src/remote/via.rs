//! Servers that keep their artifacts behind other servers. Each request names the servers that it
//! passed through, so that one that comes round is noticed.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

use oxflow_model::error::{Error, Result};

/// The header that holds the names of servers, with commas in between.
pub const VIA: &str = "x-oxflow-via";
/// Longest header that is passed on: about fifty servers.
const LONGEST: usize = 1000;

tokio::task_local! {
    static PASSED: String;
}

/// The name of this process, which nobody else has.
fn own() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{:016x}", RandomState::new().build_hasher().finish()))
}

/// The header of a request to another server. `None` if nobody is being answered by it: commands
/// that work on a server may run beside one, in the same process.
pub(super) fn header() -> Option<String> {
    let named = |passed: &String| match passed.as_str() {
        "" => own().to_owned(),
        passed => format!("{passed},{}", own()),
    };
    PASSED.try_with(named).ok()
}

/// Answers a request that came with such a header, or an empty one. Fails if it has been here before.
pub async fn passed<T>(header: &str, answer: impl Future<Output = T>) -> Result<T> {
    if header.len() > LONGEST || header.split(',').any(|name| name.trim() == own()) {
        return Err(Error::internal(
            "The artifacts of this server are kept behind another server, which keeps them behind \
             this one again. Set --artifacts-destination to a storage, or to a server that does \
             not lead back here.",
        ));
    }
    Ok(PASSED.scope(header.to_owned(), answer).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_that_come_round_are_refused() {
        assert_eq!(header(), None);
        assert_eq!(passed("", async { header() }).await.unwrap().as_deref(), Some(own()));
        let round = passed("a, b", async { header() }).await.unwrap().unwrap();
        assert_eq!(round, format!("a, b,{}", own()));
        let error = passed(&round, async {}).await.unwrap_err();
        assert!(error.message().contains("--artifacts-destination"));
        passed(&"x".repeat(1001), async {}).await.unwrap_err();
    }
}
