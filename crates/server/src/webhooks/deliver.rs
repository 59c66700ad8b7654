//! Taking deliveries from the queue and sending them, a few at a time.
//!
//! Any number of servers may do so on one database. A delivery is claimed before it is sent, for a
//! little longer than sending can take; if its server dies, another takes it when the claim is
//! void. So every delivery is sent at least once, and repetitions carry the same id. The clocks of
//! the servers may differ by less than [`MARGIN`].

use std::collections::HashMap;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use oxflow_model::id::dashed;
use oxflow_model::{Millis, Result, WebhookId};
use oxflow_store::{Claim, Delivery};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

use super::{Parcel, Reply, SendError};
use crate::app::AppState;

/// How much longer than a request a claim lasts.
const MARGIN: Duration = Duration::from_secs(30);
/// How often the length of the queue is looked at.
const TRIM_EVERY: Duration = Duration::from_secs(60);
/// How long requests that are being sent may take when the server ends.
const GRACE: Duration = Duration::from_secs(5);
/// The longest pause before a repetition that we choose.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause that receivers can ask for.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

/// The delivery of what webhooks are told, while it goes on.
#[derive(Debug)]
pub struct Deliveries {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Deliveries {
    /// Starts to deliver what is and what will be queued.
    pub fn start(app: AppState) -> Deliveries {
        let (stop, stopped) = oneshot::channel();
        let post = Post { app, running: JoinSet::new(), taken: HashMap::new(), trim_at: Millis(0) };
        Deliveries { stop, task: tokio::spawn(post.run(stopped)) }
    }

    /// Takes nothing more from the queue, and waits a little for what is being sent.
    pub async fn stop(self) {
        // If the task is gone already, nobody listens.
        self.stop.send(()).ok();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the delivery of webhooks broke off");
        }
    }
}

struct Post {
    app: AppState,
    running: JoinSet<()>,
    /// What is being sent, by task.
    taken: HashMap<Id, Delivery>,
    /// When to look at the length of the queue.
    trim_at: Millis,
}

impl Post {
    async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let app = self.app.clone();
        loop {
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "cannot read the queue of webhook deliveries");
                    app.webhooks.settings.poll
                }
            };
            tokio::select! {
                _ = &mut stop => break,
                Some(done) = self.running.join_next_with_id() => self.forget(done),
                () = app.store.deliveries_queued() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.wind_down().await;
    }

    fn forget(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "the delivery of a webhook broke off");
                error.id()
            }
        };
        self.taken.remove(&id);
    }

    /// Keeps the queue short and takes what is due; tells when to look again.
    async fn look(&mut self) -> Result<Duration> {
        let now = self.app.clock.now();
        if now >= self.trim_at {
            self.trim_at = later(now, TRIM_EVERY);
            self.app.store.trim_deliveries(self.app.webhooks.settings.most_queued).await?;
        }
        self.take_due().await
    }

    /// Starts to send what is due, as far as there are hands; tells when to look again.
    async fn take_due(&mut self) -> Result<Duration> {
        let poll = self.app.webhooks.settings.poll;
        loop {
            let (room, except) = (self.room(), self.busy());
            if room == 0 {
                return Ok(poll);
            }
            let now = self.app.clock.now();
            match self.app.store.next_delivery(&except).await? {
                None => return Ok(poll),
                Some(due) if due > now => {
                    let pause = u64::try_from(due.0 - now.0).unwrap_or_default();
                    return Ok(poll.min(Duration::from_millis(pause)));
                }
                Some(_) => {}
            }
            let id = self.app.ids.hex();
            let until = later(now, self.app.webhooks.settings.timeout + MARGIN);
            let claim = Claim { id, now, until, limit: room as u64, except };
            for delivery in self.app.store.claim_deliveries(claim).await? {
                let task = self.running.spawn(deliver(self.app.clone(), delivery.clone()));
                self.taken.insert(task.id(), delivery);
            }
        }
    }

    /// How many deliveries may be taken at once: half of all hands, so that one webhook that does
    /// not answer leaves some for the others.
    fn room(&self) -> usize {
        let workers = self.app.webhooks.settings.workers.max(1);
        (workers - self.running.len().min(workers)).min(workers.div_ceil(2))
    }

    /// Webhooks that keep half of all hands busy.
    fn busy(&self) -> Vec<WebhookId> {
        let enough = self.app.webhooks.settings.workers.max(1).div_ceil(2);
        let mut counts: HashMap<&WebhookId, usize> = HashMap::new();
        for delivery in self.taken.values() {
            *counts.entry(&delivery.webhook).or_default() += 1;
        }
        counts.retain(|_, count| *count >= enough);
        counts.into_keys().cloned().collect()
    }

    /// Waits a little for what is being sent, and gives back the rest.
    async fn wind_down(mut self) {
        let finish = async {
            while let Some(done) = self.running.join_next_with_id().await {
                self.forget(done);
            }
        };
        if tokio::time::timeout(GRACE, finish).await.is_ok() {
            return;
        }
        self.running.shutdown().await;
        for delivery in self.taken.values() {
            let now = self.app.clock.now();
            if let Err(error) = self.app.store.defer_delivery(delivery, now).await {
                tracing::error!(%error, "cannot give back a webhook delivery");
            }
        }
    }
}

