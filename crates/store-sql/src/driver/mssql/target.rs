//! What an `mssql:` URI says: where the database is and how to speak to it.

use std::sync::Arc;
use std::time::Duration;

use oxflow_model::{Error, Result};
use rustls_pki_types::ServerName;
use tiberius::{AuthMethod, Config};
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::version::TLS12;

use super::odbc;
use super::wire::Encryption;
use crate::driver::tls::{self, Certificates, Trust};
use crate::driver::uri::ServerUri;

/// How long connecting may take, unless the URI says otherwise.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a statement may take.
const STATEMENT: Duration = Duration::from_secs(60);
const PORT: u16 = 1433;

/// A database and how to connect to it. Its password stays inside.
#[derive(Clone)]
pub struct Target {
    /// For the driver.
    pub config: Config,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether and how to encrypt.
    pub encryption: Encryption,
    /// The name that the server's certificate must have, if it is not that of the host.
    pub certificate_name: Option<String>,
    /// How long connecting may take.
    pub connect: Duration,
    /// The URI for people, without the password.
    pub shown: String,
    /// The user's name.
    pub user: String,
    /// The database's name.
    pub database: String,
    /// What was understood, but has no effect here.
    pub notices: Vec<String>,
}

/// What a URI and its options say, before it is complete.
#[derive(Default)]
struct Found {
    uri_host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    encrypt: Option<bool>,
    trust_anyone: bool,
    authorities: Option<String>,
    certificate_name: Option<String>,
    application: Option<String>,
    connect: Option<Duration>,
    only_reads: bool,
    /// A driver that does not encrypt unless it is told to.
    old_driver: bool,
    notices: Vec<String>,
}

impl Target {
    /// Reads a URI. Every option is understood or refused.
    pub fn parse(text: &str) -> Result<Target> {
        let uri = ServerUri::parse(text)?;
        let mut found = Found {
            uri_host: uri.host.clone(),
            port: uri.port,
            user: uri.user.clone(),
            password: uri.password.clone(),
            database: uri.database.clone(),
            old_driver: text.starts_with("mssql+pymssql:"),
            ..Found::default()
        };
        for (name, value) in &uri.options {
            if name.eq_ignore_ascii_case("odbc_connect") {
                for (name, value) in odbc::parts(value)? {
                    option(&mut found, &name, &value)?;
                }
            } else {
                option(&mut found, name, value)?;
            }
        }
        let missing = |what: &str| {
            Error::invalid(format!(
                "The database URI {} names no {what}. Write \
                 mssql://user:password@host:port/database; names of ODBC data sources and logins \
                 without a password are not supported.",
                uri.shown()
            ))
        };
        let user = found.user.take().ok_or_else(|| missing("user"))?;
        let password = found.password.take().ok_or_else(|| missing("password"))?;
        let database = found.database.take().ok_or_else(|| missing("database"))?;
        let host = found.uri_host.take().ok_or_else(|| missing("host"))?;
        if host.contains('\\') {
            return Err(Error::invalid(format!(
                "The database URI names the instance {host}. Name its port instead: \
                 host:port; SQL Server's configuration manager shows it."
            )));
        }
        let port = found.port.unwrap_or(PORT);
        let connect = found.connect.filter(|time| !time.is_zero()).unwrap_or(CONNECT);
        let mut config = Config::new();
        config.host(&host);
        config.port(port);
        config.database(&database);
        config.authentication(AuthMethod::sql_server(&user, password));
        config.application_name(found.application.as_deref().unwrap_or("oxflow"));
        config.readonly(found.only_reads);
        config.handshake_timeout(Some(connect));
        config.command_timeout(Some(STATEMENT));
        let shown = ServerUri {
            engine: "mssql".to_owned(),
            user: Some(user.clone()),
            password: Some(String::new()),
            host: Some(host.clone()),
            port: found.port,
            database: Some(database.clone()),
            options: Vec::new(),
        }
        .shown();
        Ok(Target {
            config,
            encryption: found.encryption()?,
            certificate_name: found.certificate_name,
            host,
            port,
            connect,
            shown,
            user,
            database,
            notices: found.notices,
        })
    }

    /// The name to ask of the certificate of a server.
    pub fn server_name(&self, host: &str) -> Result<ServerName<'static>, String> {
        let name = self.certificate_name.as_deref().unwrap_or(host);
        ServerName::try_from(name.to_owned())
            .map_err(|_| format!("'{name}' cannot be the name of a server"))
    }
}

impl Found {
    /// Who asks for encryption also asks who answers, unless the URI says not to.
    fn encryption(&self) -> Result<Encryption> {
        let encrypt = self.encrypt.unwrap_or(!self.old_driver);
        let check = encrypt && !self.trust_anyone;
        let certificates = Certificates {
            trust: if check { Trust::Host } else { Trust::Anyone },
            authorities: self.authorities.clone(),
            ..Certificates::default()
        };
        // The server wraps its handshake, which later versions of TLS do not go with.
        let mut config = tls::client(&certificates, &[&TLS12])?;
        // Connections are few and stay; not every server takes up what was between them before.
        config.resumption = Resumption::disabled();
        Ok(Encryption { config: Arc::new(config), optional: !encrypt })
    }
}

