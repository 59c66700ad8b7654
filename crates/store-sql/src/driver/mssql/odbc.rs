//! An ODBC connection string, `Driver={ODBC Driver 18 for SQL Server};Server=tcp:host,1433;…`, which
//! SQLAlchemy takes whole as the option `odbc_connect`.

use oxflow_model::{Error, Result};

/// Its parts in order. A value in braces may hold anything; a closing brace is doubled there.
pub fn parts(text: &str) -> Result<Vec<(String, String)>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches([';', ' ']);
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(bad)?;
        let (value, after) = match after.strip_prefix('{') {
            Some(braced) => in_braces(braced).ok_or_else(bad)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        parts.push((name.trim().to_owned(), value));
        rest = after.trim_start_matches([';', ' ']);
    }
    Ok(parts)
}

/// What stands before the closing brace, and what follows it.
fn in_braces(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('}')?;
        value.push_str(before);
        match after.strip_prefix('}') {
            Some(more) => {
                value.push('}');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

/// It does not repeat the text, which holds a password.
fn bad() -> Error {
    Error::invalid(
        "Cannot read odbc_connect in the database URI: it is no list of name=value, separated by \
         semicolons. Values with semicolons or braces stand in braces.",
    )
}

/// `tcp:host,port`, `host,port` or `host`; `None` if the port is no number.
pub fn server(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim().strip_prefix("tcp:").unwrap_or(text.trim());
    match text.split_once(',') {
        Some((host, port)) => Some((host.trim().to_owned(), Some(port.trim().parse().ok()?))),
        None => Some((text.to_owned(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_hold_anything() {
        let found = parts("Driver={ODBC Driver 18};PWD={a;b}}=c} ; Server=tcp:h,1434;x=").unwrap();
        let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let driver = ("Driver", "ODBC Driver 18");
        assert_eq!(found, [driver, ("PWD", "a;b}=c"), ("Server", "tcp:h,1434"), ("x", "")]);
        for wrong in ["PWD={s3cret", "s3cret"] {
            assert!(!parts(wrong).unwrap_err().message().contains("s3cret"));
        }
    }

    #[test]
    fn servers_have_ports_behind_a_comma() {
        assert_eq!(server("tcp:h.example,1434"), Some(("h.example".to_owned(), Some(1434))));
        assert_eq!(server("h"), Some(("h".to_owned(), None)));
        assert_eq!(server("h,x"), None);
    }
}
