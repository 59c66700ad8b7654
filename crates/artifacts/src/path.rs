//! The path of an artifact inside a store, safe by construction.

use std::borrow::Cow;
use std::fmt;

use oxflow_model::error::{Error, Result};
use percent_encoding::percent_decode_str;

/// How often an encoded path may be wrapped in another encoding before we call it an attack.
const MAX_DECODE_ROUNDS: usize = 10;
/// Longest name that common file systems accept.
const MAX_SEGMENT_BYTES: usize = 255;
/// Longest path that Linux accepts in one call.
const MAX_PATH_BYTES: usize = 4096;
/// Deleting a tree keeps one file descriptor open per level.
const MAX_DEPTH: usize = 128;
/// A path of the longest allowed length stays below this, even when it is encoded several times.
const MAX_RAW_BYTES: usize = 64 * 1024;

/// A relative path below the root of a store: `/` between the parts, none of them empty, `.` or
/// `..`. The empty path is the root itself.
///
/// Parsing what [`ArtifactPath::as_str`] returns gives the same path again.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactPath(String);

impl ArtifactPath {
    /// The root of a store.
    pub fn root() -> ArtifactPath {
        ArtifactPath::default()
    }

    /// Parses what a client sent, percent-encoded (any number of times) or not.
    pub fn parse(raw: &str) -> Result<ArtifactPath> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(too_long("it is longer than 4096 bytes"));
        }
        let decoded = decode(raw).ok_or_else(invalid)?;
        if decoded.contains('\0') || decoded.contains('#') {
            return Err(invalid());
        }
        check_no_root(&decoded)?;
        if decoded.split('/').any(climbs) {
            return Err(invalid());
        }
        // A path that only became absolute by dropping `.` (as in `./C:/x`) is no better.
        let normal = normalise(&escape_control_characters(&decoded));
        check_no_root(&normal)?;
        check_size(&normal)?;
        Ok(ArtifactPath(normal))
    }

    /// The decoded, normalised path; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root of the store.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts, from the root down.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// The folder that holds this; `None` for the root.
    pub fn parent(&self) -> Option<ArtifactPath> {
        if self.is_root() {
            return None;
        }
        let end = self.0.rfind('/').unwrap_or(0);
        Some(ArtifactPath(self.0[..end].to_owned()))
    }

    /// The last part; `None` for the root.
    pub fn file_name(&self) -> Option<&str> {
        self.0.rsplit('/').next().filter(|name| !name.is_empty())
    }

    /// This path with another one below it. Fails when the whole becomes too long.
    pub fn join(&self, below: &ArtifactPath) -> Result<ArtifactPath> {
        if self.is_root() || below.is_root() {
            return Ok(ArtifactPath(format!("{}{}", self.0, below.0)));
        }
        let joined = format!("{}/{}", self.0, below.0);
        check_size(&joined)?;
        Ok(ArtifactPath(joined))
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Decodes until nothing changes, so that no later decoding can turn the result into something
/// else. `None` if that takes suspiciously long.
pub(crate) fn decode(raw: &str) -> Option<Cow<'_, str>> {
    let mut text = Cow::Borrowed(raw);
    for _ in 0..MAX_DECODE_ROUNDS {
        let decoded = percent_decode_str(&text).decode_utf8_lossy();
        if decoded == text {
            return Some(text);
        }
        text = Cow::Owned(decoded.into_owned());
    }
    None
}

