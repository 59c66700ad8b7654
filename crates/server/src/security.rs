//! Who may ask, from where: protection against DNS rebinding (`Host`), against writes from foreign
//! web pages (`Origin`), and the headers that browsers heed. The rules are those of MLflow 3.5 and
//! later; unlike there, a refusal says what to do.

use std::net::Ipv4Addr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::AppState;

/// What is allowed.
#[derive(Clone, Debug)]
pub struct SecuritySettings {
    /// Off for `--disable-security-middleware`.
    pub enabled: bool,
    /// Patterns of `Host` headers; `*` stands for anything.
    pub allowed_hosts: Vec<String>,
    /// Patterns of origins whose pages may write; `*` stands for anything.
    pub allowed_origins: Vec<String>,
    /// `X-Frame-Options`; `None` to leave it out.
    pub frame_options: Option<String>,
}

impl Default for SecuritySettings {
    fn default() -> Self {
        SecuritySettings {
            enabled: true,
            allowed_hosts: default_hosts(),
            allowed_origins: Vec::new(),
            frame_options: Some("SAMEORIGIN".to_owned()),
        }
    }
}

/// This machine and private networks.
fn default_hosts() -> Vec<String> {
    let mut hosts = Vec::new();
    for host in ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"] {
        hosts.push(host.to_owned());
        hosts.push(format!("{host}:*"));
    }
    hosts.extend(["192.168.*", "10.*", "fc00:*", "fd00:*"].map(str::to_owned));
    hosts.extend((16..32).map(|n| format!("172.{n}.*")));
    hosts
}

/// Whether `text` fits `pattern`, in which `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Whether the host of a `Host` header fits `pattern`. A pattern of addresses, such as `10.*`, is
/// fitted by addresses only: `10.evil.example` is a name, which its owner may point at us.
fn host_fits(pattern: &str, host: &str) -> bool {
    let of_addresses = pattern.contains('*')
        && pattern.contains(|c: char| c.is_ascii_digit())
        && pattern.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '*' | ':'));
    fits(pattern, host) && (!of_addresses || without_port(host).parse::<Ipv4Addr>().is_ok())
}

/// The host of an origin such as `http://localhost:3000`.
fn origin_host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or("", |(_, rest)| rest);
    without_port(authority)
}

fn without_port(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.split(':').next().unwrap_or(""),
    }
}

impl SecuritySettings {
    fn host_allowed(&self, host: &str) -> bool {
        self.allowed_hosts.iter().any(|pattern| host_fits(pattern, host))
    }

    fn origin_listed(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|pattern| fits(pattern, origin))
    }

    /// Whether a page is one of this server's own: it comes from the very host that is asked, and that host is
    /// allowed by name. (Where any host is, a name that an attacker points at us would do as well.)
    fn is_own_page(&self, origin: &str, host: &str) -> bool {
        let authority = origin.split_once("://").map_or("", |(_, rest)| rest);
        !host.is_empty()
            && authority == host
            && self.allowed_hosts.iter().any(|pattern| pattern != "*" && host_fits(pattern, host))
    }

    fn origin_allowed(&self, origin: &str) -> bool {
        matches!(origin_host(origin), "localhost" | "127.0.0.1" | "::1")
            || self.origin_listed(origin)
    }
}

const DOCS: &str = "see --allowed-hosts and --cors-allowed-origins of `oxflow server --help`";

/// The middleware.
pub async fn protect(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let settings = &app.settings.security;
    if !settings.enabled {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let path = path.strip_prefix(app.settings.static_prefix.as_str()).unwrap_or(path);
    let checked_host = !matches!(path, "/health" | "/version");
    let api = path.starts_with("/api/") || path.starts_with("/ajax-api/");
    if checked_host && let Some(refusal) = refuse_host(settings, request.headers()) {
        return refusal;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &origin {
        Some(origin) if preflight => answer_preflight(settings, origin, request.headers()),
        Some(origin) if api && writes(request.method()) => {
            match refuse_origin(settings, origin, request.headers()) {
                Some(refusal) => refusal,
                None => next.run(request).await,
            }
        }
        _ => next.run(request).await,
    };
    add_headers(settings, origin.as_ref(), response.headers_mut());
    response
}

fn writes(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::DELETE | Method::PATCH)
}

fn refuse_host(settings: &SecuritySettings, headers: &HeaderMap) -> Option<Response> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    if settings.host_allowed(host) {
        return None;
    }
    tracing::warn!(host, "refused a request for an unknown host");
    let text = format!(
        "Invalid Host header - possible DNS rebinding attack detected: '{host}' is not an allowed \
         host of this server. If it should be, start the server with --allowed-hosts '{host}' \
         ({DOCS}).",
    );
    Some((StatusCode::FORBIDDEN, text).into_response())
}

