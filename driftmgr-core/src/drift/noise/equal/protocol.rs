//! Class 7: protocols of the internet, by name or by number.

use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::{Step, Value};

/// A protocol's name and its number in IANA's registry of protocol numbers; AWS writes -1 for all of them.
#[derive(Debug)]
pub(super) struct Protocol;

const NUMBERS: &[(&str, &str)] = &[
    ("icmp", "1"),
    ("tcp", "6"),
    ("udp", "17"),
    ("gre", "47"),
    ("esp", "50"),
    ("ah", "51"),
    ("icmpv6", "58"),
    ("sctp", "132"),
    ("all", "-1"),
];

impl Comparator for Protocol {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let name = change.path.steps().iter().rev().find_map(Step::name)?;
        if !matches!(name, "protocol" | "ip_protocol") {
            return None;
        }
        let number = |side: Option<&Value>| {
            let text = side?.as_str()?.to_ascii_lowercase();
            let named = NUMBERS.iter().find(|(name, _)| *name == text);
            Some(named.map_or(text.clone(), |(_, number)| (*number).to_owned()))
        };
        let (before, after) = (number(change.before)?, number(change.after)?);
        (before == after).then(|| {
            noise(
                "equal-protocol",
                Certainty::Proven,
                "both sides are the same protocol, by name and by number",
            )
        })
    }
}
