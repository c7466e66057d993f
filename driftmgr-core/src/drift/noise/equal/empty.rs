//! Class 1: null, empty text, an empty list and an empty map swapped for each other.

use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::Value;

/// Nothing on both sides, spelled differently.
///
/// Zero and false are values: they count as nothing only where the provider itself plans no change, as those built with the SDK version 2
/// do, which cannot tell them from null.
#[derive(Debug)]
pub(super) struct Empty;

impl Comparator for Empty {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let harmless = change.planned == Some(false);
        if blank(change.before) && blank(change.after) {
            let certainty = if harmless {
                Certainty::Proven
            } else {
                Certainty::Known
            };
            return Some(noise(
                "equal-empty",
                certainty,
                "both sides are nothing, spelled as null and as empty",
            ));
        }
        let zeros = nothing_or_zero(change.before) && nothing_or_zero(change.after);
        (harmless && zeros).then(|| {
            noise(
                "equal-zero",
                Certainty::Proven,
                "one side is nothing and the other zero, which the provider does not tell apart",
            )
        })
    }
}

fn blank(side: Option<&Value>) -> bool {
    side.is_none_or(Value::is_blank)
}

fn nothing_or_zero(side: Option<&Value>) -> bool {
    match side {
        Some(Value::Bool(flag)) => !flag,
        Some(Value::Number(number)) => *number == crate::value::Number::from(0_i64),
        other => blank(other),
    }
}
