//! What a provider prints: read to the end, so that it never blocks, and mostly forgotten, since it may hold secrets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of the output is kept for error messages, in bytes.
const MAX_TAIL: usize = 16 * 1024;
/// How much of one line is kept, in bytes.
const MAX_LINE: usize = 1024;
/// How many last lines an error shows.
const SHOWN_LINES: usize = 5;

/// The end of what a provider printed for people: the line with which it panicked and the last lines. Log lines are dropped on
/// arrival.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    panic: Option<String>,
    kept: VecDeque<String>,
    bytes: usize,
    partial: Vec<u8>,
}

impl Tail {
    /// Takes in a piece of output.
    pub(crate) fn push(&self, mut data: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(end) = data.iter().position(|b| *b == b'\n') {
            let (line, rest) = data.split_at(end);
            lines.extend_partial(line);
            lines.end_line();
            data = rest.get(1..).unwrap_or_default();
        }
        lines.extend_partial(data);
    }

    /// What to show in an error, if there is anything: the panic line, else the last lines.
    pub(crate) fn summary(&self) -> Option<String> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.end_line();
        if let Some(panic) = &lines.panic {
            return Some(panic.clone());
        }
        let skipped = lines.kept.len().saturating_sub(SHOWN_LINES);
        let last: Vec<&str> = lines
            .kept
            .iter()
            .skip(skipped)
            .map(String::as_str)
            .collect();
        (!last.is_empty()).then(|| last.join("; "))
    }
}

impl Lines {
    fn extend_partial(&mut self, data: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.partial.len());
        self.partial
            .extend_from_slice(data.get(..room).unwrap_or(data));
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() || is_log(line) {
            return;
        }
        if self.panic.is_none() && is_panic(line) {
            self.panic = Some(line.to_owned());
        }
        self.bytes += line.len();
        self.kept.push_back(line.to_owned());
        while self.bytes > MAX_TAIL {
            let Some(dropped) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= dropped.len();
        }
    }
}

/// The two ways in which the Go runtime begins its last words.
fn is_panic(line: &str) -> bool {
    line.starts_with("panic: ") || line.starts_with("fatal error: ")
}

/// Lines of the SDKs' logger, in JSON or as `2006-01-02T15:04:05.000Z [LEVEL] …` and `2006/01/02 15:04:05 [LEVEL] …`.
fn is_log(line: &str) -> bool {
    let level = ["[TRACE]", "[DEBUG]", "[INFO]", "[WARN]", "[ERROR]"];
    line.starts_with(r#"{"@"#)
        || (line.starts_with(|c: char| c.is_ascii_digit())
            && level.iter().any(|l| line.contains(l)))
}

/// Reads a stream to its end.
pub(crate) async fn drain(mut stream: impl AsyncRead + Unpin, tail: Option<Tail>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if let (Some(tail), Some(data)) = (&tail, buffer.get(..read)) {
            tail.push(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(pieces: &[&str]) -> Option<String> {
        let tail = Tail::default();
        pieces.iter().for_each(|p| tail.push(p.as_bytes()));
        tail.summary()
    }

    #[test]
    fn a_panic_line_is_shown_alone_however_it_is_cut() {
        let want = Some("panic: boom".to_owned());
        assert_eq!(
            summary(&[
                "hello\npan",
                "ic: bo",
                "om\n\ngoroutine 1 [running]:\nmain.go"
            ]),
            want
        );
        assert_eq!(summary(&["panic: boom"]), want);
    }

    #[test]
    fn logs_are_forgotten() {
        assert_eq!(
            summary(&[
                "{\"@level\":\"trace\",\"@message\":\"secret\"}\n",
                "2026-01-02T03:04:05.678Z [DEBUG] secret\n",
                "2026/01/02 03:04:05 [TRACE] secret\n",
            ]),
            None
        );
    }

    #[test]
    fn the_last_lines_stand_in_for_a_panic() {
        let many: String = (0..100_000).map(|i| format!("line {i}\n")).collect();
        assert_eq!(
            summary(&[&many]).unwrap(),
            "line 99995; line 99996; line 99997; line 99998; line 99999"
        );
        assert_eq!(summary(&["\n \n"]), None);
    }

    #[test]
    fn memory_is_bounded() {
        let tail = Tail::default();
        for _ in 0..1000 {
            tail.push(&[b'x'; 100_000]);
        }
        assert!(tail.0.lock().unwrap().partial.len() <= MAX_LINE);
        for _ in 0..10_000 {
            tail.push(b"some line of text\n");
        }
        let lines = tail.0.lock().unwrap();
        assert!(lines.bytes <= MAX_TAIL);
        assert_eq!(
            lines.bytes,
            lines.kept.iter().map(String::len).sum::<usize>()
        );
    }
}
