//! Where artifacts are: the location of an experiment, run, model or trace.
//!
//! MLflow cuts a location into pieces with Python's `urlparse`, and stored locations depend on
//! that, so the rules here are Python's and not those of a browser's URL.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use oxflow_model::error::{Error, Result};
use percent_encoding::percent_decode_str;

use crate::ArtifactPath;
use crate::path::decode;

/// Schemes whose empty authority Python still writes out, as in `file:///x`.
const SHOWS_EMPTY_AUTHORITY: &[&str] = &["file", "ftp", "http", "https", "sftp"];
/// Schemes whose last path segment may carry `;params`.
const HAS_PARAMS: &[&str] = &["", "ftp", "http", "https", "sftp"];
/// In an `http(s)` location, everything behind this is a path on the server of that host.
const PROXY_ROUTE: &str = "/api/2.0/mlflow-artifacts/artifacts/";

/// A location, kept as it was written, and its parts.
///
/// `Display` and `Debug` hide what may be secret: passwords and the values of the query. Only
/// [`ArtifactUri::as_str`] tells all.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ArtifactUri {
    text: String,
    scheme: String,
    authority: String,
    path: String,
    params: String,
    query: String,
    fragment: String,
}

impl ArtifactUri {
    /// Cuts a location into its parts. Anything without a scheme is a path of the file system.
    pub fn parse(text: &str) -> Result<ArtifactUri> {
        // Python drops these silently, so what is checked would not be what is stored.
        if text.starts_with(char::is_whitespace) || text.contains(|c: char| c.is_ascii_control()) {
            return Err(invalid("it contains control characters or starts with a space"));
        }
        let (scheme, rest) = split_scheme(text);
        let (authority, rest) = split_authority(rest);
        check_authority(authority)?;
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, params) = split_params(&scheme, rest);
        Ok(ArtifactUri {
            text: text.to_owned(),
            scheme,
            authority: authority.to_owned(),
            path: path.to_owned(),
            params: params.to_owned(),
            query: query.to_owned(),
            fragment: fragment.to_owned(),
        })
    }

    /// The location as it was written, with its secrets: for storing and connecting, not for logs.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In lower case; empty for a plain path, and for a Windows drive as well.
    pub fn scheme(&self) -> &str {
        if self.scheme.len() == 1 { "" } else { &self.scheme }
    }

    /// `user:password@host:port`, `bucket`, or nothing.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path component, as written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, without its `?`.
    pub fn query(&self) -> &str {
        &self.query
    }

    pub(crate) fn has_fragment_or_params(&self) -> bool {
        !self.fragment.is_empty() || !self.params.is_empty()
    }

    /// The host in lower case, without user, port and brackets.
    pub fn host(&self) -> String {
        split_host(&self.authority).0.to_lowercase()
    }

    /// The text behind the host's colon; empty when there is none.
    pub(crate) fn port(&self) -> &str {
        split_host(&self.authority).1
    }

    /// This location with a path below it: `s3://b/x?y=1` and `run/artifacts` give
    /// `s3://b/x/run/artifacts?y=1`.
    pub fn append_path(&self, below: &ArtifactPath) -> Result<ArtifactUri> {
        check_query(&self.query)?;
        if self.scheme.is_empty() {
            return ArtifactUri::parse(&join(&self.text, below.as_str()));
        }
        let path = join(&self.path, below.as_str());
        let mut text = format!("{}:", self.scheme);
        // MLflow forgets the empty authority of `x:////host/y`, and `//host` becomes one.
        let shows_empty = path.starts_with("//")
            || self.path.starts_with('/') && SHOWS_EMPTY_AUTHORITY.contains(&&*self.scheme);
        if !self.authority.is_empty() || shows_empty {
            text.push_str("//");
            text.push_str(&self.authority);
            if !path.is_empty() && !path.starts_with('/') {
                text.push('/');
            }
        }
        text.push_str(&path);
        for (mark, part) in [(';', &self.params), ('?', &self.query), ('#', &self.fragment)] {
            if !part.is_empty() {
                text.push(mark);
                text.push_str(part);
            }
        }
        ArtifactUri::parse(&text)
    }

    /// Whether this names a folder of this machine.
    pub fn is_local(&self) -> bool {
        matches!(self.scheme(), "" | "file")
    }

    /// The location as the server stores it: a relative folder becomes absolute, everything else
    /// stays as it is.
    pub fn absolute(&self, cwd: &Path) -> Result<ArtifactUri> {
        // A Windows drive is a scheme to Python, so MLflow leaves it alone here.
        if !matches!(&*self.scheme, "" | "file") || Path::new(&self.decoded_path()?).is_absolute() {
            return Ok(self.clone());
        }
        let path = self.local_path(cwd)?;
        let path = path.to_str().ok_or_else(|| invalid("the folder's name is not Unicode"))?;
        if self.scheme.is_empty() {
            return ArtifactUri::parse(path);
        }
        let mut text = format!("file://{path}");
        if !self.query.is_empty() {
            text.push_str(&format!("?{}", self.query));
        }
        if !self.fragment.is_empty() {
            text.push_str(&format!("#{}", self.fragment));
        }
        ArtifactUri::parse(&text)
    }

    /// The folder that a local location names.
    pub fn local_path(&self, cwd: &Path) -> Result<PathBuf> {
        let path = PathBuf::from(self.decoded_path()?);
        let absolute = if path.is_absolute() { path } else { cwd.join(path) };
        // Drops `.` and doubled slashes. `..` stays: behind a link it is not the folder above.
        Ok(absolute.components().filter(|part| *part != Component::CurDir).collect())
    }

    /// MLflow decodes a local path once, even one that came without `file:`.
    fn decoded_path(&self) -> Result<String> {
        if !self.is_local() {
            return Err(invalid("it is not a local folder"));
        }
        let named_here = self.host().is_empty() || is_this_machine(&self.host());
        if self.scheme == "file" && !named_here {
            return Err(Error::invalid(format!(
                "{self} is not a valid remote uri. For remote access on windows, please consider \
                 using a different scheme such as SMB (e.g. smb://<hostname>/<path>)."
            )));
        }
        let encoded = if self.scheme == "file" { &self.path } else { &self.text };
        let path = percent_decode_str(encoded).decode_utf8_lossy().into_owned();
        if path.contains('\0') {
            return Err(Error::invalid("Invalid path"));
        }
        Ok(path)
    }

    /// Whether clients reach this location through a tracking server's proxy.
    pub fn is_proxied(&self) -> bool {
        match &*self.scheme {
            "mlflow-artifacts" => true,
            "http" | "https" => self.path.contains(PROXY_ROUTE),
            _ => false,
        }
    }

    /// The path behind the proxy; `None` if this location is not proxied.
    pub fn proxied_path(&self) -> Result<Option<ArtifactPath>> {
        if !self.is_proxied() {
            return Ok(None);
        }
        let path = match &*self.scheme {
            "mlflow-artifacts" => &self.path,
            _ => self.path.split(PROXY_ROUTE).nth(1).unwrap_or_default(),
        };
        ArtifactPath::parse(path.trim_start_matches('/')).map(Some)
    }
}

