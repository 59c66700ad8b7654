//! What FTP servers say about files: the facts of RFC 3659, or lines as `ls` prints them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use suppaftp::list::ListParser;

use super::{Kind, Node};

/// One line of `MLSD` or `MLST`: facts, a space, and the name.
pub(super) fn facts(line: &str) -> Option<(String, Node)> {
    let (facts, name) = line.split_once(' ')?;
    let mut kind = None;
    let (mut size, mut modified) = (0, None);
    for fact in facts.split(';') {
        let Some((fact, value)) = fact.split_once('=') else { continue };
        match fact.to_ascii_lowercase().as_str() {
            "type" => kind = Some(kind_of(&value.to_ascii_lowercase())),
            "size" => size = value.parse().ok()?,
            "modify" => modified = time(value),
            _ => {}
        }
    }
    let kind = kind?;
    let size = if kind == Kind::File { size } else { 0 };
    Some((name.to_owned(), Node { kind, size, modified, etag: None }))
}

fn kind_of(value: &str) -> Kind {
    match value {
        "file" => Kind::File,
        "dir" | "cdir" | "pdir" => Kind::Folder,
        link if link.contains("symlink") || link.contains("slink") => Kind::Link,
        _ => Kind::Other,
    }
}

/// `YYYYMMDDHHMMSS`, in UTC; what follows is a fraction.
fn time(text: &str) -> Option<SystemTime> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let seconds = part(8, 10)? * 3600 + part(10, 12)? * 60 + part(12, 14)?;
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March end with the day that only some of them have.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let since_epoch = days.checked_sub(719_468)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(since_epoch * 86_400 + seconds))
}

/// One line of `LIST`.
pub(super) fn listed(line: &str) -> Option<(String, Node)> {
    let file = ListParser::parse_posix(line).or_else(|_| ListParser::parse_dos(line)).ok()?;
    let kind = match (file.is_symlink(), file.is_directory(), file.is_file()) {
        (true, ..) => Kind::Link,
        (_, true, _) => Kind::Folder,
        (_, _, true) => Kind::File,
        _ => Kind::Other,
    };
    let size = if kind == Kind::File { u64::try_from(file.size()).ok()? } else { 0 };
    Some((file.name().to_owned(), Node { kind, size, modified: None, etag: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read() {
        let line = "modify=20240229123456;perm=adfrw;size=1234;type=file;UNIX.mode=0644;  a b; c ";
        let (name, node) = facts(line).unwrap();
        assert_eq!((name.as_str(), node.kind, node.size), (" a b; c ", Kind::File, 1234));
        assert_eq!(node.modified, Some(UNIX_EPOCH + Duration::from_secs(1_709_210_096)));
        let (_, node) = facts("Type=dir;Size=4096; d").unwrap();
        assert_eq!((node.kind, node.size, node.modified), (Kind::Folder, 0, None));
        let (_, node) = facts("type=OS.unix=symlink; l").unwrap();
        assert_eq!(node.kind, Kind::Link);
        for bad in ["", "nothing", "size=1; no type", "type=file;size=x; f"] {
            assert_eq!(facts(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_days_since_the_epoch() {
        for (text, seconds) in [
            ("19700101000000", 0),
            ("20000301000000.123", 951_868_800),
            ("20991231235959", 4_102_444_799),
        ] {
            assert_eq!(time(text), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "2024", "20241301000000", "19691231235959", "2024010100000x"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_of_ls_are_read() {
        let (name, node) = listed("-rw-r--r--   1 ana users  1234 Feb  9 10:00 a b.txt").unwrap();
        assert_eq!((name.as_str(), node.kind, node.size), ("a b.txt", Kind::File, 1234));
        let (name, node) = listed("drwxr-xr-x   2 ana users  4096 Feb  9  2020 dir").unwrap();
        assert_eq!((name.as_str(), node.kind, node.size), ("dir", Kind::Folder, 0));
        assert_eq!(listed("total 12"), None);
    }
}
