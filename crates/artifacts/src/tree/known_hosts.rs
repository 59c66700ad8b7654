//! Which keys a host may have: the `known_hosts` files of OpenSSH.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::ssh_config::fits;

/// The keys of one host, as the files have them.
#[derive(Debug, Default)]
pub(super) struct KnownHost {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    kind: String,
    /// As in the file, in base64.
    key: String,
    revoked: bool,
}

/// What the files say about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Known,
    /// Nothing is known about the host.
    Unknown,
    /// The host has other keys, or this one was revoked.
    Wrong,
}

impl KnownHost {
    /// Reads the keys of a host from the texts of some files.
    pub(super) fn read<'a>(
        files: impl IntoIterator<Item = &'a str>,
        host: &str,
        port: u16,
    ) -> KnownHost {
        let lines: Vec<Line<'_>> =
            files.into_iter().flat_map(str::lines).filter_map(Line::parse).collect();
        let keys = |name: &str| -> Vec<Key> {
            let fitting = lines.iter().filter(|line| line.is_about(name));
            fitting.map(Line::key).collect()
        };
        let mut found = if port == 22 { Vec::new() } else { keys(&format!("[{host}]:{port}")) };
        // Like OpenSSH, take the keys of another port of the same host when this one has none.
        if found.iter().all(|key| key.revoked) {
            found.extend(keys(host));
        }
        KnownHost { keys: found }
    }

    /// Whether the host has a key of this kind, so that it should be asked for that one.
    pub(super) fn has_kind(&self, kind: &str) -> bool {
        self.keys.iter().any(|key| key.kind == kind && !key.revoked)
    }

    /// Whether the host may have this key, given in base64.
    pub(super) fn check(&self, key: &str) -> Verdict {
        let mut verdict = Verdict::Unknown;
        for known in &self.keys {
            verdict = match (known.key == key, known.revoked) {
                (true, true) => return Verdict::Wrong,
                (true, false) => Verdict::Known,
                (false, false) if verdict == Verdict::Unknown => Verdict::Wrong,
                _ => verdict,
            };
        }
        verdict
    }
}

/// One line of a file.
struct Line<'a> {
    hosts: &'a str,
    kind: &'a str,
    key: &'a str,
    revoked: bool,
}

impl<'a> Line<'a> {
    /// `None` for comments, for authorities, which sign keys that we do not ask for, and for
    /// lines that are none.
    fn parse(line: &'a str) -> Option<Line<'a>> {
        let mut words = line.split_whitespace().peekable();
        let revoked = match words.peek()? {
            comment if comment.starts_with('#') => return None,
            &"@revoked" => words.next().is_some(),
            marker if marker.starts_with('@') => return None,
            _ => false,
        };
        Some(Line { hosts: words.next()?, kind: words.next()?, key: words.next()?, revoked })
    }

    fn key(&self) -> Key {
        Key { kind: self.kind.to_owned(), key: self.key.to_owned(), revoked: self.revoked }
    }

    fn is_about(&self, name: &str) -> bool {
        if let Some(hashed) = self.hosts.strip_prefix("|1|") {
            return is_hash_of(hashed, name).unwrap_or(false);
        }
        let mut found = false;
        for pattern in self.hosts.split(',') {
            match pattern.strip_prefix('!') {
                Some(negated) if fits(negated, name) => return false,
                Some(_) => {}
                None => found |= fits(pattern, name),
            }
        }
        found
    }
}

/// `salt|hash`, both in base64.
fn is_hash_of(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let salt = STANDARD.decode(salt).ok()?;
    let hash = STANDARD.decode(hash).ok()?;
    let hmac = <Hmac<Sha1> as KeyInit>::new_from_slice(&salt).ok()?.chain_update(name);
    Some(hmac.verify_slice(&hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# files ssh-ed25519 COMMENT
files,10.0.0.1 ssh-ed25519 AAAA1 ana@laptop
[files]:2222 ssh-rsa AAAA2
*.example.org,!bad.example.org ssh-ed25519 AAAA3
@revoked * ssh-ed25519 REVOKED
@cert-authority *.example.org ssh-rsa AAAA4
|1|O33ESRMWPVkMYIwJ1Uw+n877jTo=|nuuC5vEqXlEZ/8BXQR7m619W6Ak= ssh-ed25519 HASHED
broken
";

    fn check(host: &str, port: u16, key: &str) -> Verdict {
        KnownHost::read([FILE], host, port).check(key)
    }

    #[test]
    fn keys_are_known_by_host_and_port() {
        assert_eq!(check("files", 22, "AAAA1"), Verdict::Known);
        assert_eq!(check("FILES", 22, "AAAA1"), Verdict::Known);
        assert_eq!(check("10.0.0.1", 22, "AAAA1"), Verdict::Known);
        assert_eq!(check("files", 22, "AAAA2"), Verdict::Wrong);
        assert_eq!(check("files", 2222, "AAAA2"), Verdict::Known);
        assert_eq!(check("a.example.org", 22, "AAAA3"), Verdict::Known);
        assert_eq!(check("example.com", 22, "HASHED"), Verdict::Known);
        assert_eq!(check("example.com", 22, "OTHER"), Verdict::Wrong);
    }

    #[test]
    fn other_keys_are_not_believed() {
        assert_eq!(check("nobody", 22, "AAAA1"), Verdict::Unknown);
        assert_eq!(check("bad.example.org", 22, "AAAA3"), Verdict::Unknown);
        assert_eq!(check("files", 22, "COMMENT"), Verdict::Wrong);
        assert_eq!(check("a.example.org", 22, "AAAA4"), Verdict::Wrong);
        for host in ["files", "nobody", "example.com"] {
            assert_eq!(check(host, 22, "REVOKED"), Verdict::Wrong);
        }
        assert!(!KnownHost::read([FILE], "nobody", 22).has_kind("ssh-ed25519"));
        assert!(KnownHost::read([FILE], "files", 22).has_kind("ssh-ed25519"));
    }

    #[test]
    fn without_a_key_for_the_port_that_of_the_host_counts() {
        assert_eq!(check("10.0.0.1", 2222, "AAAA1"), Verdict::Known);
    }
}
