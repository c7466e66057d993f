//! The list of deliberate differences, `differences.txt`: `rule | case | reason`. A line that no test needs fails the suite.

use std::collections::BTreeSet;

/// The rules that tests ask for; each fails when a line of it is not needed.
const RULES: &[&str] = &["list", "not-configured", "pull", "show"];

/// The list, and which of its lines were needed.
pub(super) struct Differences {
    lines: Vec<(String, String)>,
    used: BTreeSet<usize>,
}

impl Differences {
    /// Reads the list; each line has all three parts.
    pub(super) fn load() -> Self {
        let lines = include_str!("differences.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
            .map(|line| {
                let parts: Vec<&str> = line.split('|').map(str::trim).collect();
                let [rule, case, reason] = parts.as_slice() else {
                    panic!("not `rule | case | reason`: {line}")
                };
                assert!(RULES.contains(rule), "no test knows the rule: {line}");
                assert!(!reason.is_empty(), "a difference needs a reason: {line}");
                ((*rule).to_owned(), (*case).to_owned())
            })
            .collect();
        Self {
            lines,
            used: BTreeSet::new(),
        }
    }

    /// Whether the list has this difference; remembers that it was needed.
    pub(super) fn explains(&mut self, rule: &str, case: &str) -> bool {
        let found = self.lines.iter().position(|(r, c)| r == rule && c == case);
        self.used.extend(found);
        found.is_some()
    }

    /// Fails when a line of the rule was not needed.
    pub(super) fn all_used(&self, rule: &str) {
        let idle: Vec<_> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(i, (r, _))| r == rule && !self.used.contains(i))
            .map(|(_, line)| line)
            .collect();
        assert!(
            idle.is_empty(),
            "no test needs these differences any more, remove them: {idle:?}"
        );
    }
}