impl FromStr for ArtifactUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<ArtifactUri> {
        ArtifactUri::parse(text)
    }
}

impl fmt::Display for ArtifactUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((user, host)) = self.authority.rsplit_once('@') else {
            return write_without_query_values(&self.text, f);
        };
        let Some((user, _)) = user.split_once(':') else {
            return write_without_query_values(&self.text, f);
        };
        let shown = self.text.replacen(&self.authority, &format!("{user}:****@{host}"), 1);
        write_without_query_values(&shown, f)
    }
}

impl fmt::Debug for ArtifactUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactUri({self})")
    }
}

/// A query may hold an access token (`?sig=...`).
fn write_without_query_values(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some((start, query)) = text.split_once('?') else { return f.write_str(text) };
    f.write_str(start)?;
    for (index, pair) in query.split('&').enumerate() {
        f.write_str(if index == 0 { "?" } else { "&" })?;
        match pair.split_once('=') {
            Some((key, _)) => write!(f, "{key}=****")?,
            None => f.write_str("****")?,
        }
    }
    Ok(())
}

/// A query is kept when a path is appended, so it must not be able to undo the path.
pub(crate) fn check_query(query: &str) -> Result<()> {
    match decode(query) {
        Some(decoded) if !decoded.contains("..") => Ok(()),
        _ => Err(Error::invalid("Invalid query string")),
    }
}

