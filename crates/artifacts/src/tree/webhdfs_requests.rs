//! Requests to the HTTP interface of Hadoop, and what its answers mean.
//!
//! The NameNode sends readers and writers on to a DataNode, whichever it chooses. It is followed once,
//! to the same file, by the same scheme, and without anything secret: so it leads to nothing but the
//! same interface of another host.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use oxflow_model::error::ErrorCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::header::{CONTENT_LENGTH, LOCATION};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::Value;
use tokio::time::timeout;

use super::trouble::Trouble;
use super::{Kind, Node, SILENCE};

/// How long the NameNode may take for an answer.
const ANSWER: Duration = Duration::from_secs(60);
/// What the paths of all requests start with.
const PREFIX: &str = "/webhdfs/v1";
/// What stands in a path or query as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The HTTP interface of a cluster.
pub(super) struct Gateway {
    /// With the prefix, and without a slash at its end.
    base: String,
    secure: bool,
    user: Option<String>,
    pub client: Client,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl Gateway {
    /// `None` if there is no such host.
    pub(super) fn new(
        secure: bool,
        host: &str,
        port: u16,
        user: Option<String>,
        client: Client,
    ) -> Option<Gateway> {
        let scheme = if secure { "https" } else { "http" };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let base = format!("{scheme}://{host}:{port}{PREFIX}");
        Url::parse(&base).ok()?;
        Some(Gateway { base, secure, user, client })
    }

    fn url(&self, at: &str, operation: &str, more: &[(&str, &str)]) -> Result<Url, Trouble> {
        let mut text = format!("{}{}?op={operation}", self.base, encoded(at));
        let user = self.user.as_deref().map(|user| ("user.name", user));
        for (name, value) in more.iter().copied().chain(user) {
            text.push_str(&format!("&{name}={}", encoded(value)));
        }
        Url::parse(&text).map_err(|error| Trouble::Failed(error.to_string()))
    }

    /// Asks for what is answered with JSON, or with nothing, which is null here.
    pub(super) async fn ask(
        &self,
        method: Method,
        at: &str,
        operation: &str,
        more: &[(&str, &str)],
    ) -> Result<Value, Trouble> {
        let answer = self.send(method, self.url(at, operation, more)?).await?;
        let answer = accepted(answer).await?;
        let body = all(answer).await?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|error| {
            Trouble::Failed(format!("the answer to {operation} is not JSON: {error}"))
        })
    }

