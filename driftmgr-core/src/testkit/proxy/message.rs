//! Messages of HTTP/1.1 (RFC 9112) as far as a proxy has to know them: where they end.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const HEAD_LIMIT: usize = 256 * 1024;

/// A request or an answer. Its head is kept as it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Message {
    /// With the empty line that ends it.
    pub(super) head: Vec<u8>,
    /// As it was sent, chunks and all.
    pub(super) body: Vec<u8>,
    /// The body ends with the connection.
    pub(super) until_end: bool,
}

impl Message {
    /// The words of the first line.
    pub(super) fn words(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.head);
        let line = text.lines().next().unwrap_or_default();
        line.split(' ').map(str::to_owned).collect()
    }

    /// A header, its name in small letters.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.head);
        text.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }

    /// Takes every line of a header out.
    pub(super) fn remove(&mut self, name: &str) {
        let text = String::from_utf8_lossy(&self.head).into_owned();
        let is_other = |line: &&str| {
            let found = line.split_once(':').map_or("", |(found, _)| found);
            !found.eq_ignore_ascii_case(name)
        };
        let kept: Vec<&str> = text.split("\r\n").filter(is_other).collect();
        self.head = kept.join("\r\n").into_bytes();
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|e| e.to_ascii_lowercase().contains("chunked"))
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads messages from one side of a connection.
pub(super) struct Reader<R> {
    from: R,
    rest: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            rest: Vec::new(),
        }
    }

    /// Reads some more; false at the end.
    async fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let read = self.from.read(&mut buffer).await?;
        self.rest.extend(buffer.iter().take(read));
        Ok(read > 0)
    }

    /// The head of the next message; `None` when there is none any more.
    pub(super) async fn head(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(at) = self.rest.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = self.rest.drain(..at + 4).collect();
                return Ok(Some(Message {
                    head,
                    ..Message::default()
                }));
            }
            if self.rest.len() > HEAD_LIMIT {
                return Err(broken("a head that does not end"));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The body that belongs to a request, or with `answer` to an answer that has one.
    pub(super) async fn body(&mut self, message: &mut Message, answer: bool) -> io::Result<()> {
        if message.is_chunked() {
            return self.chunks(message).await;
        }
        match message.header("content-length") {
            Some(length) => {
                let length = length
                    .parse()
                    .map_err(|_| broken("a length that is none"))?;
                message.body = self.take(length).await?;
            }
            None if answer => {
                message.until_end = true;
                while self.fill().await? {}
                message.body = std::mem::take(&mut self.rest);
            }
            None => {}
        }
        Ok(())
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.rest.len() < length {
            if !self.fill().await? {
                return Err(broken("a body that ends early"));
            }
        }
        Ok(self.rest.drain(..length).collect())
    }

    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.rest.windows(2).position(|w| w == b"\r\n") {
                return Ok(self.rest.drain(..at + 2).collect());
            }
            if !self.fill().await? {
                return Err(broken("a chunk that ends early"));
            }
        }
    }

    async fn chunks(&mut self, message: &mut Message) -> io::Result<()> {
        loop {
            let line = self.line().await?;
            let text = String::from_utf8_lossy(&line).into_owned();
            let digits = text.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(digits, 16).map_err(|_| broken("a chunk without a size"))?;
            message.body.extend(line);
            if size == 0 {
                break;
            }
            let chunk = self.take(size + 2).await?;
            message.body.extend(chunk);
        }
        // Trailers, up to an empty line.
        loop {
            let line = self.line().await?;
            let last = line == b"\r\n";
            message.body.extend(line);
            if last {
                return Ok(());
            }
        }
    }
}

/// Writes a message, or the first so many bytes of its body.
pub(super) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    message: &Message,
    body: usize,
) -> io::Result<()> {
    to.write_all(&message.head).await?;
    to.write_all(message.body.get(..body).unwrap_or(&message.body))
        .await?;
    to.flush().await
}
