//! What `~/.ssh/config` says about a host. As in OpenSSH, the first value of a keyword counts.

use std::path::{Path, PathBuf};

/// What the file says about one host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HostConfig {
    pub host_name: Option<String>,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub identity_files: Vec<PathBuf>,
    pub known_hosts: Vec<PathBuf>,
    /// A keyword that would have to be honoured to reach the host, and is not.
    pub unsupported: Option<String>,
}

/// Reads what a configuration says about a host. `home` replaces a `~`.
pub(super) fn parse(text: &str, host: &str, home: &Path) -> HostConfig {
    let mut config = HostConfig::default();
    let mut applies = true;
    for line in text.lines() {
        let Some((keyword, rest)) = split(line) else { continue };
        let words = words(rest);
        let first = words.first().map(String::as_str).unwrap_or_default();
        match keyword.to_ascii_lowercase().as_str() {
            "host" => applies = matches_any(&words, host),
            // Conditions may run programs, so only the one without any is understood.
            "match" => applies = words.len() == 1 && first.eq_ignore_ascii_case("all"),
            _ if !applies => {}
            "hostname" => {
                let name = first.replace("%h", host).replace("%%", "%");
                config.host_name.get_or_insert(name);
            }
            "user" => {
                config.user.get_or_insert(first.to_owned());
            }
            "port" => config.port = config.port.or_else(|| first.parse().ok()),
            "identityfile" if first != "none" => config.identity_files.push(expand(first, home)),
            "userknownhostsfile" if config.known_hosts.is_empty() => {
                config.known_hosts = words.iter().map(|word| expand(word, home)).collect();
            }
            "proxyjump" | "proxycommand" if !first.eq_ignore_ascii_case("none") => {
                config.unsupported.get_or_insert(keyword.to_owned());
            }
            _ => {}
        }
    }
    config
}

/// `Keyword value` or `Keyword=value`; `None` for comments.
fn split(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let rest = line[end..].trim_start();
    Some((&line[..end], rest.strip_prefix('=').unwrap_or(rest).trim()))
}

/// Words, which quotes may hold together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut begun) = (false, false);
    for c in text.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

fn expand(path: &str, home: &Path) -> PathBuf {
    match path.strip_prefix("~/").or_else(|| path.strip_prefix("%d/")) {
        Some(rest) => home.join(rest),
        None => home.join(path),
    }
}

/// Whether one of the patterns fits, and none that is negated.
fn matches_any(patterns: &[String], host: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if fits(negated, host) => return false,
            Some(_) => {}
            None => found |= fits(pattern, host),
        }
    }
    found
}

/// Whether a pattern with `*` and `?` fits a name, whatever its case.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<u8> = pattern.bytes().map(|b| b.to_ascii_lowercase()).collect();
    let name: Vec<u8> = name.bytes().map(|b| b.to_ascii_lowercase()).collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == b'?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                // Let the last star stand for one more letter.
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        # a comment
        User first
        Host files other.*
            HostName = files.example.org
            User second
            Port 2200
            IdentityFile ~/.ssh/"my key"
            IdentityFile /keys/b
        Host *.example.org !secret.example.org
            Port 2201
            UserKnownHostsFile ~/hosts /etc/hosts2
        Match host files exec "rm -rf /"
            Port 1
        Host jump
            ProxyJump bastion
        Host *
            Port 2202
            IdentityFile id
    "#;

    fn config(host: &str) -> HostConfig {
        parse(TEXT, host, Path::new("/home/ana"))
    }

    #[test]
    fn the_first_value_counts() {
        let files = config("files");
        assert_eq!(files.host_name.as_deref(), Some("files.example.org"));
        assert_eq!(files.user.as_deref(), Some("first"));
        assert_eq!(files.port, Some(2200));
        let keys = ["/home/ana/.ssh/my key", "/keys/b", "/home/ana/id"];
        assert_eq!(files.identity_files, keys.map(PathBuf::from));
        assert_eq!(config("OTHER.net").port, Some(2200));
    }

    #[test]
    fn patterns_and_negations() {
        assert_eq!(config("a.example.org").port, Some(2201));
        let known = ["/home/ana/hosts", "/etc/hosts2"].map(PathBuf::from);
        assert_eq!(config("a.example.org").known_hosts, known);
        assert_eq!(config("secret.example.org").port, Some(2202));
        assert_eq!(config("jump").unsupported.as_deref(), Some("ProxyJump"));
        assert_eq!(config("nobody").unsupported, None);
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcdf", false),
            ("?", "", false),
            ("10.0.?.*", "10.0.1.22", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
