//! The URI of a database server in SQLAlchemy's spelling:
//! `engine+driver://user:password@host:port/database?option=value`.

use std::fmt;

use oxflow_model::{Error, Result};
use percent_encoding::percent_decode_str;

/// What a URI names. It is never shown with its password: see [`ServerUri::shown`].
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUri {
    /// As written, without the driver: `postgresql`.
    pub engine: String,
    /// Percent-decoded.
    pub user: Option<String>,
    /// Percent-decoded.
    pub password: Option<String>,
    /// A name or an address.
    pub host: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// The name of the database.
    pub database: Option<String>,
    /// Decoded, in the order they were written.
    pub options: Vec<(String, String)>,
}

impl ServerUri {
    /// Reads a URI. The message of the error does not repeat it: it may hold a password.
    pub fn parse(uri: &str) -> Result<ServerUri> {
        let bad = |why: &str| {
            Error::invalid(format!(
                "Cannot use the database URI: {why}. Write \
                 engine://user:password@host:port/database, with special characters in the user \
                 and the password percent-encoded (@ as %40, / as %2F, : as %3A)."
            ))
        };
        let (scheme, rest) = uri.split_once("://").ok_or_else(|| bad("it has no '://'"))?;
        let engine = scheme.split('+').next().unwrap_or("").to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold a bare '@', a host cannot.
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials), rest),
            None => (None, rest),
        };
        let (user, password) = match credentials.map(|both| both.split_once(':')) {
            Some(Some((user, password))) => (Some(user), Some(password)),
            Some(None) => (credentials, None),
            None => (None, None),
        };
        let (server, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = host_and_port(server).ok_or_else(|| bad("its port is no number"))?;
        let decode = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| bad("it is not UTF-8 once decoded"))
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut options = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.push((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?));
        }
        Ok(ServerUri {
            engine,
            user: user.filter(|user| !user.is_empty()).map(decode).transpose()?,
            password: password.map(decode).transpose()?,
            host: some(host),
            port,
            database: some(database),
            options,
        })
    }

    /// For people: without the password and the options, which may hold secrets too.
    pub fn shown(&self) -> String {
        let user = self.user.as_deref().unwrap_or("");
        let secret = if self.password.is_some() { ":***" } else { "" };
        let at = if user.is_empty() && secret.is_empty() { "" } else { "@" };
        let host = self.host.as_deref().unwrap_or("");
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let port = self.port.map_or(String::new(), |port| format!(":{port}"));
        let database = self.database.as_deref().unwrap_or("");
        format!("{}://{user}{secret}{at}{host}{port}/{database}", self.engine)
    }
}

impl fmt::Debug for ServerUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`; `None` if the port is no number.
pub fn host_and_port(server: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or(rest)),
        None => server.split_once(':').unwrap_or((server, "")),
    };
    match port {
        "" => Some((host, None)),
        port => Some((host, Some(port.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> ServerUri {
        ServerUri::parse(uri).unwrap()
    }

    #[test]
    fn every_part_is_found_and_decoded() {
        let uri = parse(
            "postgresql+psycopg2://a%40b:p%3Aw%2F%25@db.example:6432/ml?sslmode=require&options=-c%20x",
        );
        assert_eq!(uri.engine, "postgresql");
        assert_eq!(uri.user.as_deref(), Some("a@b"));
        assert_eq!(uri.password.as_deref(), Some("p:w/%"));
        assert_eq!((uri.host.as_deref(), uri.port), (Some("db.example"), Some(6432)));
        assert_eq!(uri.database.as_deref(), Some("ml"));
        assert_eq!(uri.options[0], ("sslmode".to_owned(), "require".to_owned()));
        assert_eq!(uri.options[1].1, "-c x");
    }

    #[test]
    fn parts_may_be_missing() {
        let uri = parse("postgresql:///ml?host=/run/pg");
        assert_eq!((uri.user, uri.password, uri.host, uri.port), (None, None, None, None));
        let uri = parse("mysql://root@[::1]:3307/ml");
        assert_eq!((uri.host.as_deref(), uri.port), (Some("::1"), Some(3307)));
        assert_eq!(uri.shown(), "mysql://root@[::1]:3307/ml");
    }

    #[test]
    fn passwords_are_never_shown() {
        for uri in [
            "postgresql://ann:s3cret@h:1/d",
            "postgresql://ann:s3cret@x@h/d?password=s3cret",
            "postgresql://:s3cret@h/d",
        ] {
            let uri = parse(uri);
            assert!(!format!("{uri:?} {}", uri.shown()).contains("s3cret"), "{uri:?}");
        }
        for uri in ["postgresql:ann:s3cret@h/d", "postgresql://ann:s3cret@h:port/d"] {
            let error = ServerUri::parse(uri).unwrap_err();
            assert!(!error.message().contains("s3cret"), "{error}");
        }
    }
}
