//! A pretended Google Cloud Storage, prepared and looked at from outside of the library.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::tools::Tools;

/// A running fake-gcs-server. It ends with this value.
pub(in crate::backends) struct FakeGcs {
    server: Child,
    port: u16,
    _log: TempDir,
}

impl FakeGcs {
    /// Starts one without buckets and waits until it answers.
    pub(in crate::backends) fn start() -> Self {
        let port = free_port();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("server.log");
        let log = File::create(&path).unwrap();
        let authority = format!("127.0.0.1:{port}");
        let server = Command::new(Tools::get().fake_gcs_server())
            .args(["-scheme", "http", "-host", "127.0.0.1"])
            .args(["-port", &port.to_string(), "-backend", "memory"])
            .args(["-public-host", &authority, "-data", ""])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut this = Self {
            server,
            port,
            _log: folder,
        };
        let start = Instant::now();
        while TcpStream::connect(&authority).is_err() {
            let log = || std::fs::read_to_string(&path).unwrap_or_default();
            let ended = this.server.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", log());
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(60), "no answer\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        this
    }

    /// What `storage_custom_endpoint` is set to.
    pub(in crate::backends) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/storage/v1/", self.port)
    }

    /// An empty bucket.
    pub(in crate::backends) fn bucket(&self, name: &str, versioned: bool) {
        let body = json!({"name": name, "versioning": {"enabled": versioned}});
        self.ok("POST", "/storage/v1/b", body.to_string().as_bytes());
    }

    /// The bytes of an object; `None` when there is none.
    pub(in crate::backends) fn object(&self, bucket: &str, name: &str) -> Option<Vec<u8>> {
        let path = format!("/storage/v1/b/{bucket}/o/{}?alt=media", encoded(name));
        match self.request("GET", &path, b"") {
            (200, body) => Some(body),
            (404, _) => None,
            (status, _) => panic!("{status} for {bucket}/{name}"),
        }
    }

    /// The generation of an object.
    pub(in crate::backends) fn generation(&self, bucket: &str, name: &str) -> String {
        let path = format!("/storage/v1/b/{bucket}/o/{}", encoded(name));
        let answer: Value = serde_json::from_slice(&self.ok("GET", &path, b"")).unwrap();
        answer["generation"].as_str().unwrap().to_owned()
    }

    /// Writes an object.
    pub(in crate::backends) fn put(&self, bucket: &str, name: &str, body: &[u8]) {
        let name = encoded(name);
        let path = format!("/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}");
        self.ok("POST", &path, body);
    }

    fn ok(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let (status, answer) = self.request(method, path, body);
        let text = String::from_utf8_lossy(&answer);
        assert!(status < 300, "{method} {path}: {status} {text}");
        answer
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let host = format!("127.0.0.1:{}", self.port);
        let mut stream = TcpStream::connect(&host).unwrap();
        let length = body.len();
        // Of version 1.0, so that the answer comes in one piece.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_off(end + 4))
    }
}

impl Drop for FakeGcs {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