fn split_scheme(text: &str) -> (String, &str) {
    let Some((scheme, rest)) = text.split_once(':') else { return (String::new(), text) };
    let mut letters = scheme.chars();
    let starts = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
    if starts && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) {
        (scheme.to_ascii_lowercase(), rest)
    } else {
        (String::new(), text)
    }
}

fn split_authority(rest: &str) -> (&str, &str) {
    let Some(rest) = rest.strip_prefix("//") else { return ("", rest) };
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// Params belong to the last segment of the path.
fn split_params<'a>(scheme: &str, path: &'a str) -> (&'a str, &'a str) {
    if !HAS_PARAMS.contains(&scheme) {
        return (path, "");
    }
    let last = path.rfind('/').unwrap_or(0);
    match path[last..].find(';') {
        Some(at) => (&path[..last + at], &path[last + at + 1..]),
        None => (path, ""),
    }
}

/// Host names that some library may read in another way than we do are refused.
fn check_authority(authority: &str) -> Result<()> {
    let host = authority.rsplit('@').next().unwrap_or_default();
    if !host.is_ascii() {
        return Err(invalid("the host name is not ASCII"));
    }
    if authority.contains('[') != authority.contains(']') {
        return Err(Error::invalid("Invalid IPv6 URL"));
    }
    Ok(())
}

