//! The one thing the store does with artifact URIs: going down a folder.

/// `uri` with `suffix` appended to its path; a query stays behind it.
///
/// `s3://bucket/base?x=1` and `7/artifacts` give `s3://bucket/base/7/artifacts?x=1`. A plain path
/// has no query: a `?` in it is part of a name.
pub fn append_path(uri: &str, suffix: &str) -> String {
    let has_scheme = uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    let (path, query) = match uri.split_once('?') {
        Some((path, query)) if has_scheme => (path, Some(query)),
        _ => (uri, None),
    };
    let joined = format!("{}/{suffix}", path.trim_end_matches('/'));
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::append_path;

    #[test]
    fn the_query_stays_behind_the_path() {
        for (uri, expected) in [
            ("s3://bucket/base?x=1", "s3://bucket/base/7/artifacts?x=1"),
            ("s3://bkt/x/", "s3://bkt/x/7/artifacts"),
            ("mlflow-artifacts:/0", "mlflow-artifacts:/0/7/artifacts"),
            ("mlflow-artifacts:/", "mlflow-artifacts:/7/artifacts"),
            ("/data/a?b", "/data/a?b/7/artifacts"),
        ] {
            assert_eq!(append_path(uri, "7/artifacts"), expected);
        }
    }
}
