//! What a `mysql:` URI says: where the database is and how to speak to it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable as _;
use mysql::{ClientIdentity, Conn, Opts, OptsBuilder, SslOpts};
use oxflow_model::{Error, Result};

use crate::driver::uri::ServerUri;
use crate::error::DbError;

/// How long connecting may take, unless the URI says otherwise.
const CONNECT: Duration = Duration::from_secs(10);
/// After how many milliseconds without an answer a connection counts as dead.
const SILENCE_MS: u32 = 30_000;
/// Statements that each connection remembers; all connections of a server share 16,382.
const STATEMENTS: usize = 256;
/// What each connection sets first. Names stand in double quotes; a backslash is a character; what
/// does not fit is refused, not cut; 0 is a number of an experiment.
const SETTINGS: &str = "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,\
                        STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO,\
                        NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 20, ";

/// A database and how to connect to it. Its password stays inside.
#[derive(Clone)]
pub struct Target {
    /// For the driver.
    pub options: Opts,
    /// The URI for people, without the password.
    pub shown: String,
    /// The user's name.
    pub user: String,
    /// The database's name.
    pub database: String,
    /// What was understood, but has no effect here.
    pub notices: Vec<String>,
    /// How long a server may take to say something.
    patience: Option<Duration>,
}

#[derive(Default)]
struct Found {
    socket: Option<String>,
    connect: Option<Duration>,
    notices: Vec<String>,
    tls: Tls,
}

#[derive(Default)]
struct Tls {
    wanted: bool,
    disabled: bool,
    authorities: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    check: Option<bool>,
    check_name: Option<bool>,
}

impl Target {
    /// Reads a URI. Every option is understood or refused.
    pub fn parse(uri: &str) -> Result<Target> {
        let uri = ServerUri::parse(uri)?;
        let mut found = Found::default();
        for (name, value) in &uri.options {
            option(&mut found, name, value)?;
        }
        let missing = |what: &str| {
            Error::invalid(format!(
                "The database URI {} names no {what}. Write \
                 mysql://user:password@host:port/database.",
                uri.shown()
            ))
        };
        let user = uri.user.clone().ok_or_else(|| missing("user"))?;
        let database = uri.database.clone().ok_or_else(|| missing("database"))?;
        if uri.host.is_none() && found.socket.is_none() {
            return Err(missing("host"));
        }
        let host = uri.host.clone().unwrap_or_else(|| "localhost".to_owned());
        let connect = found.connect.unwrap_or(CONNECT);
        let options = OptsBuilder::new()
            .user(Some(user.clone()))
            .pass(uri.password.clone())
            .ip_or_hostname(Some(host))
            .tcp_port(uri.port.unwrap_or(3306))
            .db_name(Some(database.clone()))
            .prefer_socket(false)
            .socket(found.socket)
            .tcp_connect_timeout((!connect.is_zero()).then_some(connect))
            .tcp_keepalive_time_ms(Some(SILENCE_MS))
            .tcp_user_timeout_ms(Some(SILENCE_MS))
            .stmt_cache_size(STATEMENTS)
            // An update tells how many rows it found, not how many it had to change.
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .ssl_opts(found.tls.options()?);
        Ok(Target {
            options: options.into(),
            shown: uri.shown(),
            user,
            database,
            notices: found.notices,
            patience: (!connect.is_zero()).then_some(connect),
        })
    }

    /// Connects and hangs up. The library's own limit ends when there is a connection; one that
    /// says nothing would be waited for without end.
    pub fn try_out(&self) -> Result<(), DbError> {
        let Some(limit) = self.patience else { return Ok(()) };
        let options = OptsBuilder::from_opts(self.options.clone())
            .read_timeout(Some(limit))
            .write_timeout(Some(limit));
        let began = Instant::now();
        match Conn::new(options) {
            // The library has several errors for it, and no word.
            Err(error) if error.is_connectivity_error() && began.elapsed() >= limit => {
                Err(DbError::no_answer(limit))
            }
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        }
    }

