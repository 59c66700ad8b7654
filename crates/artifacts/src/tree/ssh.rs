//! An SSH connection that carries SFTP: who the host is, and who we are.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oxflow_model::error::ErrorCode;
use russh::client::{self, AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{Preferred, keys};
use russh_sftp::client::RawSftpSession;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Address;
use super::known_hosts::{KnownHost, Verdict};
use super::ssh_config::{self, HostConfig};
use super::trouble::Trouble;
use super::{CONNECT, LOGIN, SILENCE};

/// How often a silent host is asked whether it is still there. After three times it is not.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Requests up to this size are understood by every implementation.
const SMALL_PIECE: u64 = 32 * 1024;
/// What one request reads or writes at most.
const LARGE_PIECE: u64 = 128 * 1024;

/// What the operator's settings say about SSH.
#[derive(Clone, Default)]
pub(crate) struct SshSettings {
    /// The home of the user who runs the server, where `.ssh` is.
    home: Option<PathBuf>,
    /// The name of that user.
    user: Option<String>,
}

impl SshSettings {
    pub(crate) fn read(var: &dyn Fn(&str) -> Option<String>) -> SshSettings {
        let user = var("USER").or_else(|| var("LOGNAME"));
        SshSettings { home: var("HOME").map(PathBuf::from), user }
    }
}

/// A session that is ready for requests.
pub(super) struct Session {
    pub raw: RawSftpSession,
    ssh: Handle<Guard>,
    /// What one request reads or writes, in bytes.
    pub piece: usize,
    /// The host can be asked to bring a file to its disk.
    pub can_sync: bool,
    /// Renaming can replace a file.
    pub can_replace: bool,
    /// The host tells how much space is left.
    pub can_tell_space: bool,
}

impl Session {
    pub(super) fn is_closed(&self) -> bool {
        self.ssh.is_closed()
    }
}

/// Connects, checks who the host is, and tells it who we are.
pub(super) async fn connect(settings: &SshSettings, address: &Address) -> Result<Session, Trouble> {
    let (settings, asked) = (settings.clone(), address.clone());
    let target = tokio::task::spawn_blocking(move || Target::read(&settings, &asked));
    let target = target.await.map_err(|error| Trouble::Failed(error.to_string()))??;
    let at = (target.host.as_str(), target.port);
    let socket = match timeout(CONNECT, TcpStream::connect(at)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return Err(unreachable(&target, &error)),
        Err(_) => return Err(unreachable(&target, &"it does not accept the connection")),
    };
    // Requests are small, and each waits for an answer.
    let _ = socket.set_nodelay(true);
    match timeout(LOGIN, log_in(&target, socket)).await {
        Ok(session) => session,
        Err(_) => Err(unreachable(&target, &"logging in takes too long")),
    }
}

async fn log_in(target: &Target, socket: TcpStream) -> Result<Session, Trouble> {
    let refusal = Arc::new(Mutex::new(None));
    let guard = Guard { host: target.known.clone(), refusal: refusal.clone() };
    let config = client::Config {
        preferred: target.preferred(),
        keepalive_interval: Some(KEEPALIVE),
        ..client::Config::default()
    };
    let mut ssh = match client::connect_stream(Arc::new(config), socket, guard).await {
        Ok(ssh) => ssh,
        Err(error) => {
            let refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Err(refusal.unwrap_or_else(|| unreachable(target, &error)));
        }
    };
    authenticate(target, &mut ssh).await?;
    let fail = |error: russh::Error| unreachable(target, &error);
    let channel = ssh.channel_open_session().await.map_err(fail)?;
    channel.request_subsystem(true, "sftp").await.map_err(fail)?;
    let config = russh_sftp::client::Config {
        request_timeout_secs: SILENCE.as_secs(),
        ..Default::default()
    };
    let raw = RawSftpSession::new_with_config(channel.into_stream(), config);
    let version = raw.init().await.map_err(|error| unreachable(target, &error))?;
    let can = |name: &str| version.extensions.contains_key(name);
    let mut piece = SMALL_PIECE;
    if can("limits@openssh.com")
        && let Ok(limits) = raw.limits().await
    {
        // Zero stands for no limit.
        let of = |limit: u64| if limit == 0 { LARGE_PIECE } else { limit.min(LARGE_PIECE) };
        piece = of(limits.max_read_len).min(of(limits.max_write_len)).max(1024);
    }
    Ok(Session {
        piece: usize::try_from(piece).unwrap_or(1024),
        can_sync: can("fsync@openssh.com"),
        can_replace: can("posix-rename@openssh.com"),
        can_tell_space: can("statvfs@openssh.com"),
        raw,
        ssh,
    })
}

/// A location, and what the files of OpenSSH say about it.
struct Target {
    host: String,
    port: u16,
    user: String,
    password: Option<String>,
    keys: Vec<PathBuf>,
    known: Arc<KnownHost>,
}

impl Target {
    fn read(settings: &SshSettings, address: &Address) -> Result<Target, Trouble> {
        let home = settings.home.clone().unwrap_or_default();
        let folder = home.join(".ssh");
        let config = match std::fs::read_to_string(folder.join("config")) {
            Ok(text) => ssh_config::parse(&text, &address.host, &home),
            Err(_) => HostConfig::default(),
        };
        if let Some(keyword) = config.unsupported {
            return Err(Trouble::Refused(
                ErrorCode::InternalError,
                "the host is reached through another one, as ~/.ssh/config says, which this build \
                 cannot. Give the server a direct way to the host",
                keyword,
            ));
        }
        let user = address.user.clone().or(config.user).or_else(|| settings.user.clone());
        let user = user.ok_or_else(|| {
            refused("the location names no user. Write sftp://user@host/path", "no user")
        })?;
        let host = config.host_name.unwrap_or_else(|| address.host.clone());
        let host = if host.is_empty() { "localhost".to_owned() } else { host };
        let port = address.port.or(config.port).unwrap_or(22);
        let files = match config.known_hosts.is_empty() {
            true => vec![folder.join("known_hosts"), folder.join("known_hosts2")],
            false => config.known_hosts,
        };
        let global = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from);
        let texts: Vec<String> = files
            .iter()
            .chain(&global)
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .collect();
        let known = KnownHost::read(texts.iter().map(String::as_str), &host, port);
        let keys = match config.identity_files.is_empty() {
            true => ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| folder.join(name)).to_vec(),
            false => config.identity_files,
        };
        let password = address.password.clone();
        Ok(Target { host, port, user, password, keys, known: Arc::new(known) })
    }

    /// A host that is known by one kind of key is asked for that one first.
    fn preferred(&self) -> Preferred {
        let mut key = Preferred::DEFAULT.key.to_vec();
        key.sort_by_key(|algorithm| !self.known.has_kind(kind(algorithm)));
        Preferred { key: Cow::Owned(key), ..Preferred::DEFAULT }
    }
}

