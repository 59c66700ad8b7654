//! What the server answers: a stream of tokens (MS-TDS 2.2.7).

use rusqlite::types::Value;

/// Latin1_General, code page 1252. Columns in UTF-8 come as `NVARCHAR`, unless a client says that it
/// understands UTF-8.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];
/// Flags of the token that ends a statement.
const MORE: u16 = 0x01;
const FAILED: u16 = 0x02;
const COUNTED: u16 = 0x10;
const ATTENTION: u16 = 0x20;

/// The type of a column, as SQL Server would have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bit,
    Int,
    BigInt,
    Float,
    VarChar,
    VarCharMax,
    NVarChar,
    NVarCharMax,
}

/// An answer under construction.
#[derive(Default)]
pub struct Answer(pub Vec<u8>);

impl Answer {
    /// The client is let in.
    pub fn login(&mut self, version: u32, database: &str) {
        self.environment(1, &with_length(database), &with_length("master"));
        self.environment(4, &with_length("4096"), &with_length("4096"));
        let mut body = vec![1];
        body.extend(version.to_be_bytes());
        body.extend(with_length("Microsoft SQL Server"));
        body.extend([16, 0, 0x03, 0xe8]);
        self.token(0xad, &body);
        self.done(0xfd, 0, 0);
    }

    /// A transaction began.
    pub fn begun(&mut self, number: u64) {
        let mut new = vec![8];
        new.extend(number.to_le_bytes());
        self.environment(8, &new, &[0]);
    }

    /// One ended.
    pub fn ended(&mut self, number: u64, committed: bool) {
        let mut old = vec![8];
        old.extend(number.to_le_bytes());
        self.environment(if committed { 9 } else { 10 }, &[0], &old);
    }

    /// A refusal.
    pub fn error(&mut self, number: u32, message: &str) {
        let mut body = number.to_le_bytes().to_vec();
        body.extend([1, 16]);
        let units: Vec<u16> = message.encode_utf16().collect();
        body.extend((units.len() as u16).to_le_bytes());
        body.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        body.extend(with_length("responder"));
        body.extend(with_length(""));
        body.extend(1u32.to_le_bytes());
        self.token(0xaa, &body);
    }

    /// The columns of rows that follow.
    pub fn columns(&mut self, columns: &[(String, Kind)]) {
        self.0.push(0x81);
        self.0.extend((columns.len() as u16).to_le_bytes());
        for (name, kind) in columns {
            // No type of a user's own; NULL may be there.
            self.0.extend([0, 0, 0, 0, 1, 0]);
            self.kind(*kind);
            self.0.extend(with_length(name));
        }
    }

    fn kind(&mut self, kind: Kind) {
        let (token, most): (u8, u16) = match kind {
            Kind::Bit => return self.0.extend([0x68, 1]),
            Kind::Int => return self.0.extend([0x26, 4]),
            Kind::BigInt => return self.0.extend([0x26, 8]),
            Kind::Float => return self.0.extend([0x6d, 8]),
            Kind::VarChar => (0xa7, 8000),
            Kind::VarCharMax => (0xa7, 0xffff),
            Kind::NVarChar => (0xe7, 8000),
            Kind::NVarCharMax => (0xe7, 0xffff),
        };
        self.0.push(token);
        self.0.extend(most.to_le_bytes());
        self.0.extend(COLLATION);
    }

    /// A row of these columns.
    pub fn row(&mut self, columns: &[(String, Kind)], row: &[Value]) {
        self.0.push(0xd1);
        for ((_, kind), value) in columns.iter().zip(row) {
            self.value(*kind, value);
        }
    }

    fn value(&mut self, kind: Kind, value: &Value) {
        let number = match value {
            Value::Integer(number) => *number,
            Value::Real(number) => *number as i64,
            _ => 0,
        };
        match (kind, value) {
            (Kind::Bit | Kind::Int | Kind::BigInt | Kind::Float, Value::Null) => self.0.push(0),
            (Kind::Bit, _) => self.0.extend([1, u8::from(number != 0)]),
            (Kind::Int, _) => {
                self.0.push(4);
                self.0.extend((number as i32).to_le_bytes());
            }
            (Kind::BigInt, _) => {
                self.0.push(8);
                self.0.extend(number.to_le_bytes());
            }
            (Kind::Float, value) => {
                let real = if let Value::Real(real) = value { *real } else { number as f64 };
                self.0.push(8);
                self.0.extend(real.to_le_bytes());
            }
            (Kind::VarChar, value) => self.short(shown(value).map(|text| latin(&text))),
            (Kind::NVarChar, value) => self.short(shown(value).map(|text| wide(&text))),
            (Kind::VarCharMax, value) => self.long(shown(value).map(|text| latin(&text))),
            (Kind::NVarCharMax, value) => self.long(shown(value).map(|text| wide(&text))),
        }
    }

    fn short(&mut self, bytes: Option<Vec<u8>>) {
        match bytes {
            None => self.0.extend([0xff, 0xff]),
            Some(bytes) => {
                self.0.extend((bytes.len() as u16).to_le_bytes());
                self.0.extend(bytes);
            }
        }
    }

    /// In parts, so that clients see more than one.
    fn long(&mut self, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else { return self.0.extend([0xff; 8]) };
        self.0.extend((bytes.len() as u64).to_le_bytes());
        for part in bytes.chunks(1000) {
            self.0.extend((part.len() as u32).to_le_bytes());
            self.0.extend(part);
        }
        self.0.extend([0; 4]);
    }

    /// A statement is done; `rows` were returned or touched.
    pub fn statement(&mut self, is_call: bool, rows: Option<u64>, is_last: bool) {
        let more = if is_call || !is_last { MORE } else { 0 };
        let counted = if rows.is_some() { COUNTED } else { 0 };
        let token = if is_call { 0xff } else { 0xfd };
        self.done(token, more | counted, rows.unwrap_or(0));
    }

    /// The end of the answer to a call; a batch ends with its last statement.
    pub fn returned(&mut self) {
        self.0.extend([0x79, 0, 0, 0, 0]);
        self.done(0xfe, 0, 0);
    }

    /// The end of an answer that is a refusal.
    pub fn failed(&mut self, is_call: bool) {
        self.done(if is_call { 0xfe } else { 0xfd }, FAILED, 0);
    }

    /// What was asked for is given up, as the client wishes.
    pub fn attention(&mut self) {
        self.done(0xfd, ATTENTION, 0);
    }

    fn done(&mut self, token: u8, status: u16, rows: u64) {
        self.0.push(token);
        self.0.extend(status.to_le_bytes());
        self.0.extend([0, 0]);
        self.0.extend(rows.to_le_bytes());
    }

    fn environment(&mut self, what: u8, new: &[u8], old: &[u8]) {
        let mut body = vec![what];
        body.extend(new);
        body.extend(old);
        self.token(0xe3, &body);
    }

    fn token(&mut self, token: u8, body: &[u8]) {
        self.0.push(token);
        self.0.extend((body.len() as u16).to_le_bytes());
        self.0.extend(body);
    }
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// What code page 1252 has in common with Unicode.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// A text of up to 255 characters.
fn with_length(text: &str) -> Vec<u8> {
    let mut bytes = vec![text.encode_utf16().count() as u8];
    bytes.extend(wide(text));
    bytes
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}