/// What becomes of a delivery that was tried.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Delivered,
    Again(Duration, String),
    GivenUp(String),
}

/// Sends a delivery once, and notes what became of it.
async fn deliver(app: AppState, delivery: Delivery) {
    let id = delivery_id(&delivery);
    let (event, webhook) = (delivery.event.as_str(), delivery.webhook.as_str());
    let parcel = Parcel {
        url: &delivery.url,
        secret: delivery.secret.as_ref(),
        id: &id,
        body: &delivery.body,
        now: app.clock.now(),
    };
    let outcome = app.webhooks.send(parcel).await;
    let now = app.clock.now();
    let jitter = Duration::from_millis(u64::from(app.ids.random()[0]) * 1000 / 255);
    let last = delivery.attempt > app.webhooks.settings.retries;
    let noted = match judge(outcome, delivery.attempt, jitter, now, last) {
        Verdict::Delivered => {
            tracing::debug!(webhook, event, "delivered");
            app.store.settle_delivery(&delivery).await
        }
        Verdict::Again(pause, why) => {
            tracing::warn!(webhook, event, why, ?pause, "cannot deliver, will try again");
            app.store.defer_delivery(&delivery, later(now, pause)).await
        }
        Verdict::GivenUp(why) => {
            tracing::error!(webhook, event, why, "failed to deliver, gave up");
            app.store.settle_delivery(&delivery).await
        }
    };
    if let Err(error) = noted {
        tracing::error!(webhook, event, %error, "cannot note the outcome of a delivery");
    }
}

fn judge(
    outcome: Result<Reply, SendError>,
    attempt: u32,
    jitter: Duration,
    now: Millis,
    last: bool,
) -> Verdict {
    let (why, wish) = match outcome {
        Ok(reply) if reply.status.is_success() => return Verdict::Delivered,
        Ok(reply) if is_temporary(reply.status) => {
            let wish = reply.retry_after.as_ref().and_then(|wish| wished_pause(wish, now));
            (answered(reply.status), wish)
        }
        Ok(reply) => return Verdict::GivenUp(answered(reply.status)),
        Err(SendError::Refused(why)) => return Verdict::GivenUp(why),
        Err(SendError::Failed(why)) => (why, None),
    };
    if last {
        return Verdict::GivenUp(why);
    }
    // 1 s, 2 s, 4 s and so on, and up to a second more, lest many servers knock at once.
    let seconds = 1u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
    let pause = Duration::from_secs(seconds).saturating_add(jitter).min(LONGEST_PAUSE);
    Verdict::Again(wish.unwrap_or(pause), why)
}

