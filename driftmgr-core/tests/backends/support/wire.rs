//! HTTP for servers of tests: connections, faults, and what was asked. What is answered is somebody else's.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What happens once instead of, or after, the right thing.
#[derive(Clone)]
pub(crate) enum Fault {
    /// The request is not acted on; status, headers and body of the answer.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The request is not acted on, the connection is closed.
    LoseRequest,
    /// The request is acted on, and the connection is closed without an answer.
    LoseAnswer,
    /// The answer stops in the middle of its body.
    CutBody,
}

/// A request that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }
}

/// Answers a request.
type Act = dyn Fn(&Seen) -> Reply + Send + Sync;

struct Shared {
    act: Box<Act>,
    tls: Option<Arc<rustls::ServerConfig>>,
    /// With what the request's `METHOD target` has in it.
    faults: Mutex<Vec<(String, Fault)>>,
    seen: Mutex<Vec<Seen>>,
    stopped: AtomicBool,
}

/// A server on a free port of this machine. It ends with this value.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// `make` gets the port, and answers with what answers requests.
    pub(crate) fn start<A>(
        tls: Option<Arc<rustls::ServerConfig>>,
        make: impl FnOnce(u16) -> A,
    ) -> Self
    where
        A: Fn(&Seen) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            act: Box::new(make(address.port())),
            tls,
            faults: Mutex::default(),
            seen: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next request whose `METHOD target` has this text in it meets the fault.
    pub(crate) fn fault(&self, asked: &str, fault: Fault) {
        let mut faults = self.shared.faults.lock().unwrap();
        faults.push((asked.to_owned(), fault));
    }

    /// Takes back the faults that nothing met; answers with their number.
    pub(crate) fn without_faults(&self) -> usize {
        std::mem::take(&mut *self.shared.faults.lock().unwrap()).len()
    }

    /// The requests so far, which are forgotten with this.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; it may have ended.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client that goes away is no failure of the server.
            let _ = connection(stream, &shared);
        });
    }
}

fn connection(stream: io::Result<TcpStream>, shared: &Shared) -> io::Result<()> {
    let stream = stream?;
    stream.set_nodelay(true)?;
    // Between requests the thread looks whether the server is to end.
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    match &shared.tls {
        None => serve(stream, shared),
        Some(config) => {
            let session =
                rustls::ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
            serve(rustls::StreamOwned::new(session, stream), shared)
        }
    }
}

fn serve(mut stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut rest = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut rest, shared)? {
        if shared.stopped.load(Ordering::SeqCst) {
            return Ok(());
        }
        shared.seen.lock().unwrap().push(request.clone());
        let fault = take_fault(shared, &request);
        match fault {
            Some(Fault::LoseRequest) => return Ok(()),
            Some(Fault::Answer(status, headers, body)) => {
                let headers = headers.into_iter().map(|(k, v)| (k.to_owned(), v));
                let reply = Reply {
                    headers: headers.collect(),
                    ..Reply::new(status, body)
                };
                write_reply(&mut stream, &reply, reply.body.len())?;
            }
            Some(Fault::LoseAnswer) => {
                (shared.act)(&request);
                return Ok(());
            }
            Some(Fault::CutBody) => {
                let reply = (shared.act)(&request);
                return write_reply(&mut stream, &reply, reply.body.len() / 2);
            }
            None => {
                let reply = (shared.act)(&request);
                // An answer to HEAD tells of a body and has none.
                let written = match request.method.as_str() {
                    "HEAD" => 0,
                    _ => reply.body.len(),
                };
                write_reply(&mut stream, &reply, written)?;
            }
        }
    }
    Ok(())
}

fn take_fault(shared: &Shared, request: &Seen) -> Option<Fault> {
    let asked = format!("{} {}", request.method, request.target);
    let mut faults = shared.faults.lock().unwrap();
    let at = faults.iter().position(|(part, _)| asked.contains(part))?;
    Some(faults.remove(at).1)
}

fn read_request(
    stream: &mut impl Read,
    rest: &mut Vec<u8>,
    shared: &Shared,
) -> io::Result<Option<Seen>> {
    let head_end = loop {
        if let Some(at) = rest.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if !fill(stream, rest, shared)? {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&rest[..head_end]).into_owned();
    rest.drain(..head_end + 4);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(Ok(0), |l| l.parse());
    let length: usize = length.map_err(io::Error::other)?;
    while rest.len() < length {
        if !fill(stream, rest, shared)? {
            return Ok(None);
        }
    }
    Ok(Some(Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: rest.drain(..length).collect(),
    }))
}

/// Reads some more; false at the end.
fn fill(stream: &mut impl Read, into: &mut Vec<u8>, shared: &Shared) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(read) => {
                into.extend_from_slice(&buffer[..read]);
                return Ok(true);
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if shared.stopped.load(Ordering::SeqCst) {
                    return Ok(false);
                }
            }
            Err(e) => return Err(e),
        }
    }
}

/// Writes the answer, and of its body so much.
fn write_reply(stream: &mut impl Write, reply: &Reply, written: usize) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if reply.status != 204 {
        head += &format!("Content-Length: {}\r\n", reply.body.len());
    }
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    if reply.status != 204 {
        stream.write_all(&reply.body[..written])?;
    }
    stream.flush()
}
