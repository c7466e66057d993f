//! The labelled cases: one line each.

/// What a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// To be shown at every sensitivity.
    Real,
    /// Hidden by default, and counted.
    Informational,
    /// Hidden by default.
    Noise,
}

impl Label {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Informational => "informational",
            Self::Noise => "noise",
        }
    }
}

/// One changed fact.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: String,
    /// The class of noise or drift, by its number on the page.
    pub(super) class: u8,
    pub(super) label: Label,
    /// `TYPE.NAME` of the resource that has an instance for the case.
    pub(super) resource: String,
    /// What changes; empty for an object that is gone, and for noise.
    pub(super) paths: Vec<String>,
    /// Python.
    pub(super) code: String,
}

impl Case {
    /// The instance that the case changes.
    pub(super) fn address(&self) -> String {
        format!("{}[{:?}]", self.resource, self.name)
    }

    /// True when the case changes what stands at this path.
    pub(super) fn is_about(&self, path: &str) -> bool {
        self.paths.iter().any(|own| {
            path.strip_prefix(own.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}

/// Reads `name | class | label | resource | paths | code` lines.
pub(super) fn read(text: &str) -> Vec<Case> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let parts: Vec<&str> = line.splitn(6, '|').map(str::trim).collect();
            let [name, class, label, resource, paths, code] = parts.as_slice() else {
                panic!("not name | class | label | resource | paths | code: {line}")
            };
            Case {
                name: (*name).to_owned(),
                class: class.parse().unwrap_or_else(|_| panic!("no class: {line}")),
                label: match *label {
                    "real" => Label::Real,
                    "informational" => Label::Informational,
                    "noise" => Label::Noise,
                    _ => panic!("no label: {line}"),
                },
                resource: (*resource).to_owned(),
                paths: paths.split_whitespace().map(str::to_owned).collect(),
                code: (*code).to_owned(),
            }
        })
        .collect()
}
