//! Who we are to Google: a file of credentials, those that the user of the machine has left, or the
//! machine itself.

use std::path::PathBuf;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use opendal::ErrorKind;
use reqsign::{GoogleCredential, GoogleSigner, GoogleToken, GoogleTokenLoader};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// What the tokens allow.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";
/// How long it may take to reach the service that gives tokens: most machines have none.
const CONNECT: Duration = Duration::from_secs(2);
/// How long that service may take in all.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a failure is believed.
const PAUSE: Duration = Duration::from_secs(10);

/// Tokens for requests, fetched when they are first needed.
pub(super) struct Tokens {
    credentials: Credentials,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    loader: Option<GoogleTokenLoader>,
    failed: Option<(Instant, Missing)>,
}

/// Why there is no token.
#[derive(Clone, Debug)]
pub(super) enum Missing {
    /// Neither a file nor the machine has credentials.
    Nobody,
    /// There are credentials, but no token was given for them.
    Refused(String),
}

/// Where credentials may be.
#[derive(Clone, Default)]
pub(super) struct Credentials {
    /// As the settings say (`GOOGLE_APPLICATION_CREDENTIALS`).
    pub named: Option<PathBuf>,
    /// Where Google's tools leave those of a user.
    pub of_user: Option<PathBuf>,
}

impl Credentials {
    /// The text of the file that counts, if there is one.
    pub(super) fn read(&self) -> Result<Option<String>, Missing> {
        let fail = |file: &PathBuf, error: std::io::Error| {
            Missing::Refused(format!("cannot read {}: {error}", file.display()))
        };
        if let Some(file) = &self.named {
            return std::fs::read_to_string(file).map(Some).map_err(|error| fail(file, error));
        }
        match &self.of_user {
            Some(file) if file.exists() => {
                std::fs::read_to_string(file).map(Some).map_err(|error| fail(file, error))
            }
            _ => Ok(None),
        }
    }
}

impl Tokens {
    pub(super) fn new(credentials: Credentials) -> Tokens {
        Tokens { credentials, state: Mutex::default() }
    }

    /// What goes into the header `Authorization`.
    pub(super) async fn bearer(&self) -> Result<HeaderValue, Missing> {
        let mut state = self.state.lock().await;
        if let Some((at, missing)) = &state.failed
            && at.elapsed() < PAUSE
        {
            return Err(missing.clone());
        }
        let bearer = self.load(&mut state).await;
        state.failed = match &bearer {
            Ok(_) => None,
            Err(missing) => {
                tracing::warn!(?missing, "there is no token for Google's storage");
                // The file may be another one the next time.
                state.loader = None;
                Some((Instant::now(), missing.clone()))
            }
        };
        bearer
    }

    async fn load(&self, state: &mut State) -> Result<HeaderValue, Missing> {
        let has_file = match &state.loader {
            Some(_) => true,
            None => {
                let text = self.credentials.read()?;
                state.loader = Some(loader(text.as_deref())?);
                text.is_some()
            }
        };
        let Some(loader) = &state.loader else { return Err(Missing::Nobody) };
        let why = match timeout(ANSWER, loader.load()).await {
            Ok(Ok(Some(token))) => {
                return header(&token).map_err(Missing::Refused);
            }
            Ok(Ok(None)) => "nobody gives one".to_owned(),
            Ok(Err(error)) => super::explain::shown(&error),
            Err(_) => "the service that gives tokens does not answer".to_owned(),
        };
        Err(if has_file { Missing::Refused(why) } else { Missing::Nobody })
    }
}

/// The library tells its tokens to requests only.
fn header(token: &GoogleToken) -> Result<HeaderValue, String> {
    let mut request = Request::get("https://storage.googleapis.com/")
        .body(())
        .map_err(|error| error.to_string())?;
    let signed = GoogleSigner::new("storage").sign(&mut request, token);
    signed.map_err(|error| error.to_string())?;
    let header = request.headers_mut().remove(AUTHORIZATION);
    header.ok_or_else(|| "the token is none".to_owned())
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(****)")
    }
}

/// Without a file, the metadata service of the machine is asked.
fn loader(file: Option<&str>) -> Result<GoogleTokenLoader, Missing> {
    let refused = |error: String| Missing::Refused(error);
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let loader = GoogleTokenLoader::new(SCOPE, client);
    let Some(text) = file else { return Ok(loader) };
    let credential = GoogleCredential::from_slice(text.as_bytes()).map_err(|_| {
        refused(
            "the file of credentials is none of a service account, an impersonated one, or an \
             external account"
                .to_owned(),
        )
    })?;
    Ok(loader.with_credentials(credential).with_disable_vm_metadata(true))
}

impl Missing {
    /// The error of a request that is not allowed without a token.
    pub(super) fn error(&self) -> opendal::Error {
        match self {
            Missing::Nobody => {
                opendal::Error::new(ErrorKind::ConfigInvalid, "no valid credential found")
            }
            Missing::Refused(why) => opendal::Error::new(
                ErrorKind::ConfigInvalid,
                format!("no token for the Google credentials: {why}"),
            ),
        }
    }
}
