//! What a `postgresql:` URI says: where the database is and how to speak to it.

use std::time::Duration;

use oxflow_model::{Error, Result};
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::ALL_VERSIONS;

use crate::driver::tls::{self, Certificates, Trust};
use crate::driver::uri::{ServerUri, host_and_port};

/// How long connecting may take, unless the URI says otherwise.
const CONNECT: Duration = Duration::from_secs(10);
/// After how long without an answer a connection counts as dead.
const SILENCE: Duration = Duration::from_secs(30);
/// What an own setting of a connection may be named in `options`, with its value if it is not.
const LIMITS: [(&str, &str); 3] = [
    ("statement_timeout", "60s"),
    // As long as SQLite waits for another program.
    ("lock_timeout", "20s"),
    // What a server that was cut off holds is let go.
    ("idle_in_transaction_session_timeout", "60s"),
];

/// A database and how to connect to it. Its password stays inside.
#[derive(Clone)]
pub struct Target {
    /// For the driver.
    pub config: Config,
    /// For the driver.
    pub tls: MakeRustlsConnect,
    /// What each connection sets first.
    pub settings: String,
    /// The URI for people, without the password.
    pub shown: String,
    /// The user's name.
    pub user: String,
    /// The database's name.
    pub database: String,
    /// What was understood, but has no effect here.
    pub notices: Vec<String>,
}

impl Target {
    /// How long connecting may take in all; the limit of the URI is one for each host.
    pub fn patience(&self) -> Option<Duration> {
        let hosts = self.config.get_hosts().len().max(1);
        let limit = self.config.get_connect_timeout()?;
        Some(*limit * u32::try_from(hosts).unwrap_or(u32::MAX))
    }

    /// Reads a URI. Every option is understood or refused: one that is passed over in silence, such
    /// as a misspelt `sslmode`, is a trap.
    pub fn parse(uri: &str) -> Result<Target> {
        let uri = ServerUri::parse(uri)?;
        let mut config = Config::new();
        config
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .application_name("oxflow")
            .ssl_mode(SslMode::Prefer);
        let mut found =
            Found { user: uri.user.clone(), database: uri.database.clone(), ..Found::default() };
        if let Some(host) = &uri.host {
            found.hosts.push((host.clone(), uri.port));
        }
        if let Some(password) = &uri.password {
            config.password(password);
        }
        for (name, value) in &uri.options {
            option(&mut config, &mut found, name, value)?;
        }
        let missing = |what: &str| {
            Error::invalid(format!(
                "The database URI {} names no {what}. Write \
                 postgresql://user:password@host:port/database.",
                uri.shown()
            ))
        };
        let user = found.user.ok_or_else(|| missing("user"))?;
        let database = found.database.ok_or_else(|| missing("database"))?;
        config.user(&user).dbname(&database);
        if found.hosts.is_empty() {
            return Err(missing("host"));
        }
        for (host, port) in &found.hosts {
            config.host(host);
            config.port(port.or(uri.port).unwrap_or(5432));
        }
        // As libpq has it: who names authorities wants them asked.
        let certificates = &mut found.certificates;
        if certificates.trust == Trust::Anyone
            && certificates.authorities.is_some()
            && config.get_ssl_mode() == SslMode::Require
        {
            certificates.trust = Trust::Authority;
        }
        let settings = LIMITS
            .iter()
            .filter(|(name, _)| !config.get_options().is_some_and(|given| given.contains(name)))
            .map(|(name, value)| format!("SET {name} = '{value}';"))
            .collect();
        Ok(Target {
            tls: MakeRustlsConnect::new(tls::client(&found.certificates, ALL_VERSIONS)?),
            config,
            settings,
            shown: uri.shown(),
            user,
            database,
            notices: found.notices,
        })
    }
}

#[derive(Default)]
struct Found {
    user: Option<String>,
    database: Option<String>,
    hosts: Vec<(String, Option<u16>)>,
    certificates: Certificates,
    notices: Vec<String>,
}

