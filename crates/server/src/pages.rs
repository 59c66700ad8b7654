//! The web pages that were embedded when this was compiled, if any, and how they are sent.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

/// A file of the pages.
#[derive(Debug)]
pub struct File {
    path: &'static str,
    kind: &'static str,
    hash: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Pages run their own scripts only and talk to this server only. Artifacts are drawn as images and text; those
/// that are documents have a frame and rules of their own, see `routes/artifact_pages.rs`. Who may frame the pages is a setting, see `security`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self'; frame-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// The file at a path below the root of the pages.
pub fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

/// Whether a list such as `gzip, br;q=0.5` has a coding.
fn takes(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding))
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

impl File {
    /// The smallest form that the client takes, and the name of its coding.
    fn form(&self, accepted: &str) -> (&'static [u8], Option<&'static str>) {
        match (self.brotli, self.gzip) {
            (Some(bytes), _) if takes(accepted, "br") => (bytes, Some("br")),
            (_, Some(bytes)) if takes(accepted, "gzip") => (bytes, Some("gzip")),
            _ => (self.plain, None),
        }
    }

    /// Whether the name changes whenever the content does.
    fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }

    /// The answer to a request with these headers.
    pub fn answer(&self, asked: &HeaderMap) -> Response {
        let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
        let (bytes, coding) = self.form(text(header::ACCEPT_ENCODING).unwrap_or(""));
        let etag = format!("\"{}-{}\"", self.hash, coding.unwrap_or("plain"));
        let known = text(header::IF_NONE_MATCH).is_some_and(|tags| {
            tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
        });
        let mut response = Response::new(if known { Body::empty() } else { Body::from(bytes) });
        let cache =
            if self.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        if self.kind.starts_with("text/html") {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File = File {
        path: "assets/a.js",
        kind: "text/javascript; charset=utf-8",
        hash: "abc",
        plain: b"plain",
        gzip: Some(b"gzip"),
        brotli: Some(b"brotli"),
    };

    #[test]
    fn a_client_gets_the_smallest_form_it_takes() {
        for (accepted, expected) in [
            ("", None),
            ("gzip, deflate", Some("gzip")),
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0, gzip;q=0.8", Some("gzip")),
            ("identity", None),
        ] {
            assert_eq!(FILE.form(accepted).1, expected, "{accepted}");
        }
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"x\", W/\"abc-plain\""));
        let answer = FILE.answer(&asked);
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        asked.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let answer = FILE.answer(&asked);
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
    }
}
