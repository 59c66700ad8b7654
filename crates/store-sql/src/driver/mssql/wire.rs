//! The way to the server: TDS says in its first message whether TLS follows, and wraps the messages of
//! TLS's handshake in its own.
//!
//! The driver speaks plain TDS into a pipe; a task beside it carries the bytes to the server and back,
//! encrypted. So the TLS is the one that the other databases have.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ClientConfig, ClientConnection};

/// Of the pipe.
const BUFFER: usize = 64 * 1024;
/// Types of messages (MS-TDS 2.2.3.1.1).
const ANSWER: u8 = 0x04;
const PRELOGIN: u8 = 0x12;
/// The last packet of a message.
const LAST: u8 = 0x01;
/// What the first message says of encryption (MS-TDS 2.2.6.5).
const ENCRYPT: u8 = 1;
const NO_ENCRYPTION: u8 = 2;
const ENCRYPTION_REQUIRED: u8 = 3;

/// Whether and how to encrypt.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// For TLS.
    pub config: Arc<ClientConfig>,
    /// Whether to go without where the server cannot.
    pub optional: bool,
}

/// Opens the way over a connection; what is returned speaks plain TDS from its first message on.
pub async fn open(
    mut tcp: TcpStream,
    encryption: &Encryption,
    name: ServerName<'static>,
) -> Result<DuplexStream> {
    tcp.set_nodelay(true)?;
    tcp.write_all(&packet(PRELOGIN, &prelogin(ENCRYPT))).await?;
    let answer = read_message(&mut tcp).await?;
    let tls = match encryption_of(&answer) {
        Some(ENCRYPT | ENCRYPTION_REQUIRED) => {
            let mut tls =
                ClientConnection::new(encryption.config.clone(), name).map_err(Error::other)?;
            shake_hands(&mut tcp, &mut tls).await?;
            Some(tls)
        }
        Some(_) if encryption.optional => None,
        Some(_) => {
            return Err(Error::other("the server cannot encrypt, and Encrypt=yes asks for it"));
        }
        None => return Err(Error::other("this is no SQL Server")),
    };
    let (near, far) = tokio::io::duplex(BUFFER);
    // It ends with either side; whoever reads next notices.
    drop(tokio::spawn(async move {
        if let Err(error) = carry(far, tcp, tls).await {
            tracing::debug!(%error, "a connection ended");
        }
    }));
    Ok(near)
}

/// The first message: a table of options, then their values.
fn prelogin(encryption: u8) -> Vec<u8> {
    let options: [(u8, &[u8]); 5] =
        [(0, &[0; 6]), (1, &[encryption]), (2, &[0]), (3, &[0; 4]), (4, &[0])];
    let mut message = Vec::new();
    let mut offset = 5 * options.len() as u16 + 1;
    for (token, value) in options {
        message.push(token);
        message.extend(offset.to_be_bytes());
        message.extend((value.len() as u16).to_be_bytes());
        offset += value.len() as u16;
    }
    message.push(0xff);
    options.iter().for_each(|(_, value)| message.extend(*value));
    message
}

/// The option about encryption in such a message.
fn encryption_of(message: &[u8]) -> Option<u8> {
    let option = message.chunks_exact(5).take_while(|option| option[0] != 0xff);
    let option = option.into_iter().find(|option| option[0] == 1)?;
    message.get(usize::from(u16::from_be_bytes([option[1], option[2]]))).copied()
}

fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() + 8) as u16;
    let mut packet = vec![kind, LAST];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 1, 0]);
    packet.extend(payload);
    packet
}

/// What the packets of the next message hold.
async fn read_message(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; 8];
        from.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let payload = length.checked_sub(8).ok_or_else(|| Error::other("this is no SQL Server"))?;
        let begin = message.len();
        message.resize(begin + payload, 0);
        from.read_exact(&mut message[begin..]).await?;
        if header[1] & LAST != 0 {
            return Ok(message);
        }
    }
}

async fn shake_hands(tcp: &mut TcpStream, tls: &mut ClientConnection) -> Result<()> {
    loop {
        let mut sent = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut sent)?;
        }
        // A packet is at most 4,096 bytes long until another length was agreed on.
        for part in sent.chunks(4000) {
            tcp.write_all(&packet(PRELOGIN, part)).await?;
        }
        if !tls.is_handshaking() {
            return Ok(());
        }
        let received = read_message(tcp).await?;
        take_in(tls, &received)?;
    }
}

/// Hands encrypted bytes over.
fn take_in(tls: &mut ClientConnection, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        if tls.read_tls(&mut bytes)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        tls.process_new_packets().map_err(Error::other)?;
    }
    Ok(())
}

/// Carries bytes until one of the two sides ends.
async fn carry(
    mut driver: DuplexStream,
    mut tcp: TcpStream,
    tls: Option<ClientConnection>,
) -> Result<()> {
    // The driver begins with the message that has been exchanged already.
    read_message(&mut driver).await?;
    driver.write_all(&packet(ANSWER, &prelogin(NO_ENCRYPTION))).await?;
    match tls {
        Some(tls) => carry_encrypted(driver, tcp, tls).await,
        None => tokio::io::copy_bidirectional(&mut driver, &mut tcp).await.map(drop),
    }
}

async fn carry_encrypted(
    mut driver: DuplexStream,
    mut tcp: TcpStream,
    mut tls: ClientConnection,
) -> Result<()> {
    let (mut ours, mut theirs) = (vec![0; BUFFER], vec![0; BUFFER]);
    loop {
        send(&mut tcp, &mut tls).await?;
        tokio::select! {
            length = driver.read(&mut ours) => match length? {
                0 => {
                    tls.send_close_notify();
                    return send(&mut tcp, &mut tls).await;
                }
                length => {
                    for part in ours[..length].chunks(16 * 1024) {
                        tls.writer().write_all(part)?;
                        send(&mut tcp, &mut tls).await?;
                    }
                }
            },
            length = tcp.read(&mut theirs) => match length? {
                0 => return Ok(()),
                length => receive(&mut driver, &mut tls, &theirs[..length]).await?,
            },
        }
    }
}

async fn send(tcp: &mut (impl AsyncWrite + Unpin), tls: &mut ClientConnection) -> Result<()> {
    let mut sent = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut sent)?;
    }
    tcp.write_all(&sent).await
}

async fn receive(
    driver: &mut DuplexStream,
    tls: &mut ClientConnection,
    mut bytes: &[u8],
) -> Result<()> {
    let mut plain = vec![0; BUFFER];
    while !bytes.is_empty() {
        if tls.read_tls(&mut bytes)? == 0 {
            return Ok(());
        }
        tls.process_new_packets().map_err(Error::other)?;
        loop {
            match tls.reader().read(&mut plain) {
                Ok(0) => break,
                Ok(length) => driver.write_all(&plain[..length]).await?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_says_whether_to_encrypt() {
        assert_eq!(encryption_of(&prelogin(ENCRYPT)), Some(ENCRYPT));
        assert_eq!(encryption_of(&prelogin(NO_ENCRYPTION)), Some(NO_ENCRYPTION));
        assert_eq!(encryption_of(b"SSH-2.0-OpenSSH"), None);
    }
}
