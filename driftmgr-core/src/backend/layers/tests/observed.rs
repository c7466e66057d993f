//! Figures and spans.

use std::io::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tracing_subscriber::fmt::format::FmtSpan;

use super::support::{Faulty, at, cx, get, layers, put, spec};
use crate::backend::WriteOptions;
use crate::backend::layers::BackendOptions;
use crate::error::ErrorKind;

#[tokio::test]
async fn every_call_is_counted_by_kind_and_method() {
    let below = Faulty::new();
    let layers = layers(BackendOptions::default());
    let backend = below.below(&layers, &spec());
    put(&backend, "twelve bytes").await;
    for _ in 0..3 {
        get(&backend).await;
    }
    below.fail_with(ErrorKind::Locked, 2);
    for _ in 0..2 {
        let new = Bytes::from_static(b"x");
        let (cx, at) = (cx(), at());
        let written = backend.write(&cx, &at, new, WriteOptions::default());
        assert!(written.await.is_err());
    }
    let metrics = layers.metrics();
    let of = |method: &str| metrics.calls["memory"][method].clone();
    let (read, write) = (of("read"), of("write"));
    assert_eq!((read.calls, read.received, read.sent), (3, 36, 0));
    assert_eq!((write.calls, write.received, write.sent), (3, 0, 14));
    assert_eq!(write.errors["locked"], 2);
    assert!(read.errors.is_empty());
    assert!(read.seconds >= read.longest && read.longest > 0.0);
    assert_eq!(metrics.calls["memory"].len(), 2);
    let json = serde_json::to_value(&metrics).unwrap();
    assert_eq!(json["calls"]["memory"]["write"]["errors"]["locked"], 2);
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_span_tells_of_the_call_and_of_no_secret() {
    let heard = Heard::default();
    let writer = heard.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut spec = spec();
    let secret = crate::redact::Sensitive::new("hunter-argument".into());
    spec.config.insert("password".to_owned(), secret);
    let below = Faulty::new();
    let layers = layers(BackendOptions::default());
    let backend = below.below(&layers, &spec);
    put(&backend, "hunter-state").await;
    get(&backend).await;
    below.fail_with(ErrorKind::Locked, 1);
    assert!(backend.versions(&cx(), &at()).await.is_err());
    drop(guard);
    let said = String::from_utf8(heard.0.lock().unwrap().clone()).unwrap();
    let spans: Vec<&str> = said.lines().filter(|l| l.contains("backend{")).collect();
    assert_eq!(spans.len(), 3, "{said}");
    for (span, parts) in spans.iter().zip([
        ["method=\"write\"", "sent=12", "workspace=\"default\""],
        ["method=\"read\"", "received=12", "kind=memory"],
        ["method=\"versions\"", "error=\"locked\"", "location=memory"],
    ]) {
        for part in parts {
            assert!(span.contains(part), "{part} in {span}");
        }
    }
    assert!(!said.contains("hunter"), "{said}");
    assert!(!format!("{layers:?} {backend:?} {:?}", layers.metrics()).contains("hunter"));
}
