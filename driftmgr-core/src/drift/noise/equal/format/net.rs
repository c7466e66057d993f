//! Addresses, networks and protocols.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::value::Value;

/// The network that a text names: `10.0.0.7/8` is `10.0.0.0/8`, and an address alone is a network of one.
pub(super) fn network(text: &str) -> Option<Value> {
    let net = match text.parse::<IpNet>() {
        Ok(net) => net,
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    Some(net.trunc().to_string().into())
}

/// An address, with its prefix when it has one; the bits of the host are kept.
pub(super) fn address(text: &str) -> Option<Value> {
    match text.parse::<IpNet>() {
        Ok(net) => Some(net.to_string().into()),
        Err(_) => Some(text.parse::<IpAddr>().ok()?.to_string().into()),
    }
}

/// A protocol as security groups and access lists take it (IANA, "Assigned Internet Protocol Numbers").
pub(super) fn protocol(text: &str) -> Option<Value> {
    let lower = text.to_ascii_lowercase();
    let number = match lower.as_str() {
        "all" | "-1" => -1,
        "icmp" => 1,
        "tcp" => 6,
        "udp" => 17,
        "icmpv6" => 58,
        other => i64::from(
            other
                .parse::<u8>()
                .ok()
                .filter(|n| n.to_string() == other)?,
        ),
    };
    Some(number.into())
}
