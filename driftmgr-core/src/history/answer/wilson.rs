//! How sure a share is.

use serde::Serialize;

/// Two-sided 95 %: the 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// An interval that holds the true share in 95 of 100 cases, if the tries are independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Not below this share.
    pub low: f64,
    /// Not above this share.
    pub high: f64,
}

impl Interval {
    /// The Wilson score interval of so many hits in so many tries, which need not be whole numbers. Without tries it is everything.
    ///
    /// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927. Unlike the simpler formula
    /// it never leaves 0 to 1, and it stays wide for few tries.
    pub fn wilson(hits: f64, tries: f64) -> Self {
        if tries <= 0.0 {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        }
        let share = hits / tries;
        let square = Z * Z;
        let middle = share + square / (2.0 * tries);
        let spread = Z * (share * (1.0 - share) / tries + square / (4.0 * tries * tries)).sqrt();
        let scale = 1.0 + square / tries;
        Self {
            low: rounded(((middle - spread) / scale).clamp(0.0, 1.0)),
            high: rounded(((middle + spread) / scale).clamp(0.0, 1.0)),
        }
    }
}

/// Six digits: more would only be noise, and these are the same on every machine.
pub(super) fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
        for (hits, tries, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0000, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let interval = Interval::wilson(hits, tries);
            assert!(
                (interval.low - low).abs() < 5e-5,
                "{hits}/{tries} {interval:?}"
            );
            assert!(
                (interval.high - high).abs() < 5e-5,
                "{hits}/{tries} {interval:?}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn it_holds_the_share_and_narrows_with_more_tries(tries in 1u32..10_000, part in 0.0..=1.0f64) {
            let hits = (f64::from(tries) * part).floor();
            let tries = f64::from(tries);
            let one = Interval::wilson(hits, tries);
            let ten = Interval::wilson(hits * 10.0, tries * 10.0);
            let share = hits / tries;
            proptest::prop_assert!(0.0 <= one.low && one.low <= share + 1e-6);
            proptest::prop_assert!(share - 1e-6 <= one.high && one.high <= 1.0);
            proptest::prop_assert!(ten.high - ten.low < one.high - one.low);
        }
    }
}
