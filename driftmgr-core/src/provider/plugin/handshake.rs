//! The one line with which a provider says where it listens. Pure: text in, handshake or reason out.
//!
//! `core protocol|app protocol|network|address|wire protocol|certificate`, as go-plugin prints it; a certificate is raw DER in
//! unpadded base64.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Sent to every provider: proves that it was started on purpose and not by hand.
pub(crate) const MAGIC_COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// Longer than any real line, which is about 900 bytes with a certificate.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// A sixth field up to this length is no certificate: go-plugin has put other things there.
const MAX_JUNK: usize = 50;

/// Certificates come without padding; a server that pads is understood as well.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The versions of the provider protocol that this library speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Protocol 5.
    V5,
    /// Protocol 6.
    V6,
}

impl Protocol {
    /// The version with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            5 => Some(Self::V5),
            6 => Some(Self::V6),
            _ => None,
        }
    }

    /// Its number.
    pub fn number(self) -> u32 {
        match self {
            Self::V5 => 5,
            Self::V6 => 6,
        }
    }
}

/// Where a provider listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A unix socket.
    Unix(PathBuf),
    /// A TCP port, on Windows.
    Tcp(SocketAddr),
}

impl Endpoint {
    /// Reads network and address as the handshake and `TF_REATTACH_PROVIDERS` write them.
    pub(crate) fn parse(network: &str, address: &str) -> Option<Self> {
        match network {
            "unix" if !address.is_empty() => Some(Self::Unix(address.into())),
            "tcp" => address.parse().ok().map(Self::Tcp),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// What the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handshake {
    pub(crate) protocol: Protocol,
    pub(crate) endpoint: Endpoint,
    /// DER of the server's certificate.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// Why a line is no handshake that this library can go on with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("the first line it printed is not a plugin handshake")]
    NotAHandshake,
    #[error("it speaks version {0} of the plugin framework, and only version 1 is known")]
    Core(String),
    #[error("it speaks provider protocol {0}, and only 5 and 6 are known")]
    Protocol(String),
    #[error("it listens on an address that cannot be used")]
    Address,
    #[error("it speaks net/rpc, as plugins before Terraform 0.12 did, and not gRPC")]
    NetRpc,
    #[error("its wire protocol is not gRPC")]
    Wire,
    #[error("its certificate is not base64")]
    Certificate,
}

impl HandshakeError {
    /// True when another version of the provider would help, as opposed to a binary that is no provider at all.
    pub(crate) fn is_version(&self) -> bool {
        matches!(self, Self::Core(_) | Self::Protocol(_) | Self::NetRpc)
    }
}

/// Reads the line.
pub(crate) fn parse(line: &[u8]) -> Result<Handshake, HandshakeError> {
    let line = std::str::from_utf8(line).map_err(|_| HandshakeError::NotAHandshake)?;
    let mut fields = line.trim().split('|');
    let mut next = || fields.next().map(str::trim);
    let (Some(core), Some(app), Some(network), Some(address)) = (next(), next(), next(), next())
    else {
        return Err(HandshakeError::NotAHandshake);
    };
    let (wire, certificate) = (next(), next());

    let core_number: u64 = core.parse().map_err(|_| HandshakeError::NotAHandshake)?;
    if core_number != 1 {
        return Err(HandshakeError::Core(core_number.to_string()));
    }
    // Checked before the protocol number: a net/rpc plugin speaks protocol 4.
    match wire {
        Some("grpc") => {}
        None | Some("" | "netrpc") => return Err(HandshakeError::NetRpc),
        Some(_) => return Err(HandshakeError::Wire),
    }
    let app_number: u64 = app.parse().map_err(|_| HandshakeError::NotAHandshake)?;
    let protocol = Protocol::from_number(app_number)
        .ok_or_else(|| HandshakeError::Protocol(app_number.to_string()))?;
    let endpoint = Endpoint::parse(network, address).ok_or(HandshakeError::Address)?;
    let certificate = certificate
        .filter(|text| text.len() > MAX_JUNK)
        .map(|text| BASE64.decode(text))
        .transpose()
        .map_err(|_| HandshakeError::Certificate)?;
    Ok(Handshake {
        protocol,
        endpoint,
        certificate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(line: &str) -> Result<Handshake, HandshakeError> {
        parse(line.as_bytes())
    }

    #[test]
    fn reads_what_providers_print() {
        let plain = Handshake {
            protocol: Protocol::V5,
            endpoint: Endpoint::Unix("/tmp/plugin123".into()),
            certificate: None,
        };
        for line in [
            "1|5|unix|/tmp/plugin123|grpc|",
            "1|5|unix|/tmp/plugin123|grpc",
            " 1|5|unix|/tmp/plugin123|grpc| \r\n",
            "1|5|unix|/tmp/plugin123|grpc|short junk",
            "1|5|unix|/tmp/plugin123|grpc||true",
        ] {
            assert_eq!(handshake(line).as_ref(), Ok(&plain), "{line:?}");
        }
        let tcp = handshake("1|6|tcp|127.0.0.1:10001|grpc|").unwrap();
        assert_eq!(tcp.protocol, Protocol::V6);
        assert_eq!(
            tcp.endpoint,
            Endpoint::Tcp("127.0.0.1:10001".parse().unwrap())
        );
    }

    #[test]
    fn a_certificate_is_der_in_base64_with_or_without_padding() {
        let der: Vec<u8> = (0..=200).collect();
        for encoded in [
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(&der),
            base64::engine::general_purpose::STANDARD.encode(&der),
        ] {
            let line = format!("1|6|unix|/s|grpc|{encoded}\n");
            assert_eq!(
                handshake(&line).unwrap().certificate.as_deref(),
                Some(&der[..])
            );
        }
        let junk = "!".repeat(60);
        assert_eq!(
            handshake(&format!("1|6|unix|/s|grpc|{junk}")),
            Err(HandshakeError::Certificate)
        );
    }

    #[test]
    fn refuses_other_versions_by_name() {
        for (line, message) in [
            ("2|5|unix|/s|grpc|", "version 2 of the plugin framework"),
            ("1|4|unix|/s|grpc|", "provider protocol 4"),
            ("1|7|unix|/s|grpc|", "provider protocol 7"),
            ("1|4|unix|/s|netrpc|", "net/rpc"),
            ("1|4|unix|/s", "net/rpc"),
        ] {
            let error = handshake(line).unwrap_err();
            assert!(error.is_version(), "{line}");
            assert!(error.to_string().contains(message), "{line}: {error}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for line in [
            "",
            "\n",
            "Hello, world",
            "1",
            "1|5",
            "1|5|unix",
            "x|5|unix|/s|grpc|",
            "1|x|unix|/s|grpc|",
            "-1|5|unix|/s|grpc|",
            "1|5|unix||grpc|",
            "1|5|tcp|nowhere|grpc|",
            "1|5|pipe|/s|grpc|",
            "1|5|unix|/s|http|",
            "||||||||",
        ] {
            assert!(handshake(line).is_err(), "{line:?}");
        }
        assert_eq!(
            parse(&[0xff, b'|', b'5']),
            Err(HandshakeError::NotAHandshake)
        );
    }
}
