//! A server of the `http` backend's protocol on a port of this machine: states and locks in memory, and faults on demand.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use serde_json::Value;

/// How the server behaves all the time.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// A refused lock comes with the holder's JSON.
    pub(crate) tells_holder: bool,
    /// Writes and unlocks with the id of another lock are refused. Small servers forget to.
    pub(crate) compares_ids: bool,
    /// The status of a refused lock or write: 423 or 409.
    pub(crate) refusal: u16,
    /// The status of a state that is not there: 404, 204 or 200.
    pub(crate) absent: u16,
    /// The status of a write: 200, 201 or 204.
    pub(crate) written: u16,
    /// What stands before the ETag of a state, which is then compared with `If-None-Match`: nothing, or `W/`.
    pub(crate) etag: Option<&'static str>,
    /// Headers that each request must have, others are answered with 401.
    pub(crate) wanted: Vec<(String, String)>,
    /// HTTPS with this configuration.
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            tells_holder: true,
            compares_ids: true,
            refusal: 423,
            absent: 404,
            written: 200,
            etag: None,
            wanted: Vec::new(),
            tls: None,
        }
    }
}

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
    /// The answer has the digest of another body.
    LieAboutDigest,
    /// The answer announces a body of so many bytes.
    LieAboutLength(u64),
    /// The request is acted on, the answer comes after a while.
    Delay(Duration),
}

impl Fault {
    /// An answer with a status alone.
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }
}

/// A request that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query; a whole URL when it was sent to a proxy.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct Slot {
    state: Option<Vec<u8>>,
    /// The holder's JSON.
    lock: Option<Vec<u8>>,
}

struct Shared {
    behaviour: Behaviour,
    slots: Mutex<BTreeMap<String, Slot>>,
    faults: Mutex<Vec<(String, Fault)>>,
    seen: Mutex<Vec<Seen>>,
    stopped: AtomicBool,
}

/// The server. It ends with this value.
pub(crate) struct StateServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl StateServer {
    /// Starts one with nothing in it.
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            behaviour,
            slots: Mutex::default(),
            faults: Mutex::default(),
            seen: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = std::thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Such as `127.0.0.1:4711`.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The URL of a path; over TLS the name is `localhost`.
    pub(crate) fn url(&self, path: &str) -> String {
        match self.shared.behaviour.tls {
            Some(_) => format!("https://localhost:{}{path}", self.address.port()),
            None => format!("http://{}{path}", self.address),
        }
    }

    /// The next request with this method (any, if it is empty) meets the fault.
    pub(crate) fn fault(&self, method: &str, fault: Fault) {
        let mut faults = self.shared.faults.lock().unwrap();
        faults.push((method.to_owned(), fault));
    }

    /// Forgets the faults that no request has met.
    pub(crate) fn clear_faults(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// The requests so far, which are forgotten with this.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap())
    }

    /// The methods of the requests so far, which are forgotten with this.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.method).collect()
    }

    /// The state at a path.
    pub(crate) fn state(&self, path: &str) -> Option<Vec<u8>> {
        self.shared.slots.lock().unwrap().get(path)?.state.clone()
    }

    /// Who holds the lock of a path.
    pub(crate) fn holder(&self, path: &str) -> Option<Value> {
        let slots = self.shared.slots.lock().unwrap();
        let lock = slots.get(path)?.lock.as_ref()?;
        Some(serde_json::from_slice(lock).expect("the holder in JSON"))
    }

    /// Puts a state there without asking.
    pub(crate) fn put(&self, path: &str, state: &[u8]) {
        let mut slots = self.shared.slots.lock().unwrap();
        slots.entry(path.to_owned()).or_default().state = Some(state.to_vec());
    }

    /// Puts a lock there, or takes it away, without asking.
    pub(crate) fn set_lock(&self, path: &str, holder: Option<Value>) {
        let mut slots = self.shared.slots.lock().unwrap();
        let lock = holder.map(|holder| holder.to_string().into_bytes());
        slots.entry(path.to_owned()).or_default().lock = lock;
    }
}

