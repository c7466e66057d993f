//! Faults of requests and answers.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::message::{Message, Reader, write};
use super::{Front, locked};

/// What happens instead of, or to, the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFault {
    /// The server does not get the request; status, headers and body of the answer.
    Answer(u16, Vec<(String, String)>, String),
    /// The server gets the request after a while.
    Delay(Duration),
    /// The server does not get the request, and the connection is closed.
    LoseRequest,
    /// The server gets half of the request's body, and the connection is closed.
    CutRequest,
    /// The server does what it is asked, and the connection is closed without an answer.
    LoseAnswer,
    /// The connection is closed after half of the answer's body.
    CutAnswer,
    /// A byte in the middle of the request's body arrives as another one.
    FlipRequest,
    /// A byte in the middle of the answer's body arrives as another one.
    FlipAnswer,
    /// The first answer that this method and target got is given once more, as a store does whose lists are late. Without one it passes.
    Stale,
}

impl HttpFault {
    /// An answer with a status alone.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    fn typed(status: u16, media: &str, body: &str) -> Self {
        let header = ("Content-Type".to_owned(), media.to_owned());
        Self::Answer(status, vec![header], body.to_owned())
    }

    /// 429, with `Retry-After` in seconds where it is given.
    pub fn throttled(retry_after: Option<u64>) -> Self {
        let header = retry_after.map(|s| ("Retry-After".to_owned(), s.to_string()));
        Self::Answer(429, header.into_iter().collect(), String::new())
    }

    /// 503, the same.
    pub fn unavailable(retry_after: Option<u64>) -> Self {
        let header = retry_after.map(|s| ("Retry-After".to_owned(), s.to_string()));
        Self::Answer(503, header.into_iter().collect(), String::new())
    }

    /// An error in XML as object stores give it: its status and code, such as 503 and `SlowDown`, or 403 and `ExpiredToken`.
    pub fn xml(status: u16, code: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>made by a test</Message></Error>"
        );
        Self::typed(status, "application/xml", &body)
    }

    /// An error in JSON as services of AWS give it: its status and type, such as 400 and `ThrottlingException`.
    pub fn json(status: u16, code: &str) -> Self {
        let body = format!("{{\"__type\":\"{code}\",\"message\":\"made by a test\"}}");
        Self::typed(status, "application/json", &body)
    }
}

/// A request that the proxy saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
}

type Condition = Box<dyn Fn(&Request) -> bool + Send + Sync>;

/// Which requests meet a fault: all that fit, the first one only unless [`Rule::times`] says otherwise.
pub struct Rule {
    conditions: Vec<Condition>,
    /// So many that fit are let through before.
    passed: usize,
    times: usize,
    fault: HttpFault,
}

impl Rule {
    /// The next request meets the fault.
    pub fn new(fault: HttpFault) -> Self {
        Self {
            conditions: Vec::new(),
            passed: 0,
            times: 1,
            fault,
        }
    }

    /// Only requests for which this is true.
    #[must_use]
    pub fn when(mut self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Box::new(condition));
        self
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        let method = method.to_owned();
        self.when(move |request| request.method == method)
    }

    /// Only requests whose path and query have this in them.
    #[must_use]
    pub fn path(self, part: &str) -> Self {
        let part = part.to_owned();
        self.when(move |request| request.target.contains(&part))
    }

    /// From the nth request on that fits, the first being 1.
    #[must_use]
    pub fn from(mut self, nth: usize) -> Self {
        self.passed = nth.saturating_sub(1);
        self
    }

    /// So many requests.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// The fault, if this request meets it.
    fn meet(&mut self, request: &Request) -> Option<HttpFault> {
        if self.times == 0 || !self.conditions.iter().all(|fits| fits(request)) {
            return None;
        }
        if self.passed > 0 {
            self.passed -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault.clone())
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("fault", &self.fault)
            .field("passed", &self.passed)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    script: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Request>>,
    /// The first answer to each method and target.
    first: Mutex<BTreeMap<(String, String), Message>>,
    met: AtomicUsize,
    connections: AtomicUsize,
}

/// A proxy for HTTP/1.1.
#[derive(Debug)]
pub struct HttpProxy {
    front: Front,
    shared: Arc<Shared>,
}

impl HttpProxy {
    /// Starts one in front of a server.
    ///
    /// # Errors
    /// Those of listening on 127.0.0.1.
    pub async fn start(server: SocketAddr) -> io::Result<Self> {
        let (listener, address) = Front::listen().await?;
        let shared = Arc::new(Shared {
            server,
            script: Mutex::default(),
            seen: Mutex::default(),
            first: Mutex::default(),
            met: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            front: Front { address, accepting },
            shared,
        })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.front.address
    }