    /// The statement that sets up a connection; a limit of time has two names. MariaDB remembers 64
    /// warnings of a statement unless told to, MySQL 1,024, and lets only administrators change that.
    /// That is enough: one statement inserts so many rows at most, and a row that was there already is
    /// one warning, so that another kind of warning is always among those remembered.
    pub fn settings(&self, link: &mut Conn) -> mysql::Result<String> {
        let version: Option<String> = link.query_first("SELECT version()")?;
        let limit = match version {
            Some(version) if version.contains("MariaDB") => {
                "max_statement_time = 60, max_error_count = 65535"
            }
            _ => "max_execution_time = 60000",
        };
        Ok(format!("{SETTINGS}{limit}"))
    }
}

impl Tls {
    fn options(self) -> Result<Option<SslOpts>> {
        let named = self.authorities.is_some() || self.certificate.is_some();
        if self.disabled || !(self.wanted || named || self.check.is_some()) {
            return Ok(None);
        }
        let identity = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => {
                readable(&certificate)?;
                readable(&key)?;
                Some(ClientIdentity::new(certificate, key))
            }
            (None, None) => None,
            _ => {
                return Err(Error::invalid(
                    "A client certificate needs both ssl_cert and ssl_key in the database URI.",
                ));
            }
        };
        if let Some(authorities) = &self.authorities {
            readable(authorities)?;
        }
        // Who names authorities wants them asked.
        let check = self.check.unwrap_or(self.authorities.is_some());
        let check_name = check && self.check_name.unwrap_or(false);
        Ok(Some(
            SslOpts::default()
                .with_client_identity(identity)
                .with_root_cert_path(self.authorities)
                .with_danger_accept_invalid_certs(!check)
                .with_danger_skip_domain_validation(!check_name),
        ))
    }
}

/// The driver reads files when it connects, and does not say which one is missing.
fn readable(path: &Path) -> Result<()> {
    std::fs::File::open(path).map(drop).map_err(|why| {
        Error::invalid(format!(
            "Cannot read {}, which the database URI names: {why}.",
            path.display()
        ))
    })
}

/// One option, under the names that PyMySQL, mysqlclient and MySQL's own connector give it.
fn option(found: &mut Found, name: &str, value: &str) -> Result<()> {
    let bad = |wanted: &str| {
        Error::invalid(format!(
            "The option {name} of the database URI must be {wanted}, not '{value}'."
        ))
    };
    let truth = || match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(bad("true or false")),
    };
    let tls = &mut found.tls;
    match name {
        "unix_socket" => found.socket = Some(value.to_owned()),
        "connect_timeout" | "connection_timeout" => {
            let seconds = value.parse().map_err(|_| bad("a number"))?;
            found.connect = Some(Duration::from_secs(seconds));
        }
        "charset" if value.eq_ignore_ascii_case("utf8mb4") => {}
        "charset" => return Err(bad("utf8mb4")),
        "ssl_mode" => match value.to_ascii_uppercase().as_str() {
            "DISABLED" => tls.disabled = true,
            "REQUIRED" => tls.wanted = true,
            "VERIFY_CA" => (tls.wanted, tls.check) = (true, Some(true)),
            "VERIFY_IDENTITY" => {
                (tls.wanted, tls.check, tls.check_name) = (true, Some(true), Some(true));
            }
            _ => return Err(bad("DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY")),
        },
        "ssl" => tls.wanted = truth()?,
        "ssl_disabled" => tls.disabled = truth()?,
        "ssl_ca" => tls.authorities = Some(value.into()),
        "ssl_cert" => tls.certificate = Some(value.into()),
        "ssl_key" => tls.key = Some(value.into()),
        "ssl_verify_cert" => tls.check = Some(truth()?),
        "ssl_verify_identity" | "ssl_check_hostname" => {
            tls.check_name = Some(truth()?);
            if tls.check_name == Some(true) {
                tls.check = Some(true);
            }
        }
        "read_timeout" | "write_timeout" | "local_infile" | "use_unicode" | "autocommit"
        | "program_name" | "binary_prefix" => {
            found.notices.push(format!("the option {name} of the database URI has no effect here"));
        }
        _ => {
            return Err(Error::invalid(format!(
                "The database URI has the option '{name}', which is not known. Known are \
                 unix_socket, connect_timeout, charset, ssl_mode, ssl, ssl_disabled, ssl_ca, \
                 ssl_cert, ssl_key, ssl_verify_cert and ssl_verify_identity."
            )));
        }
    }
    Ok(())
}
