//! Exact decimal numbers. Terraform computes with 512-bit floats and stores decimals; nothing here goes through `f64`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A decimal number of any size: `digits × 10^exponent`, in one canonical form, so that equal numbers are equal values.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    // No leading and no trailing zeros; "" is zero.
    digits: Box<str>,
    exponent: i64,
}

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct NumberError;

impl Number {
    fn canonical(negative: bool, digits: &str, exponent: i64) -> Self {
        let leading = digits.trim_start_matches('0');
        let trimmed = leading.trim_end_matches('0');
        if trimmed.is_empty() {
            return Self {
                negative: false,
                digits: "".into(),
                exponent: 0,
            };
        }
        let dropped = leading.len() - trimmed.len();
        Self {
            negative,
            digits: trimmed.into(),
            exponent: exponent.saturating_add(i64::try_from(dropped).unwrap_or(i64::MAX)),
        }
    }

    /// True when it has no fraction.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// As an `i64`, when it is exactly one.
    pub fn as_i64(&self) -> Option<i64> {
        if !self.is_integer() || self.magnitude() > 19 {
            return None;
        }
        self.to_string().parse().ok()
    }

    /// As a `u64`, when it is exactly one.
    pub fn as_u64(&self) -> Option<u64> {
        if !self.is_integer() || self.magnitude() > 20 {
            return None;
        }
        self.to_string().parse().ok()
    }

    /// The nearest `f64`; for showing and for evaluation in languages that have nothing better, never for storing.
    pub fn to_f64_lossy(&self) -> f64 {
        self.scientific().parse().unwrap_or(f64::NAN)
    }

    /// A number from a finite `f64`, by its shortest decimal form.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_finite() {
            format!("{value:e}").parse().ok()
        } else {
            None
        }
    }

    /// How many digits stand before the decimal point; zero or less when there are none.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len())
            .unwrap_or(i64::MAX)
            .saturating_add(self.exponent)
    }

    fn scientific(&self) -> String {
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, self.exponent)
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads JSON's number grammar, and also a leading `+`, leading zeros and a missing integer part.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i64>().map_err(|_| NumberError)?)
            }
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction)
        {
            return Err(NumberError);
        }
        let shift = i64::try_from(fraction.len()).map_err(|_| NumberError)?;
        let exponent = exponent.checked_sub(shift).ok_or(NumberError)?;
        Ok(Self::canonical(
            negative,
            &format!("{whole}{fraction}"),
            exponent,
        ))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::canonical(value < 0, &value.unsigned_abs().to_string(), 0)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::canonical(false, &value.to_string(), 0)
    }
}

impl fmt::Display for Number {
    /// Plain decimals as long as they are readable, else the scientific form; both are JSON numbers and read back the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const READABLE: i64 = 400;
        if self.digits.is_empty() {
            return f.write_str("0");
        }
        if self.exponent > READABLE || self.exponent < -READABLE {
            return f.write_str(&self.scientific());
        }
        if self.negative {
            f.write_str("-")?;
        }
        if self.exponent >= 0 {
            f.write_str(&self.digits)?;
            return (0..self.exponent).try_for_each(|_| f.write_str("0"));
        }
        let point = self.magnitude();
        match usize::try_from(point) {
            Ok(point) if point > 0 => {
                let (whole, fraction) = self.digits.split_at(point);
                write!(f, "{whole}.{fraction}")
            }
            _ => {
                f.write_str("0.")?;
                (point..0).try_for_each(|_| f.write_str("0"))?;
                f.write_str(&self.digits)
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("number")
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |n: &Self| {
            if n.digits.is_empty() {
                0
            } else if n.negative {
                -1
            } else {
                1
            }
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            // Digits without trailing zeros compare as text once the magnitudes agree.
            let size = self
                .magnitude()
                .cmp(&other.magnitude())
                .then_with(|| self.digits.cmp(&other.digits));
            if self.negative { size.reverse() } else { size }
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn one_form_for_equal_numbers() {
        for (a, b) in [
            ("1", "1.0"),
            ("1e3", "1000"),
            ("-0", "0"),
            ("0.10", "1e-1"),
            (
                "123456789012345678901234567890",
                "1.23456789012345678901234567890e29",
            ),
        ] {
            assert_eq!(number(a), number(b));
        }
        assert_ne!(
            number("0.1"),
            number("0.1000000000000000055511151231257827")
        );
    }

    #[test]
    fn shows_plain_decimals() {
        for (text, want) in [
            ("1e2", "100"),
            ("-1.50", "-1.5"),
            ("5e-3", "0.005"),
            ("1e400", &format!("1{}", "0".repeat(400))),
            ("1e401", "1e401"),
        ] {
            assert_eq!(number(text).to_string(), want);
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "-",
            ".",
            "1e",
            "0x1",
            "1_0",
            "NaN",
            " 1",
            "1e99999999999999999999",
        ] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_order_agree_with_integers(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(Number::from(a).to_string(), a.to_string());
            prop_assert_eq!(Number::from(a).as_i64(), Some(a));
            prop_assert_eq!(Number::from(a).cmp(&Number::from(b)), a.cmp(&b));
        }

        #[test]
        fn order_agrees_with_floats(a in -1e9f64..1e9, b in -1e9f64..1e9) {
            let (x, y) = (Number::from_f64(a).unwrap(), Number::from_f64(b).unwrap());
            prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
            prop_assert_eq!(x.to_f64_lossy(), a);
        }

        #[test]
        fn reads_back(text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?") {
            let n = number(&text);
            prop_assert_eq!(number(&n.to_string()), n);
        }
    }
}
