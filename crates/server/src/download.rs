//! Sending an artifact: ranges, validators, and headers that keep browsers from running it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use oxflow_artifacts::{ArtifactPath, ArtifactReader, ArtifactStore, ByteRange};
use oxflow_model::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;

/// Endings (or whole names) of files that are shown as plain text, as in MLflow.
const TEXT: &[&str] = &[
    "txt",
    "log",
    "err",
    "cfg",
    "conf",
    "cnf",
    "cf",
    "ini",
    "properties",
    "prop",
    "hocon",
    "toml",
    "yaml",
    "yml",
    "xml",
    "json",
    "js",
    "py",
    "py3",
    "csv",
    "tsv",
    "md",
    "rst",
    "ipynb",
    "MLmodel",
    "MLproject",
];

/// What may stand in a `filename*` as it is.
const ATTR_CHAR: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!');

/// Sends a file of a store, the part of it that was asked for, or the news that it is unchanged.
pub async fn send(
    store: &dyn ArtifactStore,
    path: &ArtifactPath,
    headers: &HeaderMap,
) -> Result<Response> {
    let range = match header(headers, &header::RANGE) {
        Some(text) if range_holds(store, path, headers).await? => parse_range(text),
        _ => None,
    };
    let reader = store.read(path, range).await?;
    let name = path.file_name().unwrap_or("");
    let mut response = if is_unchanged(&reader, headers) {
        unchanged(&reader)?
    } else if range.is_some() && reader.is_empty() {
        unsatisfiable(reader.total)
    } else {
        full_or_part(&reader_parts(&reader), range.is_some(), reader, name)?
    };
    let fixed = response.headers_mut();
    fixed.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fixed.insert(header::CONTENT_DISPOSITION, disposition(name)?);
    Ok(response)
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What the headers of an answer say of a file.
struct Parts {
    total: u64,
    start: u64,
    len: u64,
    etag: Option<String>,
    last_modified: Option<std::time::SystemTime>,
}

fn reader_parts(reader: &ArtifactReader) -> Parts {
    Parts {
        total: reader.total,
        start: reader.range.start,
        len: reader.len(),
        etag: reader.etag.clone(),
        last_modified: reader.last_modified,
    }
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The file that the client has is still the right one, and can still be told by these.
fn unchanged(reader: &ArtifactReader) -> Result<Response> {
    let mut response = status(StatusCode::NOT_MODIFIED);
    add_validators(response.headers_mut(), reader.etag.as_deref(), reader.last_modified)?;
    Ok(response)
}

/// Says by which a client can ask whether a file has changed.
fn add_validators(
    headers: &mut HeaderMap,
    etag: Option<&str>,
    last_modified: Option<std::time::SystemTime>,
) -> Result<()> {
    if let Some(etag) = etag {
        headers.insert(header::ETAG, value(etag)?);
    }
    if let Some(time) = last_modified {
        headers.insert(header::LAST_MODIFIED, value(&httpdate::fmt_http_date(time))?);
    }
    Ok(())
}

fn unsatisfiable(total: u64) -> Response {
    let mut response = status(StatusCode::RANGE_NOT_SATISFIABLE);
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{total}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

fn full_or_part(
    parts: &Parts,
    partial: bool,
    reader: ArtifactReader,
    name: &str,
) -> Result<Response> {
    let mut response = Response::new(Body::from_stream(reader.body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, value(content_type(name))?);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(parts.len));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    add_validators(headers, parts.etag.as_deref(), parts.last_modified)?;
    if partial {
        let (start, end) = (parts.start, parts.start + parts.len - 1);
        let text = format!("bytes {start}-{end}/{}", parts.total);
        headers.insert(header::CONTENT_RANGE, value(&text)?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text)
        .map_err(|_| Error::internal(format!("'{text}' cannot stand in a header.")))
}

/// A range of a file that has changed since (`If-Range`) is not wanted.
async fn range_holds(
    store: &dyn ArtifactStore,
    path: &ArtifactPath,
    headers: &HeaderMap,
) -> Result<bool> {
    let Some(wanted) = header(headers, &header::IF_RANGE) else { return Ok(true) };
    let Some(stat) = store.stat(path).await? else { return Ok(false) };
    let dated = stat.last_modified.map(httpdate::fmt_http_date);
    Ok(stat.etag.as_deref() == Some(wanted) || dated.as_deref() == Some(wanted))
}

/// One range. Several, or what is no range at all, mean the whole file, as RFC 9110 allows.
fn parse_range(text: &str) -> Option<ByteRange> {
    let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", last) => last.parse().ok().map(ByteRange::Last),
        (first, "") => first.parse().ok().map(ByteRange::From),
        (first, last) => match (first.parse().ok()?, last.parse().ok()?) {
            (first, last) if first <= last => Some(ByteRange::Between(first, last)),
            _ => None,
        },
    }
}

/// Whether the client has the file already.
fn is_unchanged(reader: &ArtifactReader, headers: &HeaderMap) -> bool {
    if let Some(known) = header(headers, &header::IF_NONE_MATCH) {
        let Some(etag) = &reader.etag else { return false };
        let same = |tag: &str| tag.trim().trim_start_matches("W/") == etag.trim_start_matches("W/");
        return known.trim() == "*" || known.split(',').any(same);
    }
    let since = header(headers, &header::IF_MODIFIED_SINCE)
        .and_then(|text| httpdate::parse_http_date(text).ok());
    match (since, reader.last_modified) {
        // HTTP dates have whole seconds.
        (Some(since), Some(changed)) => {
            changed.duration_since(since).is_ok_and(|later| later.as_secs() == 0)
                || changed <= since
        }
        _ => false,
    }
}

fn content_type(name: &str) -> &str {
    let ending = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
    if TEXT.contains(&ending) {
        return "text/plain";
    }
    mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream")
}

/// Always an attachment: a page among the artifacts must not run with this server's rights.
pub fn disposition(name: &str) -> Result<HeaderValue> {
    let ascii: String = name.nfkd().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let shown = if ascii.is_empty() { "download".to_owned() } else { ascii.clone() };
    let shown = if shown.chars().all(plain) {
        shown
    } else {
        format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\\\""))
    };
    if ascii == name {
        value(&format!("attachment; filename={shown}"))
    } else {
        let encoded = utf8_percent_encode(name, ATTR_CHAR);
        value(&format!("attachment; filename={shown}; filename*=UTF-8''{encoded}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_header() {
        for (name, expected) in [
            ("a.txt", "attachment; filename=a.txt"),
            ("with space.txt", "attachment; filename=\"with space.txt\""),
            ("ф.txt", "attachment; filename=.txt; filename*=UTF-8''%D1%84.txt"),
            ("a\"b", "attachment; filename=\"a\\\"b\""),
            ("a\r\nb", "attachment; filename=ab; filename*=UTF-8''a%0D%0Ab"),
        ] {
            assert_eq!(disposition(name).unwrap().to_str().unwrap(), expected);
        }
    }

    #[test]
    fn kinds_of_files_are_those_of_mlflow() {
        for (name, expected) in [
            ("a.json", "text/plain"),
            ("MLmodel", "text/plain"),
            ("a.html", "text/html"),
            ("a.png", "image/png"),
            ("a", "application/octet-stream"),
        ] {
            assert_eq!(content_type(name), expected, "{name}");
        }
    }

    #[test]
    fn odd_ranges_mean_the_whole_file() {
        assert_eq!(parse_range("bytes=0-4"), Some(ByteRange::Between(0, 4)));
        assert_eq!(parse_range("bytes=-4"), Some(ByteRange::Last(4)));
        assert_eq!(parse_range("bytes=4-"), Some(ByteRange::From(4)));
        for odd in ["bytes=4-2", "bytes=0-1,4-5", "items=0-1", "bytes=a-b", "bytes=-"] {
            assert_eq!(parse_range(odd), None, "{odd}");
        }
    }
}
