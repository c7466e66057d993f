//! Patterns of the typed rules: `*` stands for any run of characters, `|` separates alternatives.

use crate::address::InstanceAddress;

/// A pattern over a whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<String>);

impl Glob {
    /// `None` for an empty pattern or alternative: it would never fit.
    pub(super) fn new(text: &str) -> Option<Self> {
        let each: Vec<String> = text.split('|').map(|a| a.trim().to_owned()).collect();
        each.iter().all(|a| !a.is_empty()).then_some(Self(each))
    }

    /// As [`Glob::new`], for addresses: what stands in quotes is a key, and separates nothing.
    pub(super) fn of_addresses(text: &str) -> Option<Self> {
        let each = super::path::split_alternatives(text).into_iter();
        let each: Vec<String> = each.map(|a| a.trim().to_owned()).collect();
        each.iter().all(|a| !a.is_empty()).then_some(Self(each))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|alternative| fits(alternative, text))
    }

    /// Whether the address, its resource or a module above it fits: a shorter address stands for all below it.
    pub(super) fn covers(&self, address: &InstanceAddress) -> bool {
        let mut path = crate::address::ModulePath(Vec::new());
        for step in &address.resource.module.0 {
            path.0.push(step.clone());
            let whole = path.to_string();
            let key = step.key.as_ref().map(ToString::to_string);
            let call = key.and_then(|key| whole.strip_suffix(&key));
            if self.matches(&whole) || call.is_some_and(|call| self.matches(call)) {
                return true;
            }
        }
        self.matches(&address.resource.to_string()) || self.matches(&address.to_string())
    }
}

/// Whether a pattern with `*` fits the whole text. The leftmost place for each part leaves the most room for those after it, so nothing
/// has to be tried twice.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, want) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*b", "ab", true),
            ("a*b", "a", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "acb", false),
            ("**", "x", true),
            ("*a*", "bab", true),
            ("ab*ba", "aba", false),
            ("é*", "éa", true),
        ] {
            assert_eq!(fits(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn alternatives_and_nothing_empty() {
        let glob = Glob::new("aws_* | google_x").unwrap();
        assert!(glob.matches("aws_vpc") && glob.matches("google_x"));
        assert!(!glob.matches("azurerm_x"));
        assert_eq!(Glob::new(""), None);
        assert_eq!(Glob::new("a|"), None);
    }

    #[test]
    fn an_address_stands_for_all_below_it() {
        let address = r#"module.net["eu"].module.b.aws_subnet.x["a.b"]"#.parse().unwrap();
        for (pattern, want) in [
            (r#"module.net["eu"].module.b.aws_subnet.x["a.b"]"#, true),
            (r#"module.net["eu"].module.b.aws_subnet.x"#, true),
            (r#"module.net["eu"].module.b"#, true),
            (r#"module.net["eu"]"#, true),
            ("module.net", true),
            ("module.n", false),
            (r#"module.net["us"]"#, false),
            ("*.aws_subnet.x*", true),
            ("*.aws_subnet.y", false),
            ("aws_subnet.x", false),
        ] {
            assert_eq!(
                Glob::new(pattern).unwrap().covers(&address),
                want,
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_key_of_an_address_separates_nothing() {
        let address = r#"a_b.c["x|y"]"#.parse().unwrap();
        let pattern = r#"a_b.d | a_b.c["x|y"]"#;
        assert!(Glob::of_addresses(pattern).unwrap().covers(&address));
        assert!(!Glob::new(pattern).unwrap().covers(&address));
        assert_eq!(Glob::of_addresses("a|"), None);
    }
}