/// Refuses everything that names its own root: `/x`, `//host/x`, `\\host\x`, `C:/x`, `file:x`. Some
/// libraries trim a path before they use it, so a space in front does not help.
fn check_no_root(path: &str) -> Result<()> {
    let path = path.trim_start_matches(is_trimmed);
    let scheme_is_file = path.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    let is_unc = matches!(path.as_bytes(), [b'/' | b'\\', b'/' | b'\\', ..]);
    if path.starts_with('/') || is_unc || has_drive(path) || scheme_is_file {
        return Err(invalid());
    }
    // Windows takes `\` for a separator and `:` for a drive or a hidden stream of a file.
    if cfg!(windows) && path.contains(['\\', ':']) {
        return Err(invalid());
    }
    Ok(())
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// A backslash is part of a name (clients do send it), but not a way up on any other system.
fn climbs(segment: &str) -> bool {
    segment.split('\\').any(|part| part.trim_matches(is_trimmed) == "..")
}

fn is_trimmed(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Line breaks and their kin would otherwise end up in logs, headers and terminals.
fn escape_control_characters(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii_control() {
            escaped.push_str(&format!("%{:02x}", c as u32));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn normalise(path: &str) -> String {
    let kept: Vec<&str> = path.split('/').filter(|s| !s.is_empty() && *s != ".").collect();
    kept.join("/")
}

fn check_size(path: &str) -> Result<()> {
    if path.len() > MAX_PATH_BYTES {
        return Err(too_long("it is longer than 4096 bytes"));
    }
    if path.split('/').any(|segment| segment.len() > MAX_SEGMENT_BYTES) {
        return Err(too_long("a name in it is longer than 255 bytes"));
    }
    if path.split('/').count() > MAX_DEPTH {
        return Err(too_long("it has more than 128 levels"));
    }
    Ok(())
}

fn invalid() -> Error {
    Error::invalid("Invalid path")
}

fn too_long(why: &str) -> Error {
    Error::invalid(format!("Invalid path: {why}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn accepts(raw: &str, expected: &str) {
        assert_eq!(ArtifactPath::parse(raw).unwrap().as_str(), expected, "for {raw:?}");
    }

    #[track_caller]
    fn refuses(raw: &str) {
        let error = ArtifactPath::parse(raw).expect_err(raw);
        assert!(error.message().starts_with("Invalid path"), "for {raw:?}: {error}");
    }

    #[test]
    fn ordinary_names_pass_unchanged() {
        for name in ["", "a.txt", "dir/b.json", "with space.txt", "ф.txt", "a+b=c&d?e;f", "~root/x"]
        {
            accepts(name, name);
        }
        for name in
            ["Loss: epoch 1.png", "C:x", "a\\b", "\\x", "..a", "a..", "...", "‥/x", "．．/x"]
        {
            accepts(name, name);
        }
    }

    #[test]
    fn encoded_names_are_decoded_until_nothing_changes() {
        accepts("with%20space.txt", "with space.txt");
        accepts("%D1%84.txt", "ф.txt");
        accepts("p%2525q.txt", "p%q.txt");
        accepts("a%252fb", "a/b");
        accepts("100%", "100%");
        accepts("a%zz", "a%zz");
        accepts("%ff", "\u{fffd}");
    }

    #[test]
    fn superfluous_separators_go() {
        for raw in ["a//b", "a/./b", "./a/b", "a/b/", "a/b/.", "a%2f%2fb"] {
            accepts(raw, "a/b");
        }
        for raw in [".", "./", "./."] {
            accepts(raw, "");
        }
    }

    #[test]
    fn ways_up_are_refused_in_every_disguise() {
        for raw in ["..", "../x", "a/../b", "a/..", "./../x", "a/b/../../..", "..\\x", "a\\..\\x"] {
            refuses(raw);
        }
        for raw in ["%2e%2e/x", "..%2fx", "a/%252e%252e/x", ".%2e", "%25252e%25252e%25252fetc"] {
            refuses(raw);
        }
        for raw in ["..%5cx", "%2e%2e%5c%2e%2e%5cx", "a/..%00", "..%00/x"] {
            refuses(raw);
        }
    }

    #[test]
    fn paths_with_their_own_root_are_refused() {
        for raw in ["/etc/passwd", "//host/x", "%2fetc", "%252fetc", "/", "C:/x", "c:\\x", "./C:/x"]
        {
            refuses(raw);
        }
        for raw in [
            " /etc",
            "%20%2fetc",
            "\n/etc",
            " C:/x",
            "\\/host/x",
            " file:x",
            " ../x",
            "%09..",
            "a/.. ",
        ] {
            refuses(raw);
        }
        for raw in ["\\\\host\\share\\x", "%5c%5chost", "C%3a/x", "C:%2fx", "\\\\?\\C:\\x"] {
            refuses(raw);
        }
        for raw in ["file:///etc/passwd", "FILE:/etc", "file:x", "file://host", "file%3a///etc"] {
            refuses(raw);
        }
    }

    #[test]
    fn fragments_are_refused() {
        for raw in ["a#b", "a%23b", "a%2523", "#", "x#/../../etc/passwd"] {
            refuses(raw);
        }
    }

    #[test]
    fn control_characters_are_escaped_and_nul_is_refused() {
        accepts("a%0Ab", "a%0ab");
        accepts("a\nb", "a%0ab");
        accepts("a%250ab", "a%0ab");
        accepts("a%7fb\t", "a%7fb%09");
        accepts("\n a", "%0a a");
        for raw in ["a\0b", "a%00b", "a%2500.txt", "%00"] {
            refuses(raw);
        }
    }

    #[test]
    fn endless_encoding_is_refused() {
        let mut raw = "a%".to_owned();
        for _ in 0..12 {
            raw = raw.replace('%', "%25");
        }
        refuses(&raw);
    }

    #[test]
    fn size_is_limited() {
        accepts(&"x".repeat(255), &"x".repeat(255));
        refuses(&"x".repeat(256));
        refuses(&"ф".repeat(128));
        refuses(&vec!["x".repeat(200); 21].join("/"));
        refuses(&vec!["x"; 129].join("/"));
        refuses(&"%2e".repeat(30_000));
        refuses(&"\n".repeat(100)); // Escaping makes it 300 bytes.
    }

    #[test]
    fn parts_of_a_path() {
        let path = ArtifactPath::parse("a/b/c.txt").unwrap();
        assert_eq!(path.file_name(), Some("c.txt"));
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        assert_eq!(path.segments().collect::<Vec<_>>(), ["a", "b", "c.txt"]);
        let top = ArtifactPath::parse("a").unwrap();
        assert!(top.parent().unwrap().is_root());
        assert_eq!(ArtifactPath::root().parent(), None);
        assert_eq!(ArtifactPath::root().file_name(), None);
    }

    #[test]
    fn joining_keeps_the_limits() {
        let a = ArtifactPath::parse("a/b").unwrap();
        assert_eq!(a.join(&ArtifactPath::parse("c").unwrap()).unwrap().as_str(), "a/b/c");
        assert_eq!(a.join(&ArtifactPath::root()).unwrap(), a);
        assert_eq!(ArtifactPath::root().join(&a).unwrap(), a);
        let long = ArtifactPath::parse(&vec!["x".repeat(200); 15].join("/")).unwrap();
        assert!(long.join(&long).is_err());
    }

    /// Text made of the pieces that attacks are made of.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = [
            ".", "..", "/", "\\", "%", "%25", "2e", "2f", "5c", "%2e", "%2F", "%5C", "%00", "#",
            ":", "C:", "file:", "a", "ф", "\n", " ", "?", ";", "%ff",
        ];
        proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..12)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_safe(raw in hostile()) {
            if let Ok(path) = ArtifactPath::parse(&raw) {
                let text = path.as_str();
                prop_assert!(!text.starts_with('/') && !text.contains(['#', '\0', '\n']));
                prop_assert!(path.segments().all(|name| !["", ".", ".."].contains(&name)));
                prop_assert_eq!(&ArtifactPath::parse(text).unwrap(), &path);
                let encoded = percent_encoding::utf8_percent_encode(
                    text, percent_encoding::NON_ALPHANUMERIC).to_string();
                prop_assert_eq!(&ArtifactPath::parse(&encoded).unwrap(), &path);
            }
        }
    }
}
