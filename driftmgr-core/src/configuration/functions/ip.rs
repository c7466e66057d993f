//! Networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::arguments::Arguments;
use super::{Answer, Error, wrong};
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "cidrhost" => host(arguments),
        "cidrnetmask" => netmask(arguments),
        "cidrsubnet" => subnet(arguments),
        "cidrsubnets" => subnets(arguments),
        "cidrcontains" => contains(arguments),
        _ => return None,
    })
}

fn network(text: &str) -> Result<IpNet, Error> {
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .map_err(|_| wrong("the prefix is not written as address/length"))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// An address of the same family.
fn address(like: IpAddr, bits: u128) -> Option<IpAddr> {
    Some(match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).ok()?)),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    })
}

/// How many addresses or networks `bits` can tell apart; `None` when all 128 bits are free.
fn capacity(bits: u32) -> Option<u128> {
    1u128.checked_shl(bits)
}

fn host(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let net = network(&arguments.string(0)?)?;
    let number = arguments.integer(1)?;
    let free = u32::from(net.max_prefix_len() - net.prefix_len());
    let size = capacity(free);
    let too_many = || wrong("the prefix has not so many hosts");
    let distance = u128::from(number.unsigned_abs());
    let offset = if number >= 0 {
        Some(distance).filter(|d| size.is_none_or(|s| *d < s))
    } else {
        // Negative numbers count from the end.
        match size {
            Some(size) => size.checked_sub(distance),
            None => Some(0u128.wrapping_sub(distance)),
        }
    };
    let offset = offset.ok_or_else(too_many)?;
    address(net.addr(), bits(net.addr()) | offset)
        .map(|a| Value::from(a.to_string()))
        .ok_or_else(too_many)
}

fn netmask(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=1)?;
    match network(&arguments.string(0)?)? {
        IpNet::V4(net) => Ok(Value::from(net.netmask().to_string())),
        IpNet::V6(_) => Err(wrong("IPv6 has no netmasks")),
    }
}

fn length(net: &IpNet, more: i64) -> Result<u8, Error> {
    u8::try_from(i64::from(net.prefix_len()).saturating_add(more))
        .ok()
        .filter(|length| *length <= net.max_prefix_len() && more >= 0)
        .ok_or_else(|| wrong("the prefix has not so many bits left"))
}

fn subnet(arguments: &Arguments<'_>) -> Answer {
    arguments.count(3..=3)?;
    let net = network(&arguments.string(0)?)?;
    let more = arguments.integer(1)?;
    let length = length(&net, more)?;
    let number = u128::try_from(arguments.integer(2)?)
        .map_err(|_| wrong("a subnet's number is not negative"))?;
    let fits = u32::try_from(more).ok().and_then(capacity);
    if fits.is_some_and(|capacity| number >= capacity) {
        return Err(wrong("the prefix has not so many subnets"));
    }
    let shift = u32::from(net.max_prefix_len() - length);
    let base = bits(net.addr()) | number.checked_shl(shift).unwrap_or(0);
    address(net.addr(), base)
        .map(|a| Value::from(format!("{a}/{length}")))
        .ok_or_else(|| wrong("the prefix has not so many subnets"))
}

/// One network after the other, each aligned to its own size.
fn subnets(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=usize::MAX)?;
    let net = network(&arguments.string(0)?)?;
    let full = || wrong("the prefix has no room for so many subnets");
    let first = bits(net.addr());
    let last = bits(net.broadcast());
    let mut next = Some(first);
    let mut out = Vec::new();
    for at in 1..arguments.all().len() {
        let length = length(&net, arguments.integer(at)?)?;
        let size = capacity(u32::from(net.max_prefix_len() - length));
        let start = next.ok_or_else(full)?;
        let (start, after) = match size {
            Some(size) => {
                let aligned = start.checked_next_multiple_of(size).ok_or_else(full)?;
                let end = aligned.checked_add(size - 1).ok_or_else(full)?;
                if end > last {
                    return Err(full());
                }
                (aligned, end.checked_add(1))
            }
            None => (start, None),
        };
        let start = address(net.addr(), start).ok_or_else(full)?;
        out.push(Value::from(format!("{start}/{length}")));
        next = after;
    }
    Ok(Value::List(out))
}

/// OpenTofu's: whether an address or a network lies within a prefix.
fn contains(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let net = network(&arguments.string(0)?)?;
    let inner = arguments.string(1)?;
    let inside = match inner.parse::<IpAddr>() {
        Ok(address) => net.contains(&address),
        Err(_) => net.contains(&network(&inner)?),
    };
    Ok(Value::Bool(inside))
}