fn option(config: &mut Config, found: &mut Found, name: &str, value: &str) -> Result<()> {
    let bad = |wanted: &str| {
        Error::invalid(format!(
            "The option {name} of the database URI must be {wanted}, not '{value}'."
        ))
    };
    let number = || value.parse::<u32>().map_err(|_| bad("a number"));
    let seconds = || number().map(|seconds| Duration::from_secs(seconds.into()));
    match name {
        "user" => found.user = Some(value.to_owned()),
        "password" => {
            config.password(value);
        }
        "dbname" => found.database = Some(value.to_owned()),
        "host" => {
            for host in value.split(',') {
                let folder = host.starts_with('/');
                let parts = if folder { Some((host, None)) } else { host_and_port(host) };
                let (host, port) = parts.ok_or_else(|| bad("host or host:port"))?;
                found.hosts.push((host.to_owned(), port));
            }
        }
        "port" => {
            let port = value.parse().map_err(|_| bad("a port"))?;
            found.hosts.iter_mut().for_each(|host| host.1 = Some(port));
        }
        "sslmode" => {
            let (mode, trust) = match value {
                "disable" => (SslMode::Disable, Trust::Anyone),
                "allow" | "prefer" => (SslMode::Prefer, Trust::Anyone),
                "require" => (SslMode::Require, Trust::Anyone),
                "verify-ca" => (SslMode::Require, Trust::Authority),
                "verify-full" => (SslMode::Require, Trust::Host),
                _ => {
                    return Err(bad(
                        "one of disable, allow, prefer, require, verify-ca and verify-full",
                    ));
                }
            };
            config.ssl_mode(mode);
            found.certificates.trust = trust;
        }
        "sslrootcert" if value == "system" => found.certificates.authorities = None,
        "sslrootcert" => found.certificates.authorities = Some(value.to_owned()),
        "sslcert" => found.certificates.certificate = Some(value.to_owned()),
        "sslkey" => found.certificates.key = Some(value.to_owned()),
        "channel_binding" => {
            config.channel_binding(match value {
                "disable" => ChannelBinding::Disable,
                "prefer" => ChannelBinding::Prefer,
                "require" => ChannelBinding::Require,
                _ => return Err(bad("disable, prefer or require")),
            });
        }
        // Zero means: no limit.
        "connect_timeout" => {
            config.connect_timeout(match seconds()? {
                Duration::ZERO => Duration::MAX,
                some => some,
            });
        }
        "application_name" => {
            config.application_name(value);
        }
        "options" => {
            config.options(value);
        }
        "target_session_attrs" => {
            config.target_session_attrs(match value {
                "any" => TargetSessionAttrs::Any,
                "read-write" => TargetSessionAttrs::ReadWrite,
                _ => return Err(bad("any or read-write")),
            });
        }
        "keepalives" => {
            config.keepalives(number()? != 0);
        }
        "keepalives_idle" => {
            config.keepalives_idle(seconds()?);
        }
        "keepalives_interval" => {
            config.keepalives_interval(seconds()?);
        }
        "keepalives_count" => {
            config.keepalives_retries(number()?);
        }
        "tcp_user_timeout" => {
            config.tcp_user_timeout(Duration::from_millis(number()?.into()));
        }
        "client_encoding" if ["utf8", "utf-8"].contains(&value.to_lowercase().as_str()) => {}
        "client_encoding" => return Err(bad("utf8")),
        "gssencmode" | "sslcompression" | "fallback_application_name" | "krbsrvname" => {
            found.notices.push(format!("the option {name} of the database URI has no effect here"));
        }
        _ => {
            return Err(Error::invalid(format!(
                "The database URI has the option '{name}', which is not known. Known are user, \
                 password, dbname, host, port, sslmode, sslrootcert, sslcert, sslkey, \
                 channel_binding, connect_timeout, application_name, options, \
                 target_session_attrs, keepalives, keepalives_idle, keepalives_interval, \
                 keepalives_count, tcp_user_timeout and client_encoding."
            )));
        }
    }
    Ok(())
}
