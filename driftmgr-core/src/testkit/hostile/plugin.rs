//! What a provider prints before and while it speaks the protocol.

use base64::Engine as _;

use super::refused::refused;
use crate::env::{Environment, TF_REATTACH_PROVIDERS};
use crate::provider::plugin::hostile::{Endpoint, Tail, handshake, kind_of};
use crate::provider::plugin::reattached;

/// The first byte chooses: the handshake line, the variable of running providers, or output for people.
pub fn plugin(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    match choice % 3 {
        0 => first_line(bytes),
        1 => running(bytes),
        _ => output(bytes),
    }
}

/// Written again as go-plugin writes it, it is the same handshake.
fn first_line(line: &[u8]) {
    let read = match handshake(line) {
        Ok(read) => read,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (network, address) = match &read.endpoint {
        Endpoint::Unix(path) => ("unix", path.display().to_string()),
        Endpoint::Tcp(address) => ("tcp", address.to_string()),
    };
    let certificate = read.certificate.as_ref();
    let certificate = certificate.map(|der| base64::engine::general_purpose::STANDARD.encode(der));
    let written = format!(
        "1|{}|{network}|{address}|grpc|{}",
        read.protocol.number(),
        certificate.unwrap_or_default()
    );
    assert_eq!(handshake(written.as_bytes()), Ok(read), "{written}");
}

fn running(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let environment = Environment::from_variables([(TF_REATTACH_PROVIDERS, text)]);
    if let Err(error) = reattached(&environment) {
        refused(&error);
        assert_eq!(error.context_value("variable"), Some(TF_REATTACH_PROVIDERS));
    }
}

/// Cut into pieces it is the same output, and the end of it is never long.
fn output(bytes: &[u8]) {
    let (whole, pieces) = (Tail::default(), Tail::default());
    whole.push(bytes);
    for piece in bytes.chunks(7) {
        pieces.push(piece);
    }
    let summary = whole.summary();
    assert_eq!(summary, pieces.summary());
    let text = String::from_utf8_lossy(bytes);
    // A byte that is no text becomes a character of three.
    assert!(summary.map_or(0, |s| s.len()) <= 16 * 1024);
    // White space is no part of what it says.
    let wide: String = text.chars().flat_map(|c| [c, ' ']).collect();
    assert_eq!(kind_of(&text), kind_of(&wide));
}
