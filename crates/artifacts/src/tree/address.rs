//! Where a storage is, who asks, and which folder is meant.

use std::fmt;

use oxflow_model::error::Result;
use percent_encoding::percent_decode_str;

use crate::ArtifactUri;
use crate::remote::location::{prefix, refuse};

/// The parts of `scheme://user:password@host:port/path`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub user: Option<String>,
    pub password: Option<String>,
    /// Empty if the location names none.
    pub host: String,
    pub port: Option<u16>,
}

/// Shows no password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{:?}", self.user.as_deref().unwrap_or_default(), self.host, self.port)
    }
}

impl Address {
    /// The address, and the absolute path of the root, without a slash at its end.
    pub(super) fn parse(uri: &ArtifactUri) -> Result<(Address, String)> {
        if !uri.query().is_empty() || uri.has_fragment_or_params() {
            return Err(refuse(uri, "it has a query, params or a fragment"));
        }
        let (user, password) = match uri.authority().rsplit_once('@') {
            None => (None, None),
            Some((who, _)) => match who.split_once(':') {
                None => (Some(decoded(uri, who)?), None),
                Some((user, password)) => {
                    (Some(decoded(uri, user)?), Some(decoded(uri, password)?))
                }
            },
        };
        let host = uri.host();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if !host.chars().all(plain) || host.starts_with('-') {
            return Err(refuse(uri, "its host is no name of a host"));
        }
        let port = match uri.port() {
            "" => None,
            port => Some(port.parse().map_err(|_| refuse(uri, "its port is no number"))?),
        };
        let prefix = prefix(uri)?;
        let root = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let user = user.filter(|user| !user.is_empty());
        Ok((Address { user, password, host, port }, root))
    }
}

/// A name or password may have any character, but none that ends a line: it could become a command.
fn decoded(uri: &ArtifactUri, text: &str) -> Result<String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.into_owned()),
        _ => Err(refuse(uri, "its user or password is no text")),
    }
}

/// The absolute path of something in a tree.
pub(super) fn absolute(root: &str, path: &str) -> String {
    if path.is_empty() && root.is_empty() {
        "/".to_owned()
    } else if path.is_empty() {
        root.to_owned()
    } else {
        format!("{root}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Address, String)> {
        Address::parse(&ArtifactUri::parse(text).unwrap())
    }

    #[test]
    fn addresses_have_parts() {
        let (address, root) = parse("sftp://ana:p%40ss%3A@Files:2222/srv/a b/").unwrap();
        assert_eq!(address.user.as_deref(), Some("ana"));
        assert_eq!(address.password.as_deref(), Some("p@ss:"));
        assert_eq!((address.host.as_str(), address.port), ("files", Some(2222)));
        assert_eq!(root, "/srv/a b");
        assert!(!format!("{address:?}").contains("p@ss"));
        let (address, root) = parse("ftp://h").unwrap();
        assert_eq!((address.user, address.password, address.port), (None, None, None));
        assert_eq!(absolute(&root, ""), "/");
        assert_eq!(absolute(&root, "a/b"), "/a/b");
        assert_eq!(parse("ftp:///x").unwrap().0.host, "");
        assert_eq!(parse("ftp://[::1]:21/x").unwrap().0.host, "::1");
    }

    #[test]
    fn addresses_that_could_mean_more_are_refused() {
        for bad in [
            "ftp://u:a%0d%0aDELE x@h/x",
            "ftp://u%0a@h/x",
            "ftp://h:21x/x",
            "ftp://h:99999/x",
            "ftp://h/a/../b",
            "ftp://h//a",
            "ftp://h/a?b=c",
            "sftp://-oProxyCommand=x/a",
            "sftp://h\\x/a",
            "sftp://h x/a",
        ] {
            parse(bad).unwrap_err();
        }
    }
}
