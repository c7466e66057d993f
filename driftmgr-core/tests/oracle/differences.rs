//! The list of deliberate differences, `differences.txt`: `rule | lab | case | reason`. A line that its lab does not need fails the suite.

use std::collections::BTreeSet;

/// The rules, and the labs that ask for each and say when they are done with it.
const RULES: &[(&str, &[&str])] = &[
    ("edit", &["edit", "fixtures"]),
    ("list", &["fixtures"]),
    ("marks", LABS),
    ("not-configured", LABS),
    ("output", &["fixtures"]),
    ("pull", &["fixtures"]),
    (
        "show",
        &[
            "cloudfive",
            "cloudsix",
            "data",
            "files",
            "fixtures",
            "mutations",
        ],
    ),
];
const LABS: &[&str] = &["aws", "cloudfive", "cloudsix", "files", "mutations"];

/// The list, and which of its lines were needed.
pub(super) struct Differences {
    lines: Vec<Line>,
    used: BTreeSet<usize>,
    lab: &'static str,
}

#[derive(Debug)]
struct Line {
    rule: String,
    lab: String,
    case: String,
}

impl Differences {
    /// Reads the list for a lab; each line has all four parts.
    pub(super) fn of(lab: &'static str) -> Self {
        let lines = include_str!("differences.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
            .map(Line::parse)
            .collect();
        Self {
            lines,
            used: BTreeSet::new(),
            lab,
        }
    }

    /// Whether the list has this difference; remembers that it was needed.
    pub(super) fn explains(&mut self, rule: &str, case: &str) -> bool {
        assert!(known(rule, self.lab), "{rule} is no rule of {}", self.lab);
        let found = self
            .lines
            .iter()
            .position(|line| line.rule == rule && line.lab == self.lab && line.case == case);
        self.used.extend(found);
        found.is_some()
    }

    /// Fails when a line of this lab and of one of the rules was not needed.
    pub(super) fn all_used(&self, rules: &[&str]) {
        let idle: Vec<_> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(i, line)| {
                line.lab == self.lab
                    && rules.contains(&line.rule.as_str())
                    && !self.used.contains(i)
            })
            .map(|(_, line)| line)
            .collect();
        assert!(
            idle.is_empty(),
            "no test needs these differences any more, remove them: {idle:?}"
        );
    }
}

impl Line {
    fn parse(line: &str) -> Self {
        let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [rule, lab, case, reason] = parts.as_slice() else {
            panic!("not `rule | lab | case | reason`: {line}")
        };
        assert!(
            known(rule, lab),
            "no test of this lab knows the rule: {line}"
        );
        assert!(!reason.is_empty(), "a difference needs a reason: {line}");
        Self {
            rule: (*rule).to_owned(),
            lab: (*lab).to_owned(),
            case: (*case).to_owned(),
        }
    }
}

fn known(rule: &str, lab: &str) -> bool {
    RULES
        .iter()
        .any(|(r, labs)| *r == rule && labs.contains(&lab))
}

mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no test of this lab knows the rule")]
    fn a_line_of_an_unknown_lab_fails() {
        Line::parse("not-configured | nowhere | a.b | because");
    }

    #[test]
    #[should_panic(expected = "no test of this lab knows the rule")]
    fn a_line_of_a_rule_that_its_lab_does_not_ask_for_fails() {
        Line::parse("pull | aws | a.b | because");
    }

    #[test]
    #[should_panic(expected = "no test needs these differences")]
    fn a_line_that_its_lab_does_not_need_fails() {
        Differences::of("cloudfive").all_used(&["marks"]);
    }

    #[test]
    fn a_line_counts_only_for_its_lab() {
        let address = "cloudfive_bucket.each[\"back up\"]";
        assert!(!Differences::of("cloudsix").explains("marks", address));
        assert!(Differences::of("cloudfive").explains("marks", address));
    }
}