fn refuse_origin(
    settings: &SecuritySettings,
    origin: &HeaderValue,
    headers: &HeaderMap,
) -> Option<Response> {
    let origin = origin.to_str().unwrap_or("null");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    if settings.origin_allowed(origin) || settings.is_own_page(origin, host) {
        return None;
    }
    tracing::warn!(origin, "refused a write from a foreign page");
    let text = format!(
        "Cross-origin request blocked: pages of '{origin}' may not write to this server. If they \
         should, start the server with --cors-allowed-origins '{origin}' ({DOCS})."
    );
    Some((StatusCode::FORBIDDEN, text).into_response())
}

fn answer_preflight(
    settings: &SecuritySettings,
    origin: &HeaderValue,
    asked: &HeaderMap,
) -> Response {
    if !settings.origin_allowed(origin.to_str().unwrap_or("null")) {
        return (StatusCode::BAD_REQUEST, "Disallowed CORS origin").into_response();
    }
    let mut response = "OK".into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS, PATCH"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

fn add_headers(settings: &SecuritySettings, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(value) =
        settings.frame_options.as_deref().and_then(|value| HeaderValue::from_str(value).ok())
    {
        headers.insert(header::X_FRAME_OPTIONS, value);
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin.filter(|o| o.to_str().is_ok_and(|o| settings.origin_allowed(o)))
    else {
        return;
    };
    let any = settings.allowed_origins.iter().any(|pattern| pattern == "*");
    let shown = if any { HeaderValue::from_static("*") } else { origin.clone() };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, shown);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    if !any {
        // Browsers send no credentials to a server that allows everybody.
        let credentials: HeaderName = header::ACCESS_CONTROL_ALLOW_CREDENTIALS;
        headers.insert(credentials, HeaderValue::from_static("true"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_file_names_do() {
        for (pattern, text, expected) in [
            ("localhost", "localhost", true),
            ("localhost", "localhost:5000", false),
            ("localhost:*", "localhost:5000", true),
            ("192.168.*", "192.168.1.7:5000", true),
            ("192.168.*", "evil.192.168.com", false),
            ("*", "anything", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com.evil", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn patterns_of_addresses_are_fitted_by_addresses_only() {
        for (pattern, host, expected) in [
            ("10.*", "10.0.0.5", true),
            ("10.*", "10.0.0.5:5000", true),
            ("10.*", "10.evil.example", false),
            ("10.*", "10.0.0.5.evil.example:5000", false),
            ("192.168.*", "192.168.1.1.evil", false),
            ("127.0.0.1:*", "127.0.0.1:5000", true),
            ("10.evil.*", "10.evil.example", true),
            ("*", "evil.example", true),
            ("localhost:*", "localhost:5000", true),
        ] {
            assert_eq!(host_fits(pattern, host), expected, "{pattern} {host}");
        }
    }

    #[test]
    fn own_pages_are_those_of_a_host_that_is_allowed_by_name() {
        let named = SecuritySettings {
            allowed_hosts: vec!["mlflow.example".to_owned(), "10.*".to_owned()],
            ..SecuritySettings::default()
        };
        let any = SecuritySettings { allowed_hosts: vec!["*".to_owned()], ..named.clone() };
        for (origin, host, expected) in [
            ("https://mlflow.example", "mlflow.example", true),
            ("http://10.0.0.5:5000", "10.0.0.5:5000", true),
            ("http://10.0.0.5:5001", "10.0.0.5:5000", false),
            ("http://10.0.0.6:5000", "10.0.0.5:5000", false),
            ("https://evil.example", "evil.example", false),
            ("http://10.evil.example", "10.evil.example", false),
            ("https://evil.example", "mlflow.example", false),
            ("null", "", false),
        ] {
            assert_eq!(named.is_own_page(origin, host), expected, "{origin} {host}");
            assert!(!any.is_own_page(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn only_pages_of_this_machine_may_write() {
        let settings = SecuritySettings::default();
        for (origin, expected) in [
            ("http://localhost:3000", true),
            ("http://[::1]:3000", true),
            ("https://evil.example", false),
            ("http://localhost.evil.example", false),
            ("null", false),
        ] {
            assert_eq!(settings.origin_allowed(origin), expected, "{origin}");
        }
    }
}