    /// What is at an absolute path.
    pub(super) async fn look(&self, at: &str) -> Result<Option<Node>, Trouble> {
        match self.ask(Method::GET, at, "GETFILESTATUS", &[]).await {
            Ok(answer) => node(&answer["FileStatus"])
                .map(Some)
                .ok_or_else(|| Trouble::Failed("a file of no kind".to_owned())),
            Err(Trouble::NotFound | Trouble::NotAFolder) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Opens a file: its bytes are the body of the answer.
    pub(super) async fn open(&self, at: &str, how: &[(&str, &str)]) -> Result<Response, Trouble> {
        let mut answer = self.send(Method::GET, self.url(at, "OPEN", how)?).await?;
        // HttpFS answers itself.
        if answer.status().is_redirection() {
            let target = self.spelled(self.sent_on(at, &answer)?).await?;
            answer = self.send(Method::GET, target).await?;
        }
        accepted(answer).await
    }

    /// Where the bytes of a new file are to be sent.
    pub(super) async fn create(&self, at: &str) -> Result<Url, Trouble> {
        let how = [("overwrite", "false"), ("permission", "644")];
        let answer = self.send(Method::PUT, self.url(at, "CREATE", &how)?).await?;
        if answer.status().is_redirection() {
            return self.spelled(self.sent_on(at, &answer)?).await;
        }
        accepted(answer).await?;
        Err(Trouble::Failed("the cluster does not say where files are written".to_owned()))
    }

    /// The DataNodes of Hadoop 2.7 decode a path twice, so that `a%41` would be another file. How they
    /// call a path that can be decoded only once tells whether this is one.
    async fn spelled(&self, mut target: Url) -> Result<Url, Trouble> {
        if !target.path().contains("%25") {
            return Ok(target);
        }
        let mut probe = target.clone();
        probe.set_path(&format!("{PREFIX}/%25zz"));
        let query = probe.query().unwrap_or_default().replacen("op=CREATE", "op=OPEN", 1);
        probe.set_query(Some(&query));
        let answer = all(self.send(Method::GET, probe).await?).await?;
        if exception(&answer)["exception"] == "IllegalArgumentException" {
            let twice = target.path().replace('%', "%25");
            target.set_path(&twice);
        }
        Ok(target)
    }

    async fn send(&self, method: Method, url: Url) -> Result<Response, Trouble> {
        let mut request = self.client.request(method.clone(), url);
        if method == Method::PUT {
            request = request.header(CONTENT_LENGTH, 0);
        }
        let answer = timeout(ANSWER, request.send()).await.map_err(|_| silent())?;
        answer.map_err(unreachable)
    }

    fn sent_on(&self, at: &str, answer: &Response) -> Result<Url, Trouble> {
        let target = answer.headers().get(LOCATION).and_then(|target| target.to_str().ok());
        let target = target.and_then(|target| Url::parse(target).ok()).filter(|target| {
            let path = percent_decode_str(target.path()).decode_utf8_lossy();
            target.scheme() == if self.secure { "https" } else { "http" }
                && target.username().is_empty()
                && target.password().is_none()
                && path.strip_prefix(PREFIX) == Some(at)
        });
        target.ok_or_else(|| {
            let text = format!("{self:?} sends the server to another place than a DataNode");
            Trouble::Failed(text)
        })
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

async fn all(answer: Response) -> Result<bytes::Bytes, Trouble> {
    timeout(SILENCE, answer.bytes()).await.map_err(|_| silent())?.map_err(unreachable)
}

pub(super) fn silent() -> Trouble {
    Trouble::Unreachable("the Hadoop cluster does not answer".to_owned())
}

pub(super) fn unreachable(error: reqwest::Error) -> Trouble {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Trouble::Unreachable(text)
}

/// The answer, unless it is a refusal.
pub(super) async fn accepted(answer: Response) -> Result<Response, Trouble> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    Err(refused(status, &all(answer).await?))
}

/// What Hadoop says in place of what was asked for.
fn exception(body: &[u8]) -> Value {
    let mut answer: Value = serde_json::from_slice(body).unwrap_or_default();
    answer.get_mut("RemoteException").map(Value::take).unwrap_or_default()
}

fn refused(status: StatusCode, body: &[u8]) -> Trouble {
    let exception = exception(body);
    let class = exception["exception"].as_str().unwrap_or_default();
    let message = exception["message"].as_str().unwrap_or_default();
    let text = format!("{status}: {class}: {}", message.lines().next().unwrap_or_default());
    match class {
        "FileNotFoundException" => Trouble::NotFound,
        "ParentNotDirectoryException" | "FileAlreadyExistsException" => Trouble::NotAFolder,
        // Who may not look into a file as if it were a folder.
        "AccessControlException" if message.contains("is not a directory") => Trouble::NotAFolder,
        "AccessControlException" => Trouble::Denied(text),
        "DSQuotaExceededException"
        | "NSQuotaExceededException"
        | "QuotaByStorageTypeExceededException" => Trouble::Full(text),
        "SafeModeException" | "StandbyException" | "RetriableException" => {
            Trouble::Unreachable(text)
        }
        _ if message.contains("could only be replicated to 0 nodes") => Trouble::Full(text),
        _ if status == StatusCode::UNAUTHORIZED => Trouble::Refused(
            ErrorCode::Unauthenticated,
            "the HTTP interface of the Hadoop cluster wants a login (Kerberos), which this build \
             does not have for it. Use hdfs://",
            text,
        ),
        _ if class.is_empty() && matches!(status.as_u16(), 429 | 502..=504) => {
            Trouble::Unreachable(text)
        }
        _ => Trouble::Failed(text),
    }
}

/// The text of a member.
pub(super) fn text(status: &Value, name: &str) -> Option<String> {
    status[name].as_str().map(ToOwned::to_owned)
}

/// What a status says; `None` if it is none.
pub(super) fn node(status: &Value) -> Option<Node> {
    let number = |name: &str| status[name].as_u64().unwrap_or_default();
    let kind = match status["type"].as_str()? {
        "FILE" => Kind::File,
        "DIRECTORY" => Kind::Folder,
        _ => Kind::Other,
    };
    let (size, changed, id) = (number("length"), number("modificationTime"), number("fileId"));
    let file = kind == Kind::File;
    Some(Node {
        kind,
        size: if file { size } else { 0 },
        modified: UNIX_EPOCH.checked_add(Duration::from_millis(changed)),
        // HttpFS tells no ids; writing a file anew takes more than a millisecond.
        etag: file.then(|| format!("\"{changed:x}-{size:x}-{id:x}\"")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let refused = |status: u16, class: &str, message: &str| {
            let body =
                serde_json::json!({"RemoteException": {"exception": class, "message": message}});
            refused(StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes())
        };
        assert!(matches!(refused(404, "FileNotFoundException", ""), Trouble::NotFound));
        let into_a_file = refused(403, "AccessControlException", "/d/f (is not a directory)");
        assert!(matches!(into_a_file, Trouble::NotAFolder));
        assert!(matches!(refused(403, "AccessControlException", "no"), Trouble::Denied(_)));
        assert!(matches!(refused(403, "StandbyException", ""), Trouble::Unreachable(_)));
        assert!(matches!(refused(401, "", ""), Trouble::Refused(..)));
        assert!(matches!(refused(503, "", ""), Trouble::Unreachable(_)));
        assert!(matches!(refused(500, "IOException", ""), Trouble::Failed(_)));
    }
}
