//! An HTTP/1.1 client that keeps one connection open and copies as little as it can: on a small
//! machine every microsecond spent here is taken from the server.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// As much of a response body as is kept; the rest is counted and dropped.
const KEPT_BODY: usize = 64 * 1024;
const READ_BUFFER: usize = 256 * 1024;

/// Where the server is: `http://host:port/prefix` taken apart.
#[derive(Clone)]
pub struct Server {
    address: SocketAddr,
    authority: String,
    /// Path under which the API is mounted, without a trailing slash.
    pub prefix: String,
}

impl Server {
    pub fn parse(url: &str) -> Result<Server, String> {
        let rest = url.strip_prefix("http://").ok_or("only http:// URLs are supported")?;
        let rest = rest.trim_end_matches('/');
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = authority
            .to_socket_addrs()
            .map_err(|error| format!("{authority}: {error}"))?
            .next()
            .ok_or_else(|| format!("{authority}: no address"))?;
        if !address.ip().is_loopback() {
            return Err(format!("{authority}: refusing to load a machine other than this one"));
        }
        Ok(Server { address, authority: authority.to_owned(), prefix: prefix.to_owned() })
    }
}

/// One request, reused so that building the next one does not allocate.
#[derive(Default)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: String,
    /// Sends this many bytes of generated data instead of `body`.
    pub generated: Option<u64>,
}

pub struct Response {
    pub status: u16,
    pub length: u64,
}

/// A connection that is opened when first used and again after any failure.
pub struct Client {
    /// How often the server had closed an idle connection and the request was sent again.
    pub reconnects: u64,
    server: Server,
    timeout: Duration,
    stream: Option<BufReader<TcpStream>>,
    out: Vec<u8>,
    line: Vec<u8>,
    kept: Vec<u8>,
    block: Vec<u8>,
}

impl Client {
    pub fn new(server: Server, timeout: Duration) -> Client {
        Client {
            reconnects: 0,
            server,
            timeout,
            stream: None,
            out: Vec::new(),
            line: Vec::new(),
            kept: Vec::new(),
            block: Vec::new(),
        }
    }

    /// The beginning of the last response body.
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }

    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        if let Some(stream) = self.stream.take() {
            match self.exchange(stream, request) {
                // Servers close connections that were idle for a while, which is no failure.
                Err(_) if self.line.is_empty() => self.reconnects += 1,
                outcome => return outcome,
            }
        }
        let stream = self.connect()?;
        self.exchange(stream, request)
    }

    /// One request and its response. After a failure, `line` is empty if no response had begun.
    fn exchange(
        &mut self,
        mut stream: BufReader<TcpStream>,
        request: &Request,
    ) -> io::Result<Response> {
        self.line.clear();
        self.write(stream.get_mut(), request)?;
        let (response, reusable) = self.read(&mut stream)?;
        self.stream = reusable.then_some(stream);
        Ok(response)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.server.address, self.timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        Ok(BufReader::with_capacity(READ_BUFFER, stream))
    }

    fn write(&mut self, stream: &mut TcpStream, request: &Request) -> io::Result<()> {
        self.out.clear();
        write!(
            self.out,
            "{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: loadgen\r\nAccept: */*\r\n",
            request.method, self.server.prefix, request.path, self.server.authority
        )?;
        match request.generated {
            Some(length) => {
                let kind = "application/octet-stream";
                write!(self.out, "Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")?;
                stream.write_all(&self.out)?;
                self.write_generated(stream, length)
            }
            None => {
                if request.method != "GET" {
                    let (kind, length) = ("application/json", request.body.len());
                    write!(self.out, "Content-Type: {kind}\r\nContent-Length: {length}\r\n")?;
                }
                self.out.extend_from_slice(b"\r\n");
                self.out.extend_from_slice(request.body.as_bytes());
                stream.write_all(&self.out)
            }
        }
    }

    /// Noise, so that a server that compresses or deduplicates gains nothing.
    fn write_generated(&mut self, stream: &mut TcpStream, length: u64) -> io::Result<()> {
        if self.block.is_empty() {
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            self.block = (0..1 << 20)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_le_bytes()[0]
                })
                .collect();
        }
        let mut left = length;
        while left > 0 {
            let part = self.block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            stream.write_all(&self.block[..part])?;
            left -= part as u64;
        }
        Ok(())
    }

    /// Reads one response and tells whether the connection can be used again.
    fn read(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<(Response, bool)> {
        self.kept.clear();
        let status = self
            .read_line(stream)?
            .split_ascii_whitespace()
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| invalid("no status line"))?;

        let (mut length, mut chunked, mut close) = (None, false, false);
        loop {
            let line = self.read_line(stream)?.to_ascii_lowercase();
            let Some((name, value)) = line.split_once(':') else { break };
            match (name, value.trim()) {
                ("content-length", value) => length = value.parse::<u64>().ok(),
                ("transfer-encoding", "chunked") => chunked = true,
                ("connection", "close") => close = true,
                _ => {}
            }
        }

        let length = if chunked {
            self.read_chunks(stream)?
        } else if let Some(length) = length {
            self.read_exactly(stream, length)?;
            length
        } else if matches!(status, 204 | 304) {
            0
        } else {
            close = true;
            self.read_to_end(stream)?
        };
        Ok((Response { status, length }, !close))
    }

    fn read_line(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<&str> {
        self.line.clear();
        if stream.read_until(b'\n', &mut self.line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        std::str::from_utf8(&self.line)
            .map(|line| line.trim_end())
            .map_err(|_| invalid("header is not UTF-8"))
    }

    fn read_chunks(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let line = self.read_line(stream)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(digits, 16).map_err(|_| invalid("bad chunk size"))?;
            self.read_exactly(stream, size)?;
            self.read_line(stream)?;
            total += size;
            if size == 0 {
                return Ok(total);
            }
        }
    }

    fn read_exactly(&mut self, stream: &mut BufReader<TcpStream>, length: u64) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            let available = stream.fill_buf()?;
            if available.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = available.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            keep(&mut self.kept, &available[..taken]);
            stream.consume(taken);
            left -= taken as u64;
        }
        Ok(())
    }

    fn read_to_end(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let available = stream.fill_buf()?;
            let taken = available.len();
            if taken == 0 {
                return Ok(total);
            }
            keep(&mut self.kept, available);
            stream.consume(taken);
            total += taken as u64;
        }
    }
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEPT_BODY.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