/// One option, under the names that ODBC, pyodbc and pymssql give it. Their case does not matter.
fn option(found: &mut Found, name: &str, value: &str) -> Result<()> {
    let bad = |wanted: &str| {
        Error::invalid(format!(
            "The option {name} of the database URI must be {wanted}, not '{value}'."
        ))
    };
    let seconds = || value.parse().map(Duration::from_secs).map_err(|_| bad("a number"));
    let truth = || match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(bad("yes or no")),
    };
    match name.to_ascii_lowercase().replace(['_', ' '], "").as_str() {
        "driver" => found.old_driver |= !is_new_driver(value),
        "server" | "address" | "addr" => {
            let (host, port) = odbc::server(value).ok_or_else(|| bad("host or host,port"))?;
            found.uri_host = Some(host);
            found.port = port.or(found.port);
        }
        "port" => found.port = Some(value.parse().map_err(|_| bad("a port"))?),
        "database" => found.database = Some(value.to_owned()),
        "uid" | "user" | "userid" => found.user = Some(value.to_owned()),
        "pwd" | "password" => found.password = Some(value.to_owned()),
        "encrypt" | "encryption" => {
            found.encrypt = Some(match value.to_ascii_lowercase().as_str() {
                "yes" | "true" | "1" | "mandatory" | "require" => true,
                "no" | "false" | "0" | "optional" | "request" => false,
                "strict" => return Err(bad("yes or no; TDS 8.0 is not supported")),
                _ => return Err(bad("yes or no")),
            });
        }
        "trustservercertificate" => found.trust_anyone = truth()?,
        "hostnameincertificate" => found.certificate_name = Some(value.to_owned()),
        "cafile" => found.authorities = Some(value.to_owned()),
        "app" | "applicationname" | "appname" => found.application = Some(value.to_owned()),
        "timeout" | "connectiontimeout" | "connecttimeout" | "logintimeout" => {
            found.connect = Some(seconds()?);
        }
        "applicationintent" => found.only_reads = value.eq_ignore_ascii_case("readonly"),
        "trustedconnection" | "integratedsecurity" if truth()? => {
            return Err(bad("no; only logins with a user and a password are supported"));
        }
        "authentication" if !value.eq_ignore_ascii_case("SqlPassword") => {
            return Err(bad("SqlPassword; only logins with a user and a password are supported"));
        }
        "marsconnection"
        | "multisubnetfailover"
        | "longasmax"
        | "autocommit"
        | "charset"
        | "tdsversion"
        | "connectretrycount"
        | "connectretryinterval"
        | "keepalive"
        | "wsid"
        | "ansinpw"
        | "quotedid"
        | "columnencryption"
        | "trustedconnection"
        | "authentication"
        | "integratedsecurity" => {
            found.notices.push(format!("the option {name} of the database URI has no effect here"));
        }
        _ => {
            return Err(Error::invalid(format!(
                "The database URI has the option '{name}', which is not known. Known are driver, \
                 Encrypt, TrustServerCertificate, HostNameInCertificate, cafile, \
                 ApplicationIntent, APP, timeout, and odbc_connect with Server, Database, UID and \
                 PWD besides."
            )));
        }
    }
    Ok(())
}

/// Since its version 18, Microsoft's driver encrypts unless it is told not to.
fn is_new_driver(name: &str) -> bool {
    let version = name.split_whitespace().find_map(|word| word.parse::<u32>().ok());
    version.is_some_and(|version| version >= 18)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> Target {
        Target::parse(uri).unwrap()
    }

    #[test]
    fn every_spelling_of_a_uri_names_the_same() {
        for uri in [
            "mssql+pyodbc://a%40b:s3%2Fcret@db.example:1434/ml?driver=ODBC+Driver+18+for+SQL+Server\
             &TrustServerCertificate=yes&Encrypt=yes",
            "mssql://a%40b:s3%2Fcret@db.example:1434/ml",
            "mssql+pymssql://a%40b:s3%2Fcret@db.example:1434/ml?charset=utf8",
            "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC+Driver+18+for+SQL+Server%7D%3B\
             Server%3Dtcp%3Adb.example%2C1434%3BDatabase%3Dml%3BUid%3Da%40b%3BPwd%3D%7Bs3%2Fcret%7D",
        ] {
            let target = parse(uri);
            assert_eq!((target.host.as_str(), target.port), ("db.example", 1434), "{uri}");
            assert_eq!((target.user.as_str(), target.database.as_str()), ("a@b", "ml"), "{uri}");
            assert_eq!(target.shown, "mssql://a@b:***@db.example:1434/ml", "{uri}");
            assert!(!format!("{:?}", target.config).contains("s3/cret"), "{uri}");
        }
    }

    #[test]
    fn encryption_is_as_the_named_driver_has_it() {
        let optional =
            |options: &str| parse(&format!("mssql+pyodbc://u:p@h/d?{options}")).encryption.optional;
        assert!(!optional(""));
        assert!(!optional("driver=ODBC+Driver+18+for+SQL+Server"));
        assert!(optional("driver=ODBC+Driver+17+for+SQL+Server"));
        assert!(!optional("driver=ODBC+Driver+17+for+SQL+Server&Encrypt=yes"));
        assert!(optional("driver=FreeTDS"));
        assert!(optional("driver=ODBC+Driver+18+for+SQL+Server&Encrypt=no"));
        assert!(parse("mssql+pymssql://u:p@h/d").encryption.optional);
    }
}