    /// Such as `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.front.address)
    }

    /// Adds a rule. Of several that fit a request, the first one counts.
    pub fn script(&self, rule: Rule) {
        locked(&self.shared.script).push(rule);
    }

    /// Forgets all rules.
    pub fn clear(&self) {
        locked(&self.shared.script).clear();
    }

    /// The requests so far, which are forgotten with this.
    pub fn seen(&self) -> Vec<Request> {
        std::mem::take(&mut *locked(&self.shared.seen))
    }

    /// So many faults came into effect.
    pub fn met(&self) -> usize {
        self.shared.met.load(Ordering::SeqCst)
    }

    /// So many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Aborted with this task.
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(&shared);
        // Whoever goes away is no failure of the proxy.
        open.spawn(async move {
            let _ = serve(client, &shared).await;
        });
        while open.try_join_next().is_some() {}
    }
}

async fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from, mut to) = client.into_split();
    let mut from = Reader::new(from);
    while let Some(mut sent) = from.head().await? {
        let words = sent.words();
        let word = |n: usize| words.get(n).cloned().unwrap_or_default();
        let request = Request {
            method: word(0),
            target: word(1),
        };
        if sent.header("expect").is_some() {
            to.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            sent.remove("expect");
        }
        from.body(&mut sent, false).await?;
        locked(&shared.seen).push(request.clone());
        let fault = locked(&shared.script)
            .iter_mut()
            .find_map(|rule| rule.meet(&request));
        let Some(answer) = answered(shared, &request, sent, fault).await? else {
            return Ok(());
        };
        let length = match answer.cut {
            true => answer.message.body.len() / 2,
            false => answer.message.body.len(),
        };
        write(&mut to, &answer.message, length).await?;
        if answer.cut || answer.message.until_end {
            return Ok(());
        }
    }
    Ok(())
}

struct Answer {
    message: Message,
    /// Only half of its body is given.
    cut: bool,
}

/// The answer to a request; `None` when the connection is to be closed.
async fn answered(
    shared: &Shared,
    request: &Request,
    mut sent: Message,
    fault: Option<HttpFault>,
) -> io::Result<Option<Answer>> {
    if fault.is_some() {
        shared.met.fetch_add(1, Ordering::SeqCst);
    }
    let whole = |message| {
        Ok(Some(Answer {
            message,
            cut: false,
        }))
    };
    match &fault {
        Some(HttpFault::Answer(status, headers, body)) => {
            return whole(made(*status, headers, body));
        }
        Some(HttpFault::LoseRequest) => return Ok(None),
        Some(HttpFault::CutRequest) => {
            let mut server = TcpStream::connect(shared.server).await?;
            write(&mut server, &sent, sent.body.len() / 2).await?;
            return Ok(None);
        }
        Some(HttpFault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(HttpFault::FlipRequest) => flip(&mut sent.body),
        Some(HttpFault::Stale) => {
            let key = (request.method.clone(), request.target.clone());
            if let Some(first) = locked(&shared.first).get(&key) {
                return whole(first.clone());
            }
        }
        _ => {}
    }
    let mut message = forward(shared, request, &sent).await?;
    locked(&shared.first)
        .entry((request.method.clone(), request.target.clone()))
        .or_insert_with(|| message.clone());
    match fault {
        Some(HttpFault::LoseAnswer) => return Ok(None),
        Some(HttpFault::FlipAnswer) => flip(&mut message.body),
        _ => {}
    }
    let cut = fault == Some(HttpFault::CutAnswer);
    Ok(Some(Answer { message, cut }))
}

fn flip(body: &mut [u8]) {
    let middle = body.len() / 2;
    if let Some(byte) = body.get_mut(middle) {
        *byte ^= 0x01;
    }
}

fn made(status: u16, headers: &[(String, String)], body: &str) -> Message {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Made\r\n{headers}Content-Length: {length}\r\n\r\n");
    Message {
        head: head.into_bytes(),
        body: body.as_bytes().to_vec(),
        until_end: false,
    }
}

/// Asks the server, on a connection of its own.
async fn forward(shared: &Shared, request: &Request, sent: &Message) -> io::Result<Message> {
    let server = TcpStream::connect(shared.server).await?;
    server.set_nodelay(true)?;
    let (from, mut to) = server.into_split();
    write(&mut to, sent, sent.body.len()).await?;
    let mut from = Reader::new(from);
    loop {
        let Some(mut message) = from.head().await? else {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server did not answer",
            ));
        };
        let words = message.words();
        let status = words.get(1).map_or("", String::as_str);
        // Such as 100: the answer itself comes after it.
        if status.starts_with('1') {
            continue;
        }
        let bodiless = request.method == "HEAD" || matches!(status, "204" | "304");
        if !bodiless {
            from.body(&mut message, true).await?;
        }
        // The connection to the client is another one.
        if !message.until_end {
            message.remove("connection");
        }
        return Ok(message);
    }
}
