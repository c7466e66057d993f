//! Provider versions and version constraints, by Terraform's rules.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version as providers have them: semantic versioning 2.0, with missing minor and patch numbers taken as zero.
///
/// Ordering is precedence; build metadata takes no part in order or equality.
#[derive(Debug, Clone)]
pub struct Version {
    /// Major number.
    pub major: u64,
    /// Minor number.
    pub minor: u64,
    /// Patch number.
    pub patch: u64,
    /// What follows `-`, such as `beta1`; empty for a release.
    pub pre_release: String,
    /// What follows `+`; it does not count.
    pub build: String,
}

impl Version {
    /// A release.
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self {
            major,
            minor,
            patch,
            pre_release: String::new(),
            build: String::new(),
        }
    }

    /// True for `1.0.0-beta1`.
    pub fn is_pre_release(&self) -> bool {
        !self.pre_release.is_empty()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if self.is_pre_release() {
            write!(f, "-{}", self.pre_release)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| match (self.is_pre_release(), other.is_pre_release()) {
                (false, false) => Ordering::Equal,
                (false, true) => Ordering::Greater,
                (true, false) => Ordering::Less,
                (true, true) => compare_pre_releases(&self.pre_release, &other.pre_release),
            })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

/// Field by field: numbers by value and before words, words by bytes, and more fields win (semantic versioning 2.0, item 11).
fn compare_pre_releases(a: &str, b: &str) -> Ordering {
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => {
                let order = match (x.parse::<u64>(), y.parse::<u64>()) {
                    (Ok(m), Ok(n)) => m.cmp(&n),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => x.cmp(y),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

/// Why a text is no version or no constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version{}: {reason}", if *.constraint { " constraint" } else { "" })]
pub struct VersionError {
    text: String,
    reason: &'static str,
    constraint: bool,
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Ok(parse(text.trim())?.0)
    }
}

/// The version and how many of its numbers were written.
fn parse(text: &str) -> Result<(Version, usize), VersionError> {
    let fail = |reason| VersionError {
        text: text.to_owned(),
        reason,
        constraint: false,
    };
    let (rest, build) = text.split_once('+').unwrap_or((text, ""));
    let (numbers, pre_release) = rest.split_once('-').unwrap_or((rest, ""));
    let word = |s: &str| {
        s.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    };
    if rest.contains('-') && !word(pre_release) {
        return Err(fail(
            "the part after `-` has letters, digits and hyphens between dots",
        ));
    }
    if text.contains('+') && !word(build) {
        return Err(fail(
            "the part after `+` has letters, digits and hyphens between dots",
        ));
    }
    let mut fields = [0u64; 3];
    let mut written = 0;
    for part in numbers.split('.') {
        let Some(field) = fields.get_mut(written) else {
            return Err(fail("it has more than three numbers"));
        };
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Err(fail("it has one to three numbers between dots"));
        }
        *field = part.parse().map_err(|_| fail("a number is too large"))?;
        written += 1;
    }
    let [major, minor, patch] = fields;
    Ok((
        Version {
            major,
            minor,
            patch,
            pre_release: pre_release.to_owned(),
            build: build.to_owned(),
        },
        written,
    ))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// `~> 1.2` and `~> 1`: the major number stays.
    MinorMayGrow,
    /// `~> 1.2.3`: major and minor stay.
    PatchMayGrow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Constraint {
    operator: Operator,
    version: Version,
}

impl Constraint {
    fn admits(&self, version: &Version) -> bool {
        let bound = &self.version;
        match self.operator {
            Operator::Equal => version == bound,
            Operator::NotEqual => version != bound,
            Operator::Greater => version > bound,
            Operator::GreaterOrEqual => version >= bound,
            Operator::Less => version < bound,
            Operator::LessOrEqual => version <= bound,
            Operator::MinorMayGrow => version >= bound && version.major == bound.major,
            Operator::PatchMayGrow => {
                version >= bound && (version.major, version.minor) == (bound.major, bound.minor)
            }
        }
    }
}

/// What `required_providers` asks of a version: `>= 1.2, != 1.3.0, ~> 1.0`. All parts must hold; no parts admit every release.
///
/// A pre-release is admitted only where a part names exactly it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionConstraints {
    parts: Vec<Constraint>,
    text: String,
}

impl VersionConstraints {
    /// Whether the version meets all parts.
    pub fn admits(&self, version: &Version) -> bool {
        let named = |c: &Constraint| c.operator == Operator::Equal && c.version == *version;
        if version.is_pre_release() && !self.parts.iter().any(named) {
            return false;
        }
        self.parts.iter().all(|c| c.admits(version))
    }

    /// Both this and the other.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.parts.extend(other.parts.iter().cloned());
        if !self.text.is_empty() && !other.text.is_empty() {
            self.text.push_str(", ");
        }
        self.text.push_str(&other.text);
        self
    }

    /// True when nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl fmt::Display for VersionConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for VersionConstraints {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let text = text.trim();
        let mut parts = Vec::new();
        if text.is_empty() {
            return Ok(Self::default());
        }
        for part in text.split(',') {
            let part = part.trim();
            let digits = part
                .find(|c: char| !"=!<>~ ".contains(c))
                .unwrap_or(part.len());
            let (operator, version) = part.split_at(digits);
            let (version, written) = parse(version.trim()).map_err(|e| VersionError {
                text: text.to_owned(),
                constraint: true,
                ..e
            })?;
            let operator = match (operator.trim(), written) {
                ("" | "=", _) => Operator::Equal,
                ("!=", _) => Operator::NotEqual,
                (">", _) => Operator::Greater,
                (">=", _) => Operator::GreaterOrEqual,
                ("<", _) => Operator::Less,
                ("<=", _) => Operator::LessOrEqual,
                ("~>", 3) => Operator::PatchMayGrow,
                ("~>", _) => Operator::MinorMayGrow,
                _ => {
                    return Err(VersionError {
                        text: text.to_owned(),
                        reason: "the operators are = != > >= < <= ~>",
                        constraint: true,
                    });
                }
            };
            parts.push(Constraint { operator, version });
        }
        Ok(Self {
            parts,
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn admits(constraints: &str, version: &str) -> bool {
        constraints
            .parse::<VersionConstraints>()
            .unwrap()
            .admits(&v(version))
    }

    #[test]
    fn versions_order_by_precedence() {
        // The chain of semantic versioning's own description.
        let chain = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2.0",
            "1.10.0",
            "2",
        ];
        for pair in chain.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{pair:?}");
        }
        assert_eq!(v("1.2.3+a"), v("1.2.3+b"));
        assert_eq!(v("1.2"), v("1.2.0"));
        assert_eq!(v("1.2.3-rc.1+x").to_string(), "1.2.3-rc.1+x");
    }

    #[test]
    fn what_is_no_version_says_why() {
        for text in [
            "",
            "v1",
            "1..2",
            "1.2.3.4",
            "1.2.3-",
            "1.2.3+",
            "1.x",
            "99999999999999999999",
        ] {
            let error = text.parse::<Version>().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("`{text}` is not a version: ")),
                "{error}"
            );
        }
    }

    #[test]
    fn operators_mean_what_terraform_means() {
        for (constraints, yes, no) in [
            ("1.2.3", "1.2.3", "1.2.4"),
            ("= 2.0", "2.0.0", "2.0.1"),
            ("!= 1.3", "1.3.1", "1.3.0"),
            ("> 1.2", "1.2.1", "1.2.0"),
            (">=1.2", "1.2.0", "1.1.9"),
            ("< 2", "1.99.0", "2.0.0"),
            ("<= 2", "2.0.0", "2.0.1"),
            ("~> 1.2", "1.99.0", "2.0.0"),
            ("~> 1.2", "1.2.0", "1.1.9"),
            ("~> 1.2.3", "1.2.99", "1.3.0"),
            ("~> 1", "1.99.0", "2.0.0"),
            ("~> 1.2, != 1.3.0", "1.4.0", "1.3.0"),
            ("", "7.0.0", "7.0.0-beta1"),
        ] {
            assert!(admits(constraints, yes), "{constraints} admits {yes}");
            assert!(!admits(constraints, no), "{constraints} refuses {no}");
        }
    }

    #[test]
    fn a_pre_release_must_be_named() {
        assert!(admits("1.0.0-beta1", "1.0.0-beta1"));
        assert!(!admits("1.0.0-beta1", "1.0.0-beta2"));
        assert!(!admits(">= 1.0.0-beta1", "1.0.0-beta1"));
        assert!(!admits(">= 1.0.0", "1.1.0-beta1"));
        assert!(admits(">= 1.0.0-beta1", "1.0.0"));
    }

    #[test]
    fn what_is_no_constraint_says_why() {
        for text in ["=> 1", "~~ 1", "1.*", ">= 1,", ">"] {
            let error = text.parse::<VersionConstraints>().unwrap_err().to_string();
            assert!(error.contains("is not a version constraint: "), "{error}");
        }
    }
}
