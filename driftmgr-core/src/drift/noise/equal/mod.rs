//! Ways in which two different values mean the same. The numbers are those of the classes in `docs/noise.md`.

mod dns;
mod empty;
mod json;
mod pair;
mod policy;
mod protocol;
mod tags;

use std::sync::Arc;

use super::compare::{Certainty, Comparator, Noise};

/// What is known without anybody's help, in the order in which it is asked.
pub(super) fn builtin() -> Vec<Arc<dyn Comparator>> {
    let of_values: Vec<Arc<dyn Comparator>> = vec![
        Arc::new(empty::Empty),
        Arc::new(tags::SameInTags),
        Arc::new(tags::SystemTags),
        Arc::new(policy::Policy),
        Arc::new(json::Json),
        Arc::new(dns::Names),
        Arc::new(protocol::Protocol),
    ];
    let of_elements = pair::Elements::of(of_values.clone());
    of_values
        .into_iter()
        .chain([Arc::new(of_elements) as Arc<dyn Comparator>])
        .collect()
}

fn noise(rule: &str, certainty: Certainty, reason: &str) -> Noise {
    Noise {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        certainty,
    }
}
