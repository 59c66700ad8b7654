//! The parts of a remote location that end up in URLs and host names. A location may come from a
//! client, so nothing in it may lead to another host or bucket.

use oxflow_model::error::{Error, Result};

use crate::ArtifactUri;

/// The key prefix of a location: its path, with neither empty parts nor dots, which the URL of a
/// request would not keep.
pub(crate) fn prefix(uri: &ArtifactUri) -> Result<String> {
    let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
    let path = path.strip_suffix('/').unwrap_or(path);
    let odd = |part: &str| matches!(part, "" | "." | "..") || part.trim() != part;
    if !path.is_empty() && path.split('/').any(odd) {
        return Err(refuse(uri, "its path has parts that are empty, dots, or end in a space"));
    }
    Ok(path.to_owned())
}

/// A name that may become part of a host name or path.
pub(crate) fn bucket<'a>(uri: &ArtifactUri, name: &'a str) -> Result<&'a str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let edge = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fine = (1..=222).contains(&name.len())
        && name.chars().all(plain)
        && name.starts_with(edge)
        && name.ends_with(edge)
        && !name.contains("..");
    if fine { Ok(name) } else { Err(refuse(uri, "it does not name a bucket")) }
}

/// `name@host`, as in `wasbs://container@account.blob.core.windows.net`. The host has no port.
pub(crate) fn name_at_host(uri: &ArtifactUri) -> Result<(&str, String)> {
    let (name, host) = uri
        .authority()
        .split_once('@')
        .ok_or_else(|| refuse(uri, "it must have the form <name>@<host>"))?;
    let label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if !host.split('.').all(label) {
        return Err(refuse(uri, "it must have the form <name>@<host>"));
    }
    Ok((bucket(uri, name)?, host.to_ascii_lowercase()))
}

pub(crate) fn refuse(uri: &ArtifactUri, why: &str) -> Error {
    Error::invalid(format!("Invalid artifact location '{uri}': {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> ArtifactUri {
        ArtifactUri::parse(text).unwrap()
    }

    #[test]
    fn prefixes_are_plain() {
        for (text, expected) in [
            ("s3://b", ""),
            ("s3://b/", ""),
            ("s3://b/x/y/", "x/y"),
            ("s3://b/%2e%2e", "%2e%2e"),
            ("s3://b/x?y=1", "x"),
        ] {
            assert_eq!(prefix(&uri(text)).unwrap(), expected, "{text}");
        }
        for text in ["s3://b//x", "s3://b/x//y", "s3://b/../x", "s3://b/x/.", "s3://b/ x/y"] {
            prefix(&uri(text)).unwrap_err();
        }
    }

    #[test]
    fn names_cannot_become_other_hosts() {
        for good in ["b", "my-bucket.v2", "My_Bucket", "123"] {
            bucket(&uri("s3://x"), good).unwrap();
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "a@b",
            "a:80",
            "evil.com#",
            "a?b",
            "a\\b",
            "[::1]",
            "..",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a%2fb",
        ] {
            bucket(&uri("s3://x"), bad).unwrap_err();
        }
        let (name, host) = name_at_host(&uri("wasbs://c@Acc.blob.core.windows.net/x"))
            .map(|(n, h)| (n.to_owned(), h))
            .unwrap();
        assert_eq!((name.as_str(), host.as_str()), ("c", "acc.blob.core.windows.net"));
        for bad in ["wasbs://c/x", "wasbs://c@a@b/x", "wasbs://c@h:80/x", "wasbs://c@h\\x/y"] {
            name_at_host(&uri(bad)).unwrap_err();
        }
    }
}
