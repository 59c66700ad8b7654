//! What clients ask: a batch of statements, or `sp_executesql` with arguments (MS-TDS 2.2.6.6, 2.2.6.7).

use rusqlite::types::Value;

use super::wire::text;

/// The number of `sp_executesql` among the procedures that have one.
const EXECUTE_SQL: u16 = 10;

/// Statements with their arguments by name, such as `@P1`.
#[derive(Debug)]
pub struct Request {
    pub sql: String,
    pub args: Vec<(String, Value)>,
    /// Whether the answer is that of a procedure.
    pub is_call: bool,
}

impl Request {
    /// A batch.
    pub fn batch(message: &[u8]) -> Option<Request> {
        let mut rest = Reader(message);
        rest.skip_headers()?;
        Some(Request { sql: text(rest.0), args: Vec::new(), is_call: false })
    }

    /// A call of `sp_executesql`; `None` for any other.
    pub fn call(message: &[u8]) -> Option<Request> {
        let mut rest = Reader(message);
        rest.skip_headers()?;
        match rest.u16()? {
            0xffff if rest.u16()? == EXECUTE_SQL => {}
            0xffff => return None,
            length => {
                let name = text(rest.take(2 * usize::from(length))?);
                name.eq_ignore_ascii_case("sp_executesql").then_some(())?;
            }
        }
        rest.take(2)?;
        let mut args = Vec::new();
        while !rest.0.is_empty() {
            let length = usize::from(rest.u8()?);
            let name = text(rest.take(2 * length)?);
            rest.take(1)?;
            args.push((name, rest.value()?));
        }
        // The statement, and the declarations of its arguments.
        let declared = args.len().min(2);
        let mut head = args.drain(..declared);
        let Some((_, Value::Text(sql))) = head.next() else { return None };
        drop(head);
        Some(Request { sql, args, is_call: true })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// About the transaction and the like.
    fn skip_headers(&mut self) -> Option<()> {
        let length = self.u32()?;
        self.take((length as usize).checked_sub(4)?).map(drop)
    }

    /// A type and a value of it (MS-TDS 2.2.5.4).
    fn value(&mut self) -> Option<Value> {
        Some(match self.u8()? {
            0x1f => Value::Null,
            0x30 | 0x32 => Value::Integer(self.u8()?.into()),
            0x34 => Value::Integer(self.integer(2)?),
            0x38 => Value::Integer(self.integer(4)?),
            0x7f => Value::Integer(self.integer(8)?),
            0x3e => Value::Real(f64::from_bits(self.integer(8)? as u64)),
            // Integers and bits that may be NULL.
            0x26 | 0x68 => {
                self.u8()?;
                match self.u8()? {
                    0 => Value::Null,
                    length => Value::Integer(self.integer(length.into())?),
                }
            }
            0x6d => {
                self.u8()?;
                match self.u8()? {
                    0 => Value::Null,
                    4 => Value::Real(f32::from_bits(self.integer(4)? as u32).into()),
                    _ => Value::Real(f64::from_bits(self.integer(8)? as u64)),
                }
            }
            kind @ (0xe7 | 0xef | 0xa7 | 0xaf) => {
                let most = self.u16()?;
                self.take(5)?;
                let bytes = if most == 0xffff { self.long()? } else { self.short()? };
                match bytes {
                    None => Value::Null,
                    Some(bytes) if kind >= 0xe0 => Value::Text(text(&bytes)),
                    Some(bytes) => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
                }
            }
            _ => return None,
        })
    }

    fn integer(&mut self, length: usize) -> Option<i64> {
        let bytes = self.take(length)?;
        // The sign is that of the last byte.
        let negative = length > 1 && bytes[length - 1] & 0x80 != 0;
        let mut all = [if negative { 0xff } else { 0 }; 8];
        all[..length].copy_from_slice(bytes);
        Some(i64::from_le_bytes(all))
    }

    fn short(&mut self) -> Option<Option<Vec<u8>>> {
        match self.u16()? {
            0xffff => Some(None),
            length => Some(Some(self.take(length.into())?.to_vec())),
        }
    }

    /// In parts, of which an empty one is the last.
    fn long(&mut self) -> Option<Option<Vec<u8>>> {
        let total = u64::from_le_bytes(self.take(8)?.try_into().ok()?);
        if total == u64::MAX {
            return Some(None);
        }
        let mut bytes = Vec::new();
        loop {
            match self.u32()? {
                0 => return Some(Some(bytes)),
                length => bytes.extend(self.take(length as usize)?),
            }
        }
    }
}