impl Drop for StateServer {
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
        let shared = shared.clone();
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
    match &shared.behaviour.tls {
        None => serve(stream, shared),
        Some(config) => {
            let session =
                rustls::ServerConnection::new(config.clone()).map_err(io::Error::other)?;
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
        let fault = take_fault(shared, &request.method);
        let answer = match fault {
            Some(Fault::LoseRequest) => return Ok(()),
            Some(Fault::Answer(status, headers, body)) => Answer {
                status,
                headers: headers
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect(),
                body: body.into_bytes(),
                announced: None,
            },
            other => {
                let mut answer = act(shared, &request);
                match other {
                    Some(Fault::LoseAnswer) => return Ok(()),
                    Some(Fault::CutBody) => {
                        answer.announced = Some(answer.body.len() as u64);
                        answer.body.truncate(answer.body.len() / 2);
                        write_answer(&mut stream, &answer)?;
                        return Ok(());
                    }
                    Some(Fault::LieAboutDigest) => {
                        let lie = ("Content-MD5".to_owned(), digest(b"something else"));
                        answer.headers.retain(|(name, _)| name != "Content-MD5");
                        answer.headers.push(lie);
                    }
                    Some(Fault::LieAboutLength(length)) => answer.announced = Some(length),
                    Some(Fault::Delay(time)) => std::thread::sleep(time),
                    _ => {}
                }
                answer
            }
        };
        write_answer(&mut stream, &answer)?;
    }
    Ok(())
}

fn take_fault(shared: &Shared, method: &str) -> Option<Fault> {
    let mut faults = shared.faults.lock().unwrap();
    let at = faults
        .iter()
        .position(|(m, _)| m.is_empty() || m == method)?;
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

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The length that is announced in place of the body's.
    announced: Option<u64>,
}

impl Answer {
    fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            announced: None,
        }
    }
}

fn write_answer(stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} X\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if answer.status != 204 {
        let length = answer.announced.unwrap_or(answer.body.len() as u64);
        head += &format!("Content-Length: {length}\r\n");
    }
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    if answer.status != 204 {
        stream.write_all(&answer.body)?;
    }
    stream.flush()
}

fn digest(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(body))
}

/// The protocol itself.
fn act(shared: &Shared, request: &Seen) -> Answer {
    let behaviour = &shared.behaviour;
    let has = |(name, value): &(String, String)| {
        request.headers.get(&name.to_ascii_lowercase()) == Some(value)
    };
    if !behaviour.wanted.iter().all(has) {
        return Answer::new(401, "");
    }
    if let Some(announced) = request.headers.get("content-md5")
        && *announced != digest(&request.body)
    {
        return Answer::new(400, "the body does not fit its digest");
    }
    // A proxy gets the whole URL.
    let target = match request.target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => &request.target,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let id = query.split('&').find_map(|pair| pair.strip_prefix("ID="));
    let mut slots = shared.slots.lock().unwrap();
    let slot = slots.entry(path.to_owned()).or_default();
    let refused = |lock: Option<&Vec<u8>>| {
        let body = lock.filter(|_| behaviour.tells_holder).cloned();
        Answer::new(behaviour.refusal, body.unwrap_or_default())
    };
    match request.method.as_str() {
        "GET" => match &slot.state {
            Some(state) => {
                let etag = behaviour
                    .etag
                    .map(|sort| format!("{sort}\"{}\"", digest(state)));
                if etag.is_some() && request.headers.get("if-none-match") == etag.as_ref() {
                    return Answer::new(304, "");
                }
                let etag = etag.map(|etag| ("ETag".to_owned(), etag));
                let md5 = ("Content-MD5".to_owned(), digest(state));
                Answer {
                    headers: std::iter::once(md5).chain(etag).collect(),
                    ..Answer::new(200, state.clone())
                }
            }
            None => Answer::new(behaviour.absent, ""),
        },
        "POST" | "PUT" | "DELETE" => {
            let held = slot.lock.as_deref().map(id_of);
            if behaviour.compares_ids && held.as_deref() != id {
                return refused(slot.lock.as_ref());
            }
            let deletes = request.method == "DELETE";
            slot.state = (!deletes).then(|| request.body.clone());
            Answer::new(if deletes { 200 } else { behaviour.written }, "")
        }
        "LOCK" => match &slot.lock {
            Some(lock) => refused(Some(lock)),
            None => {
                slot.lock = Some(request.body.clone());
                Answer::new(200, "")
            }
        },
        "UNLOCK" => {
            let held = slot.lock.as_deref().map(id_of);
            // Terraform gives back by force without naming the lock.
            let named = (!request.body.is_empty()).then(|| id_of(&request.body));
            if behaviour.compares_ids && named.is_some() && held != named {
                return refused(slot.lock.as_ref());
            }
            slot.lock = None;
            Answer::new(200, "")
        }
        _ => Answer::new(405, ""),
    }
}

fn id_of(info: &[u8]) -> String {
    let info: Value = serde_json::from_slice(info).unwrap_or_default();
    info["ID"].as_str().unwrap_or_default().to_owned()
}
