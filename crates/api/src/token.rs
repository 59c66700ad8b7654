//! Page tokens: base64 of the JSON text `{"offset": N}`, as MLflow writes and reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oxflow_model::{Error, Result};

/// The token of the page that starts at `offset`.
pub fn encode(offset: u64) -> String {
    STANDARD.encode(format!("{{\"offset\": {offset}}}"))
}

/// The offset that a token names; no token, or an empty one, means the start.
pub fn decode(token: Option<&str>) -> Result<u64> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(0) };
    // As Python's decoder does: whatever is not of the alphabet is skipped.
    let clean: String = token
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
        .collect();
    let bytes = STANDARD
        .decode(&clean)
        .map_err(|_| Error::invalid("Invalid page token, could not base64-decode"))?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| {
        Error::invalid(format!("Invalid page token, decoded value={}", python_bytes(&bytes)))
    })?;
    match json.get("offset").and_then(serde_json::Value::as_u64) {
        Some(offset) if offset > 0 && offset <= i64::MAX as u64 => Ok(offset),
        _ => Err(Error::invalid(format!("Invalid page token, parsed value={json}"))),
    }
}

/// The offset that a server named as that of the next page, if there is one. Tokens that say more
/// than the offset are fine.
pub fn next(token: Option<&str>) -> Result<Option<u64>> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    let offset = decode_json(token)?.get("offset").and_then(serde_json::Value::as_u64);
    let odd = || Error::invalid(format!("The page token '{token}' names no offset."));
    offset.map(Some).ok_or_else(odd)
}

/// Bytes as Python shows them: in double quotes if that saves escaping single ones.
fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let shown = bytes.iter().map(|byte| match *byte {
        b'\'' | b'"' if char::from(*byte) != quote => char::from(*byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    });
    format!("b{quote}{}{quote}", shown.collect::<String>())
}

/// A token that holds more than an offset.
pub fn encode_json(content: &serde_json::Value) -> String {
    STANDARD.encode(content.to_string())
}

/// What [`encode_json`] put into a token.
pub fn decode_json(token: &str) -> Result<serde_json::Value> {
    let bytes = STANDARD
        .decode(token)
        .map_err(|_| Error::invalid("Invalid page token, could not base64-decode"))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| Error::invalid("Invalid page token, it does not hold JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_mlflow() {
        assert_eq!(encode(2), "eyJvZmZzZXQiOiAyfQ==");
        assert_eq!(decode(Some("eyJvZmZzZXQiOiAyfQ==")), Ok(2));
        assert_eq!(decode(None), Ok(0));
        for bad in ["x", "!!", "eyJvZmZzZXQiOiAwfQ==", "e30="] {
            assert!(decode(Some(bad)).is_err(), "{bad}");
        }
        let refused = decode(Some("null")).unwrap_err();
        assert_eq!(refused.message(), r"Invalid page token, decoded value=b'\x9e\xe9e'");
    }

    #[test]
    fn the_next_page_begins_where_the_token_says() {
        assert_eq!(next(Some(&encode(2))), Ok(Some(2)));
        let of_models = encode_json(&serde_json::json!({"filter_string": null, "offset": 7}));
        assert_eq!(next(Some(&of_models)), Ok(Some(7)));
        assert_eq!((next(None), next(Some(""))), (Ok(None), Ok(None)));
        assert!(next(Some("abc")).is_err() && next(Some(&encode_json(&5.into()))).is_err());
    }

    #[test]
    fn bytes_are_shown_as_python_does() {
        assert_eq!(python_bytes(b"a\\\n\xc3"), r"b'a\\\n\xc3'");
        assert_eq!(python_bytes(b"it's"), r#"b"it's""#);
        assert_eq!(python_bytes(b"'\""), r#"b'\'"'"#);
    }
}
