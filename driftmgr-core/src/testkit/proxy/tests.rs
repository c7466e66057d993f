use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A server that answers each request with the number of the request and what was sent.
async fn counting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut n = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let (from, mut to) = stream.into_split();
            let mut from = message::Reader::new(from);
            let Some(mut request) = from.head().await.unwrap() else {
                continue;
            };
            if from.body(&mut request, false).await.is_err() {
                continue;
            }
            n += 1;
            let body = format!("{n}:{}", String::from_utf8_lossy(&request.body));
            let head = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            // A client may go away.
            let _ = to.write_all((head + &body).as_bytes()).await;
        }
    });
    address
}

/// A server that says back what it hears.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

/// Status and body of an answer, or what came before the connection ended.
async fn ask(stream: &mut TcpStream, method: &str, target: &str, body: &str) -> (u16, String) {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    if stream.write_all(request.as_bytes()).await.is_err() {
        return (0, String::new());
    }
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        text.extend_from_slice(&buffer[..read]);
        let answer = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = answer.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("Content-Length: "));
            let length: usize = length.unwrap().parse().unwrap();
            if body.len() >= length || read == 0 {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                return (status, body.to_owned());
            }
        }
        if read == 0 {
            return (0, answer);
        }
    }
}

async fn once(proxy: &HttpProxy, method: &str, target: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    ask(&mut stream, method, target, body).await
}

fn said(status: u16, body: &str) -> (u16, String) {
    (status, body.to_owned())
}

#[tokio::test]
async fn without_a_script_all_goes_through_on_one_connection() {
    let proxy = HttpProxy::start(counting().await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut stream, "GET", "/a", "").await, said(200, "1:"));
    assert_eq!(
        ask(&mut stream, "PUT", "/b?x", "new").await,
        said(200, "2:new")
    );
    assert_eq!((proxy.connections(), proxy.met()), (1, 0));
    let seen = proxy.seen();
    let seen: Vec<_> = seen
        .iter()
        .map(|r| (r.method.as_str(), r.target.as_str()))
        .collect();
    assert_eq!(seen, [("GET", "/a"), ("PUT", "/b?x")]);
    assert!(proxy.seen().is_empty());
}

#[tokio::test]
async fn chunks_go_through_as_they_came() {
    let proxy = HttpProxy::start(counting().await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let request = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.contains("1:") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        text += std::str::from_utf8(&buffer[..read]).unwrap();
    }
    assert!(text.starts_with("HTTP/1.1 100"), "{text}");
    assert!(
        text.ends_with("1:3\r\nabc\r\n0\r\nx: y\r\n\r\n"),
        "{text:?}"
    );
}

#[tokio::test]
async fn a_rule_is_for_the_requests_that_fit_it() {
    let proxy = HttpProxy::start(counting().await).await.unwrap();
    proxy.script(
        Rule::new(HttpFault::throttled(Some(3)))
            .method("PUT")
            .path("/lock")
            .from(2)
            .times(2),
    );
    proxy.script(Rule::new(HttpFault::status(500)).when(|r| r.target.ends_with("?list")));
    let mut found = Vec::new();
    for (method, target) in [
        ("PUT", "/lock"),
        ("GET", "/lock"),
        ("PUT", "/lock"),
        ("PUT", "/other"),
        ("PUT", "/lock"),
        ("PUT", "/lock"),
        ("GET", "/?list"),
        ("GET", "/?list"),
    ] {
        found.push(once(&proxy, method, target, "").await.0);
    }
    assert_eq!(found, [200, 200, 429, 200, 429, 200, 500, 200]);
    assert_eq!(proxy.met(), 3);
    proxy.script(Rule::new(HttpFault::status(500)));
    proxy.clear();
    assert_eq!(once(&proxy, "GET", "/", "").await.0, 200);
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let proxy = HttpProxy::start(counting().await).await.unwrap();
    let with = async |fault: HttpFault| {
        proxy.script(Rule::new(fault));
        once(&proxy, "PUT", "/x", "abcdef").await
    };
    // The server counts what it got.
    assert_eq!(with(HttpFault::LoseRequest).await, said(0, ""));
    assert_eq!(with(HttpFault::CutRequest).await, said(0, ""));
    assert_eq!(with(HttpFault::LoseAnswer).await, said(0, ""));
    assert_eq!(with(HttpFault::CutAnswer).await, said(200, "2:ab"));
    assert_eq!(with(HttpFault::FlipRequest).await, said(200, "3:abceef"));
    assert_eq!(with(HttpFault::FlipAnswer).await, said(200, "4:abbdef"));
    assert_eq!(with(HttpFault::Stale).await, said(200, "1:abcdef"));
    let start = Instant::now();
    let pause = Duration::from_millis(80);
    assert_eq!(with(HttpFault::Delay(pause)).await, said(200, "5:abcdef"));
    assert!(start.elapsed() >= pause);
    let (status, body) = with(HttpFault::xml(503, "SlowDown")).await;
    assert!(
        status == 503 && body.contains("<Code>SlowDown</Code>"),
        "{body}"
    );
    let (status, body) = with(HttpFault::json(400, "ThrottlingException")).await;
    assert!(
        status == 400 && body.contains("ThrottlingException"),
        "{body}"
    );
    assert_eq!(with(HttpFault::unavailable(None)).await, said(503, ""));
    assert_eq!(proxy.met(), 11);
}

async fn echoed(proxy: &TcpProxy, text: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut heard = Vec::new();
    // A connection that is cut hears what came before.
    let _ = stream.write_all(text.as_bytes()).await;
    while heard.len() < text.len() {
        let mut buffer = [0; 64];
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => heard.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn connections_meet_their_faults_by_number() {
    let proxy = TcpProxy::start(echo().await).await.unwrap();
    proxy.script(2, TcpFault::Refuse);
    proxy.script(3, TcpFault::CutAfter(Direction::ToServer, 2));
    proxy.script(4, TcpFault::CutAfter(Direction::ToClient, 3));
    proxy.script(5, TcpFault::Flip(Direction::ToClient, 1));
    let mut heard = Vec::new();
    for _ in 0..6 {
        heard.push(echoed(&proxy, "hello").await);
    }
    // What was cut on the way there may or may not have come back.
    assert!("he".starts_with(&heard[2]), "{heard:?}");
    heard.remove(2);
    assert_eq!(heard, ["hello", "", "hel", "hEllo", "hello"]);
    assert_eq!((proxy.connections(), proxy.met()), (6, 4));
    assert_eq!(proxy.bytes(Direction::ToServer), 5 + 2 + 5 + 5 + 5);
    proxy.script(
        1,
        TcpFault::Delay(Direction::ToServer, Duration::from_millis(60)),
    );
    let start = Instant::now();
    assert_eq!(echoed(&proxy, "slow").await, "slow");
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn everything_can_be_cut_and_come_back() {
    let proxy = TcpProxy::start(echo().await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"x").await.unwrap();
    let mut one = [0];
    stream.read_exact(&mut one).await.unwrap();
    proxy.set_down(true);
    assert_eq!(stream.read(&mut one).await.unwrap_or(0), 0);
    assert_eq!(echoed(&proxy, "hello").await, "");
    proxy.set_down(false);
    assert_eq!(echoed(&proxy, "hello").await, "hello");
    proxy.script(1, TcpFault::Hang);
    let silence = tokio::time::timeout(Duration::from_millis(100), echoed(&proxy, "x")).await;
    assert!(silence.is_err());
}