fn split_host(authority: &str) -> (&str, &str) {
    let host = authority.rsplit('@').next().unwrap_or_default();
    if let Some((_, bracketed)) = host.split_once('[') {
        let (address, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
        return (address, rest.split_once(':').map_or("", |(_, port)| port));
    }
    host.split_once(':').unwrap_or((host, ""))
}

fn is_this_machine(host: &str) -> bool {
    host == "." || host.starts_with("localhost") || host.starts_with("127.0.0.1")
}

/// Below the prefix, whatever slash the suffix starts with.
fn join(prefix: &str, suffix: &str) -> String {
    if prefix.is_empty() {
        suffix.to_owned()
    } else if prefix.ends_with('/') {
        format!("{prefix}{suffix}")
    } else {
        format!("{prefix}/{suffix}")
    }
}

fn invalid(why: &str) -> Error {
    Error::invalid(format!("Invalid artifact location: {why}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(text: &str) -> ArtifactUri {
        ArtifactUri::parse(text).unwrap()
    }

    /// The rows are what stock MLflow 3.17.2 answers, but for the last ones.
    #[test]
    fn appending_a_path() {
        let table = [
            ("s3://bkt/x/", "r/artifacts", "s3://bkt/x/r/artifacts"),
            ("s3://bkt", "r/artifacts", "s3://bkt/r/artifacts"),
            ("s3://bucket/base?x=1", "r/artifacts", "s3://bucket/base/r/artifacts?x=1"),
            ("mlflow-artifacts:/", "0", "mlflow-artifacts:/0"),
            ("mlflow-artifacts:", "0", "mlflow-artifacts:0"),
            ("mlflow-artifacts:/1", "r/artifacts", "mlflow-artifacts:/1/r/artifacts"),
            ("mlflow-artifacts://h:80/p", "r", "mlflow-artifacts://h:80/p/r"),
            ("file:rel", "r", "file:rel/r"),
            ("file:///x", "r", "file:///x/r"),
            ("file:/x", "r", "file:///x/r"),
            ("/abs/x", "r/artifacts", "/abs/x/r/artifacts"),
            ("rel", "r", "rel/r"),
            ("./x", "r", "./x/r"),
            ("", "r", "r"),
            ("/a?x=1", "r", "/a?x=1/r"),
            ("dbfs:/x", "r", "dbfs:/x/r"),
            ("hdfs:/x", "r", "hdfs:/x/r"),
            ("hdfs://h/x", "r", "hdfs://h/x/r"),
            ("s3:///b", "r", "s3:/b/r"),
            ("ftp://u:p@h:21/d;type=a", "r", "ftp://u:p@h:21/d/r;type=a"),
            ("s3://b/x;y", "r", "s3://b/x;y/r"),
            ("http://h/api/x?a=b#f", "r", "http://h/api/x/r?a=b#f"),
            ("s3://b?x=1", "r", "s3://b/r?x=1"),
            ("C:/x", "r", "c:/x/r"),
            ("S3://B/x", "r", "s3://B/x/r"),
            ("s3://b//x//", "r", "s3://b//x//r"),
            ("s3://b/x", "", "s3://b/x/"),
            // Not what stock MLflow answers: there, the path becomes a host.
            ("mlflow-artifacts:////evil/x", "r", "mlflow-artifacts:////evil/x/r"),
            ("file:////evil/x", "r", "file:////evil/x/r"),
        ];
        for (base, below, expected) in table {
            let below = ArtifactPath::parse(below).unwrap();
            assert_eq!(uri(base).append_path(&below).unwrap().as_str(), expected, "{base}");
        }
        let below = ArtifactPath::parse("r").unwrap();
        assert!(uri("s3://b/x?a=/../..").append_path(&below).is_err());
    }

    /// Every row is what stock MLflow 3.17.2 answers in the folder `/tmp`.
    #[test]
    fn relative_folders_become_absolute() {
        let table = [
            ("x", "/tmp/x"),
            ("./x", "/tmp/x"),
            ("x/", "/tmp/x"),
            ("../x", "/tmp/../x"),
            ("/abs/", "/abs/"),
            ("file:rel", "file:///tmp/rel"),
            ("file:rel/", "file:///tmp/rel"),
            ("file:./rel?q", "file:///tmp/rel?q"),
            ("file:///a", "file:///a"),
            ("file://localhost/a", "file://localhost/a"),
            ("file:", "file:///tmp"),
            ("", "/tmp"),
            ("x?y", "/tmp/x?y"),
            ("a%20b", "/tmp/a b"),
            ("a/../b", "/tmp/a/../b"),
            ("//h/x", "//h/x"),
            ("C:/x", "C:/x"),
            ("s3://b", "s3://b"),
        ];
        for (given, expected) in table {
            let absolute = uri(given).absolute(Path::new("/tmp")).unwrap();
            assert_eq!(absolute.as_str(), expected, "{given}");
        }
        let error = uri("file://host/a").absolute(Path::new("/tmp")).unwrap_err();
        assert!(error.message().starts_with("file://host/a is not a valid remote uri. For remote"));
    }

    #[test]
    fn local_folders() {
        let table = [
            ("/a/b/", "/a/b"),
            ("file:///a%20b?x=1#f", "/a b"),
            ("file://localhost/a", "/a"),
            ("/a%2520b", "/a%20b"),
            ("x", "/srv/x"),
        ];
        for (given, expected) in table {
            assert_eq!(uri(given).local_path(Path::new("/srv")).unwrap(), Path::new(expected));
        }
        for given in ["/a%00b", "file:///a%00b", "file://host/a", "s3://b/x"] {
            uri(given).local_path(Path::new("/srv")).expect_err(given);
        }
    }

    #[test]
    fn proxied_locations() {
        let table = [
            ("mlflow-artifacts:/1/r/artifacts", Some("1/r/artifacts")),
            ("mlflow-artifacts://h:5000/1/r", Some("1/r")),
            ("mlflow-artifacts:", Some("")),
            ("http://h/api/2.0/mlflow-artifacts/artifacts/1/r", Some("1/r")),
            ("https://h/prefix/api/2.0/mlflow-artifacts/artifacts//1?x=y", Some("1")),
            ("http://h/other/1/r", None),
            ("s3://b/api/2.0/mlflow-artifacts/artifacts/1", None),
            ("/api/2.0/mlflow-artifacts/artifacts/1", None),
        ];
        for (given, expected) in table {
            let path = uri(given).proxied_path().unwrap();
            assert_eq!(path.as_ref().map(ArtifactPath::as_str), expected, "{given}");
        }
        for given in ["mlflow-artifacts:/../etc", "mlflow-artifacts:/a/%252e%252e/b"] {
            assert_eq!(uri(given).proxied_path().unwrap_err().message(), "Invalid path");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let table = [
            ("ftp://ana:se:cr@t@host:21/d", "ftp://ana:****@host:21/d"),
            ("wasbs://c@a.blob.core.windows.net/p", "wasbs://c@a.blob.core.windows.net/p"),
            ("s3://b/x?sig=abc&y", "s3://b/x?sig=****&****"),
            ("/plain/path", "/plain/path"),
        ];
        for (given, shown) in table {
            assert_eq!(uri(given).to_string(), shown);
            assert_eq!(format!("{:?}", uri(given)), format!("ArtifactUri({shown})"));
            assert_eq!(uri(given).as_str(), given);
        }
    }

    #[test]
    fn hosts_and_ports() {
        let table = [
            ("sftp://u:p@Host:22/x", "host", "22"),
            ("http://[::1]:5000/x", "::1", "5000"),
            ("http://[::1]/x", "::1", ""),
            ("http://a@b@c/x", "c", ""),
            ("hdfs:/x", "", ""),
        ];
        for (given, host, port) in table {
            assert_eq!((uri(given).host().as_str(), uri(given).port()), (host, port), "{given}");
        }
    }

    #[test]
    fn confusing_locations_are_refused() {
        for text in ["s3://b/\nx", " s3://b", "\ts3://b", "s3://b\0", "http://[::1/x"] {
            ArtifactUri::parse(text).expect_err(text);
        }
        ArtifactUri::parse("http://evil.com／@good/x").unwrap();
        ArtifactUri::parse("http://good／.evil.com/x").unwrap_err();
    }

    proptest! {
        #[test]
        fn a_password_is_never_shown(
            scheme in "[a-z]{1,4}",
            password in "[A-Za-z0-9:@%]{0,8}",
            rest in "[/?#;:@a=]{0,6}",
        ) {
            let text = format!("{scheme}://user:XX{password}XX@host{rest}");
            if let Ok(uri) = ArtifactUri::parse(&text) {
                prop_assert!(!uri.to_string().contains("XX"), "{uri}");
                prop_assert_eq!(uri.as_str(), text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a-z0-9:/?#;@%\\[\\].~ф \\\\-]{0,20}") {
            if let Ok(uri) = ArtifactUri::parse(&text) {
                let below = ArtifactPath::parse("r/artifacts").unwrap();
                if let Ok(run) = uri.append_path(&below) {
                    prop_assert_eq!(run.scheme(), uri.scheme());
                    prop_assert!(run.authority() == uri.authority() || uri.scheme().is_empty());
                }
                let _ = (uri.absolute(Path::new("/srv")), uri.proxied_path(), uri.to_string());
            }
        }
    }
}
