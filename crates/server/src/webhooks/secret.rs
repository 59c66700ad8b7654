//! Secrets at rest: Fernet tokens, as MLflow stores them.
//!
//! A token is a version byte, the time, a random vector, AES-128-CBC of the text, and HMAC-SHA256
//! of all that; as URL-safe base64.

use std::fmt;

use aes::Aes128;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use oxflow_model::{Error, IdSource, Millis, Result, SealedSecret, limits};
use sha2::Sha256;

/// HMAC-SHA256.
pub type HmacSha256 = Hmac<Sha256>;

const VERSION: u8 = 0x80;
/// Version, time and vector.
const HEAD: usize = 1 + 8 + 16;
const TAG: usize = 32;

/// Python reads both alphabets of base64, with padding or without; keys come from people.
const KEYS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key that secrets are encrypted with.
#[derive(Clone)]
pub struct SecretKey {
    signing: [u8; 16],
    encryption: [u8; 16],
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(****)")
    }
}

impl SecretKey {
    /// Reads a key as Fernet spells them: 32 bytes in URL-safe base64.
    pub fn parse(text: &str) -> Result<SecretKey> {
        let bytes =
            KEYS.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let bytes = bytes
            .ok_or_else(|| Error::invalid("the key must be 32 url-safe base64-encoded bytes"))?;
        let mut key = SecretKey { signing: [0; 16], encryption: [0; 16] };
        key.signing.copy_from_slice(&bytes[..16]);
        key.encryption.copy_from_slice(&bytes[16..]);
        Ok(key)
    }

    /// A key that nobody else has.
    pub fn random(ids: &dyn IdSource) -> SecretKey {
        SecretKey { signing: ids.random(), encryption: ids.random() }
    }

    /// Encrypts a secret. `vector` is 16 fresh random bytes.
    pub fn seal(&self, secret: &str, vector: [u8; 16], now: Millis) -> Result<SealedSecret> {
        let mut token = vec![VERSION];
        token.extend(u64::try_from(now.0 / 1000).unwrap_or_default().to_be_bytes());
        token.extend(vector);
        let cipher = cbc::Encryptor::<Aes128>::new(&self.encryption.into(), &vector.into());
        token.extend(cipher.encrypt_padded_vec::<Pkcs7>(secret.as_bytes()));
        let tag = self.mac(&token)?.finalize().into_bytes();
        token.extend(tag);
        let token = URL_SAFE.encode(token);
        if token.len() > limits::WEBHOOK_SECRET {
            return Err(Error::invalid("The secret is too long: it may have 650 bytes or so."));
        }
        Ok(SealedSecret::new(token))
    }

    /// Decrypts a secret; `None` if it was encrypted with another key, or is no secret at all.
    pub fn open(&self, sealed: &SealedSecret) -> Option<String> {
        let token = KEYS.decode(sealed.as_str().trim()).ok()?;
        let (signed, tag) = token.split_at_checked(token.len().checked_sub(TAG)?)?;
        self.mac(signed).ok()?.verify_slice(tag).ok()?;
        let (head, encrypted) = signed.split_at_checked(HEAD)?;
        let vector: [u8; 16] = head.get(9..)?.try_into().ok()?;
        if head.first() != Some(&VERSION) {
            return None;
        }
        let cipher = cbc::Decryptor::<Aes128>::new(&self.encryption.into(), &vector.into());
        String::from_utf8(cipher.decrypt_padded_vec::<Pkcs7>(encrypted).ok()?).ok()
    }

    fn mac(&self, data: &[u8]) -> Result<HmacSha256> {
        keyed(&self.signing, data)
    }
}

/// HMAC-SHA256 of some data.
pub fn keyed(key: &[u8], data: &[u8]) -> Result<HmacSha256> {
    let mut mac = HmacSha256::new_from_slice(key)
        .map_err(|error| Error::internal(format!("Cannot make a signature: {error}.")))?;
    mac.update(data);
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Fernet.
    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const TOKEN: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

    #[test]
    fn tokens_are_those_of_the_specification() {
        let key = SecretKey::parse(KEY).unwrap();
        let vector = std::array::from_fn(|i| i as u8);
        let sealed = key.seal("hello", vector, Millis(499_162_800_000)).unwrap();
        assert_eq!(sealed.as_str(), TOKEN);
        assert_eq!(key.open(&sealed).as_deref(), Some("hello"));
    }

    #[test]
    fn what_was_tampered_with_is_not_opened() {
        let key = SecretKey::parse(KEY).unwrap();
        for at in [0, 5, 20, 40, 60, 97] {
            let mut token = TOKEN.as_bytes().to_vec();
            token[at] = if token[at] == b'x' { b'y' } else { b'x' };
            let token = String::from_utf8(token).unwrap();
            assert_eq!(key.open(&SealedSecret::new(token)), None, "{at}");
        }
        for short in ["", "gAAA", "plain text", &TOKEN[..60]] {
            assert_eq!(key.open(&SealedSecret::new(short)), None, "{short}");
        }
        let other = SecretKey { signing: [1; 16], encryption: [2; 16] };
        assert_eq!(other.open(&SealedSecret::new(TOKEN)), None);
    }

    #[test]
    fn keys_have_32_bytes_and_are_not_shown() {
        for bad in ["", "abc", "!!!", &KEY[..40]] {
            assert!(SecretKey::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", SecretKey::parse(KEY).unwrap()), "SecretKey(****)");
    }

    #[test]
    fn a_secret_must_fit_its_column() {
        let key = SecretKey::parse(KEY).unwrap();
        let seal = |length| key.seal(&"x".repeat(length), [0; 16], Millis(0));
        assert!(seal(650).is_ok());
        assert!(seal(700).is_err());
    }
}