/// The name that a key of this algorithm has in files.
fn kind(algorithm: &Algorithm) -> &str {
    if algorithm.clone().is_rsa() { "ssh-rsa" } else { algorithm.as_str() }
}

/// Lets only hosts in that are known.
struct Guard {
    host: Arc<KnownHost>,
    refusal: Arc<Mutex<Option<Trouble>>>,
}

impl client::Handler for Guard {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let (verdict, shown) = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                let text = key.to_openssh()?;
                let base64 = text.split(' ').nth(1).unwrap_or_default();
                (self.host.check(base64), key.fingerprint(HashAlg::Sha256).to_string())
            }
            // Not asked for, so no honest host sends one.
            PublicKeyOrCertificate::Certificate(_) => (Verdict::Wrong, "a certificate".to_owned()),
        };
        let advice = match verdict {
            Verdict::Known => return Ok(true),
            Verdict::Unknown => {
                "the key of the host is not in ~/.ssh/known_hosts of the user who runs the server. \
                 Compare it with the host's own (the log has its fingerprint), and add it with \
                 ssh-keyscan"
            }
            Verdict::Wrong => {
                "the host has another key than the one in ~/.ssh/known_hosts of the user who runs \
                 the server: somebody may be in between. If the host was set up anew, replace the \
                 key there (the log has the new fingerprint)"
            }
        };
        let refusal = Trouble::Refused(ErrorCode::InternalError, advice, shown);
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
        Ok(false)
    }
}

/// Tries the password, if the location has one, and then the keys.
async fn authenticate(target: &Target, ssh: &mut Handle<Guard>) -> Result<(), Trouble> {
    let fail = |error: russh::Error| unreachable(target, &error);
    if let Some(password) = &target.password {
        let answer = ssh.authenticate_password(&target.user, password).await.map_err(fail)?;
        if answer.success() || by_questions(target, ssh, password).await.map_err(fail)? {
            return Ok(());
        }
    }
    let mut tried = Vec::new();
    for file in &target.keys {
        let (path, name) = (file.clone(), file.display().to_string());
        let key = tokio::task::spawn_blocking(move || load(&path));
        let key = match key.await.map_err(|error| Trouble::Failed(error.to_string()))? {
            Ok(key) => Arc::new(key),
            Err(why) => {
                tried.push(format!("{name}: {why}"));
                continue;
            }
        };
        let hash = match key.algorithm().is_rsa() {
            true => ssh.best_supported_rsa_hash().await.map_err(fail)?.flatten(),
            false => None,
        };
        let hash = hash.or(Some(HashAlg::Sha256));
        let key = PrivateKeyWithHashAlg::new(key, hash);
        match ssh.authenticate_publickey(&target.user, key).await.map_err(fail)? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { .. } => tried.push(format!("{name}: refused by the host")),
        }
    }
    let advice = match target.password {
        Some(_) => {
            "the artifact storage does not accept the user and password in the location. Check \
             them in the settings of the server"
        }
        None => {
            "the artifact storage does not accept the keys of the server. Put the key of the user \
             who runs the server into the authorized keys of the storage, name another one in \
             ~/.ssh/config, or give a password in the location (sftp://user:password@host/path)"
        }
    };
    Err(refused(advice, &format!("user {}: {}", target.user, tried.join("; "))))
}

/// Many hosts ask for the password in a form of their own.
async fn by_questions(
    target: &Target,
    ssh: &mut Handle<Guard>,
    password: &str,
) -> Result<bool, russh::Error> {
    let mut answer = ssh.authenticate_keyboard_interactive_start(&target.user, None).await?;
    for _ in 0..3 {
        let questions = match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts.len(),
        };
        let answers = vec![password.to_owned(); questions];
        answer = ssh.authenticate_keyboard_interactive_respond(answers).await?;
    }
    Ok(matches!(answer, KeyboardInteractiveAuthResponse::Success))
}

fn load(file: &Path) -> Result<keys::PrivateKey, String> {
    match keys::load_secret_key(file, None) {
        Ok(key) if key.is_encrypted() => Err("it is locked with a password".to_owned()),
        Ok(key) => Ok(key),
        Err(error) => Err(error.to_string()),
    }
}

fn unreachable(target: &Target, why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Unreachable(format!("{}:{}: {why}", target.host, target.port))
}

fn refused(advice: &'static str, why: &str) -> Trouble {
    Trouble::Refused(ErrorCode::Unauthenticated, advice, why.to_owned())
}
