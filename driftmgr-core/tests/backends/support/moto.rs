//! A pretended AWS with buckets and tables, prepared and looked at from outside of the library.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::tools;

/// A running moto. It ends with this value.
pub(in crate::backends) struct Moto {
    server: tools::Moto,
}

impl Moto {
    pub(in crate::backends) fn start() -> Self {
        Self {
            server: tools::Moto::start(),
        }
    }

    /// Such as `http://127.0.0.1:4711`.
    pub(in crate::backends) fn url(&self) -> String {
        self.server.url()
    }

    /// An empty bucket.
    pub(in crate::backends) fn bucket(&self, name: &str, versioned: bool) {
        self.ok("PUT", &format!("/{name}"), &[], b"");
        if versioned {
            self.versioning(name, "Enabled");
        }
    }

    /// Sets the versioning of a bucket to `Enabled` or `Suspended`.
    pub(in crate::backends) fn versioning(&self, bucket: &str, status: &str) {
        let body = format!(
            "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>{status}</Status></VersioningConfiguration>"
        );
        self.ok(
            "PUT",
            &format!("/{bucket}?versioning"),
            &[],
            body.as_bytes(),
        );
    }

    /// A table as both programs want it for their locks.
    pub(in crate::backends) fn lock_table(&self, name: &str) {
        let body = format!(
            "{{\"TableName\":\"{name}\",\"BillingMode\":\"PAY_PER_REQUEST\",\
             \"KeySchema\":[{{\"AttributeName\":\"LockID\",\"KeyType\":\"HASH\"}}],\
             \"AttributeDefinitions\":[{{\"AttributeName\":\"LockID\",\"AttributeType\":\"S\"}}]}}"
        );
        self.dynamodb("CreateTable", &body);
    }

    /// A request to DynamoDB; the answer's body.
    pub(in crate::backends) fn dynamodb(&self, action: &str, body: &str) -> String {
        let target = format!("DynamoDB_20120810.{action}");
        let headers = [
            ("X-Amz-Target", target.as_str()),
            ("Content-Type", "application/x-amz-json-1.0"),
        ];
        String::from_utf8(self.ok("POST", "/", &headers, body.as_bytes())).unwrap()
    }

    /// The bytes of an object; `None` when there is none.
    pub(in crate::backends) fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        match self.request("GET", &format!("/{bucket}/{key}"), &[], b"") {
            (200, body) => Some(body),
            (404, _) => None,
            (status, _) => panic!("{status} for {bucket}/{key}"),
        }
    }

    /// Writes an object.
    pub(in crate::backends) fn put(&self, bucket: &str, key: &str, body: &[u8]) {
        self.ok("PUT", &format!("/{bucket}/{key}"), &[], body);
    }

    fn ok(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let (status, answer) = self.request(method, path, headers, body);
        let text = String::from_utf8_lossy(&answer);
        assert!(status < 300, "{method} {path}: {status} {text}");
        answer
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let url = self.url();
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let service = match headers.is_empty() {
            true => "s3",
            false => "dynamodb",
        };
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let length = body.len();
        // Unsigned it may not replace what others wrote; with what it is signed nobody looks at. Of version 1.0, so that the
        // answer comes in one piece.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\n{headers}\
             Authorization: AWS4-HMAC-SHA256 Credential=testing/20261121/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {length}\r\n\r\n"
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