/// How to say that a webhook did not take what it was sent.
pub fn answered(status: StatusCode) -> String {
    match status.is_redirection() {
        true => format!("It answered {status}; redirects are not followed"),
        false => format!("It answered {status}"),
    }
}

fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// The pause that a receiver asks for: seconds, or a date.
fn wished_pause(wish: &HeaderValue, now: Millis) -> Option<Duration> {
    let text = wish.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
            since.saturating_sub(Duration::from_millis(u64::try_from(now.0).ok()?))
        }
    };
    Some(pause.min(LONGEST_WISH))
}

fn later(now: Millis, pause: Duration) -> Millis {
    Millis(now.0.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)))
}

/// The id by which receivers recognise a repetition: a UUID made of the event and the webhook.
fn delivery_id(delivery: &Delivery) -> String {
    let name = format!("{}:{}", delivery.event, delivery.webhook);
    let digest = Sha256::digest(name.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // Version 8: made in a way of our own; and the variant of RFC 9562.
    dashed(&format!("{}8{}a{}", &hex[..12], &hex[13..16], &hex[17..]))
}

#[cfg(test)]
mod tests {
    use oxflow_model::EventId;

    use super::*;

    fn reply(status: u16, retry_after: Option<&str>) -> Result<Reply, SendError> {
        let status = StatusCode::from_u16(status).unwrap();
        let retry_after = retry_after.map(|text| HeaderValue::from_str(text).unwrap());
        Ok(Reply { status, retry_after, body: String::new() })
    }

    fn pause(outcome: Result<Reply, SendError>, attempt: u32) -> Option<Duration> {
        let now = Millis(784_111_770_000);
        match judge(outcome, attempt, Duration::from_millis(250), now, false) {
            Verdict::Again(pause, _) => Some(pause),
            _ => None,
        }
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        for (attempt, ms) in [(1, 1250), (2, 2250), (3, 4250), (7, 60_000), (200, 60_000)] {
            let expected = Some(Duration::from_millis(ms));
            assert_eq!(pause(reply(503, None), attempt), expected);
            assert_eq!(pause(Err(SendError::Failed(String::new())), attempt), expected);
        }
    }

    #[test]
    fn receivers_may_ask_for_a_pause() {
        for (wish, seconds) in
            [("7", 7), ("0", 0), ("99999", 3600), ("Sun, 06 Nov 1994 08:49:37 GMT", 7)]
        {
            let expected = Some(Duration::from_secs(seconds));
            assert_eq!(pause(reply(429, Some(wish)), 1), expected, "{wish}");
        }
        assert_eq!(pause(reply(429, Some("soon")), 1), Some(Duration::from_millis(1250)));
    }

    #[test]
    fn what_will_not_get_better_is_not_repeated() {
        for status in [301, 302, 307, 400, 401, 404, 410, 501] {
            assert_eq!(pause(reply(status, None), 1), None, "{status}");
        }
        assert_eq!(pause(Err(SendError::Refused(String::new())), 1), None);
        let last = judge(reply(500, None), 4, Duration::ZERO, Millis(0), true);
        let why = "It answered 500 Internal Server Error".to_owned();
        assert_eq!(last, Verdict::GivenUp(why));
    }

    #[test]
    fn a_delivery_keeps_its_id() {
        let delivery = |event: &str, webhook: &str, claim: &str| Delivery {
            event: EventId::new(event),
            webhook: WebhookId::new(webhook),
            claim: claim.to_owned(),
            attempt: 1,
            body: String::new(),
            url: String::new(),
            secret: None,
        };
        let id = delivery_id(&delivery("e", "w", "1"));
        assert_eq!(id, delivery_id(&delivery("e", "w", "2")));
        assert_ne!(id, delivery_id(&delivery("e", "v", "1")));
        assert_ne!(id, delivery_id(&delivery("f", "w", "1")));
        assert_eq!((id.len(), &id[14..15], &id[19..20]), (36, "8", "a"));
    }
}
