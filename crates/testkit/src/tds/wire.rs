//! TDS's packets (MS-TDS 2.2.3) and how a conversation begins: the two sides agree on encryption, then
//! the client logs in.

use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;

use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Types of messages.
pub const BATCH: u8 = 0x01;
pub const RPC: u8 = 0x03;
pub const ANSWER: u8 = 0x04;
pub const ATTENTION: u8 = 0x06;
pub const LOGIN: u8 = 0x10;
pub const PRELOGIN: u8 = 0x12;
/// The last packet of a message.
const LAST: u8 = 0x01;
/// The length of packets, as long as nobody asks for another.
const PACKET: usize = 4096;

/// What the two sides say of encryption.
const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;

/// Bytes to and from a client.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// The next message: its type, and what its packets hold. `None` when the client is gone.
pub fn read_message(from: &mut (impl Read + ?Sized)) -> Result<Option<(u8, Vec<u8>)>> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; 8];
        if from.read(&mut header[..1])? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut header[1..])?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let begin = message.len();
        message.resize(begin + length.saturating_sub(8), 0);
        from.read_exact(&mut message[begin..])?;
        if header[1] & LAST != 0 {
            return Ok(Some((header[0], message)));
        }
    }
}

/// Sends a message, in as many packets as it takes.
pub fn write_message(to: &mut (impl Write + ?Sized), kind: u8, message: &[u8]) -> Result<()> {
    let mut parts = message.chunks(PACKET - 8).peekable();
    let mut sent = Vec::new();
    let mut number = 1u8;
    while let Some(part) = parts.next() {
        let status = if parts.peek().is_none() { LAST } else { 0 };
        sent.extend([kind, status]);
        sent.extend(((part.len() + 8) as u16).to_be_bytes());
        sent.extend([0, 0, number, 0]);
        sent.extend(part);
        number = number.wrapping_add(1);
    }
    to.write_all(&sent)?;
    to.flush()
}

/// Answers the first message, and shakes hands for TLS if the client wants it and the server can.
pub fn begin(mut tcp: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Result<Box<dyn Stream>> {
    let Some((PRELOGIN, message)) = read_message(&mut tcp)? else {
        return Err(Error::other("the first message is no PRELOGIN"));
    };
    let wanted = encryption_of(&message).unwrap_or(NOT_SUPPORTED);
    let (answer, tls) = match (wanted, tls) {
        (ON | REQUIRED, Some(tls)) => (ON, Some(tls)),
        _ => (NOT_SUPPORTED, None),
    };
    write_message(&mut tcp, ANSWER, &prelogin(answer))?;
    let Some(config) = tls else { return Ok(Box::new(tcp)) };
    let mut tls = ServerConnection::new(config.clone()).map_err(Error::other)?;
    while tls.is_handshaking() {
        let Some((PRELOGIN, message)) = read_message(&mut tcp)? else {
            return Err(Error::other("the client does not shake hands"));
        };
        let mut rest = message.as_slice();
        while !rest.is_empty() {
            tls.read_tls(&mut rest)?;
            tls.process_new_packets().map_err(Error::other)?;
        }
        let mut sent = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut sent)?;
        }
        if !sent.is_empty() {
            write_message(&mut tcp, PRELOGIN, &sent)?;
        }
    }
    Ok(Box::new(StreamOwned::new(tls, tcp)))
}

/// A table of options, then their values: the version of SQL Server 2022, and what of encryption.
fn prelogin(encryption: u8) -> Vec<u8> {
    let mut message = vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
    message.extend([16, 0, 0x03, 0xe8, 0, 0, encryption]);
    message
}

fn encryption_of(message: &[u8]) -> Option<u8> {
    let option = message.chunks_exact(5).take_while(|option| option[0] != 0xff);
    let option = option.into_iter().find(|option| option[0] == 1)?;
    let value = message.get(usize::from(u16::from_be_bytes([option[1], option[2]]))).copied();
    // Only the login encrypted is more than this server does.
    value.map(|value| if value == OFF { NOT_SUPPORTED } else { value })
}

/// Who logs in, and to what.
#[derive(Debug)]
pub struct Login {
    pub version: u32,
    pub user: String,
    pub password: String,
    pub database: String,
}

impl Login {
    /// Reads a LOGIN7 message (MS-TDS 2.2.6.4).
    pub fn read(message: &[u8]) -> Option<Login> {
        let field = |at: usize| -> Option<&[u8]> {
            let begin = usize::from(number(message, at)?);
            message.get(begin..begin + 2 * usize::from(number(message, at + 2)?))
        };
        let password = field(44)?.iter().map(|byte| (byte ^ 0xa5).rotate_left(4));
        Some(Login {
            version: u32::from_le_bytes(message.get(4..8)?.try_into().ok()?),
            user: text(field(40)?),
            password: text(&password.collect::<Vec<u8>>()),
            database: text(field(68)?),
        })
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// UTF-16, as all texts in TDS.
pub fn text(bytes: &[u8]) -> String {
    let units: Vec<u16> =
        bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16_lossy(&units)
}
