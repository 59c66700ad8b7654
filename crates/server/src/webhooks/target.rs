//! Where a webhook is reached: its URL, parsed and checked once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use oxflow_model::validate::{check_length, python_repr};
use oxflow_model::{Error, Result, limits};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// An address that may be sent to, as far as one can tell without asking the network.
#[derive(Clone, Debug)]
pub struct Target {
    url: Url,
    /// The host: an address or a name.
    pub host: Host<String>,
    /// The port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

impl Target {
    /// Reads a URL as a client sent it. Its scheme must be one of `allowed`.
    pub fn parse(raw: &str, allowed: &[String]) -> Result<Target> {
        let shown = python_repr(raw);
        if raw.trim().is_empty() {
            return Err(Error::invalid(format!(
                "Webhook URL cannot be empty or just whitespace: {shown}"
            )));
        }
        let scheme = scheme(raw);
        if !allowed.contains(&scheme) || !["http", "https"].contains(&scheme.as_str()) {
            return Err(Error::invalid(format!(
                "Invalid webhook URL scheme: {}. Allowed schemes are: {}.",
                python_repr(&scheme),
                allowed.join(", ")
            )));
        }
        let hostless = || Error::invalid(format!("Webhook URL must include a hostname: {shown}"));
        if !has_host(raw) {
            return Err(hostless());
        }
        let url = Url::parse(raw)
            .map_err(|error| Error::invalid(format!("Invalid webhook URL {shown}: {error}")))?;
        check_length("url", raw, limits::WEBHOOK_URL)?;
        Ok(Target {
            host: url.host().ok_or_else(hostless)?.to_owned(),
            port: url.port_or_known_default().ok_or_else(hostless)?,
            encrypted: scheme == "https",
            url,
        })
    }

    /// The host as messages show it.
    pub fn shown_host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// What the header `Host` says.
    pub fn host_header(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// What the first line of the request asks for.
    pub fn path(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// What the header `Authorization` says, if the URL holds a user and a password.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pair = format!("{}:{}", plain(self.url.username()), plain(self.url.password()?));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What is left of a URL when blanks and line ends are dropped, as parsers do.
fn cleaned(raw: &str) -> String {
    let raw = raw.trim_start_matches(|c: char| c <= ' ');
    raw.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect()
}

/// The scheme of a URL, in lower case; empty if it has none.
fn scheme(raw: &str) -> String {
    let raw = cleaned(raw);
    let Some((scheme, _)) = raw.split_once(':') else { return String::new() };
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if valid { scheme.to_ascii_lowercase() } else { String::new() }
}

/// Whether something stands between `//` and the path. Lenient parsers would take the first part of
/// the path for the host.
fn has_host(raw: &str) -> bool {
    let raw = cleaned(raw);
    let rest = raw.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    let authority = rest.and_then(|rest| rest.split(['/', '\\', '?', '#']).next()).unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    !host.is_empty() && !host.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Result<Target> {
        Target::parse(raw, &["https".to_owned()])
    }

    #[test]
    fn a_url_says_where_to_connect_and_what_to_ask_for() {
        let target = parse("HTTPS://h.example:8443/a/b?c=d#e").unwrap();
        assert_eq!((target.shown_host().as_str(), target.port), ("h.example", 8443));
        assert_eq!((target.host_header().as_str(), target.path()), ("h.example:8443", "/a/b?c=d"));
        let target = parse("https://[2606:4700::1111]").unwrap();
        assert_eq!((target.shown_host().as_str(), target.port), ("2606:4700::1111", 443));
        assert_eq!((target.host_header().as_str(), target.path()), ("[2606:4700::1111]", "/"));
    }

    #[test]
    fn all_spellings_of_an_address_are_that_address() {
        for raw in ["https://0177.0.0.1/", "https://2130706433", "https://127.1", "https://0x7f.1"]
        {
            assert_eq!(parse(raw).unwrap().shown_host(), "127.0.0.1", "{raw}");
        }
    }

    #[test]
    fn a_user_with_a_password_is_authorized() {
        let header = |raw| parse(raw).unwrap().authorization();
        assert_eq!(header("https://u%40x:p@h/").unwrap(), "Basic dUB4OnA=");
        assert_eq!(header("https://u@h/"), None);
        assert_eq!(header("https://h/"), None);
    }

    #[test]
    fn bad_urls_are_refused_in_mlflows_words() {
        let schemes = "Allowed schemes are: https.";
        for (raw, message) in [
            ("  ", "Webhook URL cannot be empty or just whitespace: '  '".to_owned()),
            ("http://a/", format!("Invalid webhook URL scheme: 'http'. {schemes}")),
            ("a/b", format!("Invalid webhook URL scheme: ''. {schemes}")),
            ("1a://b", format!("Invalid webhook URL scheme: ''. {schemes}")),
            ("https:a", "Webhook URL must include a hostname: 'https:a'".to_owned()),
            ("https:///a", "Webhook URL must include a hostname: 'https:///a'".to_owned()),
            ("https://:80/", "Webhook URL must include a hostname: 'https://:80/'".to_owned()),
            ("https://u@/", "Webhook URL must include a hostname: 'https://u@/'".to_owned()),
            ("https://a:b/", "Invalid webhook URL 'https://a:b/': invalid port number".to_owned()),
        ] {
            assert_eq!(parse(raw).unwrap_err().message(), message);
        }
        let long = format!("https://a/{}", "x".repeat(limits::WEBHOOK_URL));
        assert!(parse(&long).is_err());
        let ftp = Target::parse("ftp://a/", &["ftp".to_owned()]);
        assert!(ftp.is_err(), "no scheme that cannot be sent by");
    }
}
