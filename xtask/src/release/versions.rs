//! One version everywhere: the workspace's. Every manifest that cannot inherit it repeats it, and so does the changelog's newest heading.

use std::fs;
use std::path::Path;

use crate::failure::{At, Failure};

/// The version of the workspace, which this program inherits.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A place that repeats the version: it stands between `before` and `after`, everywhere in the file.
struct Place {
    file: &'static str,
    before: &'static str,
    after: &'static str,
}

const PLACES: &[Place] = &[
    place("Cargo.toml", "[workspace.package]\nversion = \"", "\""),
    place("Cargo.toml", "driftmgr-cli\", version = \"", "\""),
    place("Cargo.toml", "driftmgr-core\", version = \"", "\""),
    place("Cargo.toml", "driftmgr-core/plugin\", version = \"", "\""),
    place("bindings-node/package.json", "\n  \"version\": \"", "\""),
    place(
        "bindings-node/package-lock.json",
        "\"name\": \"driftmgr\",\n  \"version\": \"",
        "\"",
    ),
    place(
        "bindings-node/package-lock.json",
        "\"name\": \"driftmgr\",\n      \"version\": \"",
        "\"",
    ),
    place(
        "bindings-uniffi/kotlin/pom.xml",
        "<driftmgr.version>",
        "</driftmgr.version>",
    ),
    place(
        "examples/kotlin-check/pom.xml",
        "<driftmgr.version>",
        "</driftmgr.version>",
    ),
    place("examples/node-gate/package.json", "\"driftmgr\": \"^", "\""),
    place(
        "examples/node-portal/package.json",
        "\"driftmgr\": \"^",
        "\"",
    ),
    place(
        "examples/backstage-backend/package.json",
        "\"driftmgr\": \"^",
        "\"",
    ),
    place("examples/Cargo.toml", "driftmgr-core = \"", "\""),
    place(
        "packaging/pre-commit/pyproject.toml",
        "\nversion = \"",
        "\"",
    ),
    place("packaging/pre-commit/pyproject.toml", "\"driftmgr==", "\""),
    place("action.yml", "default: \"driftmgr==", "\""),
];

const fn place(file: &'static str, before: &'static str, after: &'static str) -> Place {
    Place {
        file,
        before,
        after,
    }
}

/// Manifests that have no version of their own to go wrong.
const INHERITING: &[(&str, &str)] = &[
    ("driftmgr-cli/Cargo.toml", "version.workspace = true"),
    ("driftmgr-core/Cargo.toml", "version.workspace = true"),
    (
        "driftmgr-core/plugin/Cargo.toml",
        "version.workspace = true",
    ),
    ("bindings-python/Cargo.toml", "version.workspace = true"),
    ("bindings-node/Cargo.toml", "version.workspace = true"),
    ("bindings-uniffi/Cargo.toml", "version.workspace = true"),
    ("bindings-python/pyproject.toml", "dynamic = [\"version\"]"),
];

/// What the changelog's newest heading says.
#[derive(Debug, PartialEq, Eq)]
pub struct Heading {
    pub version: String,
    /// The day of the release, or `unreleased`.
    pub date: String,
}

/// Every place that does not say the version of the workspace, as lines for people; empty when all agree.
pub fn disagreements(workspace: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for place in PLACES {
        let text = read(workspace, place.file)?;
        found.extend(judge(place, &text, VERSION));
    }
    for (file, words) in INHERITING {
        if !read(workspace, file)?.contains(words) {
            found.push(format!("{file}: `{words}` is not there"));
        }
    }
    match heading(&read(workspace, "CHANGELOG.md")?) {
        Some(newest) if newest.version == VERSION => {}
        Some(newest) => found.push(format!(
            "CHANGELOG.md: the newest heading is of {}, the workspace has {VERSION}",
            newest.version
        )),
        None => found.push(
            "CHANGELOG.md: no heading of the form `## [1.2.3] - 2026-01-31` or `## [1.2.3] - unreleased`"
                .to_owned(),
        ),
    }
    Ok(found)
}

/// Whether the changelog's newest heading waits for its date.
pub fn is_unreleased(workspace: &Path) -> Result<bool, Failure> {
    let newest = heading(&read(workspace, "CHANGELOG.md")?);
    Ok(newest.is_some_and(|newest| newest.date == "unreleased"))
}

fn judge(place: &Place, text: &str, version: &str) -> Option<String> {
    let said: Vec<&str> = text
        .split(place.before)
        .skip(1)
        .filter_map(|rest| rest.split(place.after).next())
        .collect();
    let file = place.file;
    if said.is_empty() {
        let before = place.before.trim();
        return Some(format!("{file}: no version after `{before}`"));
    }
    let other = said.iter().find(|one| **one != version)?;
    Some(format!("{file}: {other}, the workspace has {version}"))
}

/// The changelog's newest heading: `## [0.1.0] - 2026-01-31`, or `- unreleased` while it is worked on.
pub fn heading(changelog: &str) -> Option<Heading> {
    let line = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## "))?;
    let (version, date) = line.strip_prefix('[')?.split_once("] - ")?;
    let is_date = date.len() == 10
        && date.char_indices().all(|(at, c)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
    (is_date || date == "unreleased").then(|| Heading {
        version: version.to_owned(),
        date: date.to_owned(),
    })
}

fn read(workspace: &Path, file: &str) -> Result<String, Failure> {
    let path = workspace.join(file);
    fs::read_to_string(&path).at("reading", &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPM: Place = place("package.json", "\n  \"version\": \"", "\"");

    #[test]
    fn a_place_agrees_or_is_named_with_what_it_says() {
        let text = "{\n  \"version\": \"1.2.3\",\n    \"version\": \"9.9.9\"\n}";
        assert_eq!(judge(&NPM, text, "1.2.3"), None);
        assert_eq!(
            judge(&NPM, text, "1.2.4").unwrap(),
            "package.json: 1.2.3, the workspace has 1.2.4"
        );
    }

    #[test]
    fn a_place_that_lost_its_version_does_not_agree() {
        let told = judge(&NPM, "{}", "1.2.3").unwrap();
        assert!(told.contains("no version after"), "{told}");
    }

    #[test]
    fn every_occurrence_counts() {
        let pom = place("pom.xml", "<v>", "</v>");
        assert_eq!(judge(&pom, "<v>1</v><v>1</v>", "1"), None);
        assert!(judge(&pom, "<v>1</v><v>2</v>", "1").is_some());
    }

    #[test]
    fn the_newest_heading_has_a_version_and_a_day_or_none_yet() {
        let of = |text| heading(text).map(|found| (found.version, found.date));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(
            of("# Changelog\n\n## [0.2.0] - unreleased\n\n## [0.1.0] - 2026-01-31\n"),
            pair("0.2.0", "unreleased")
        );
        assert_eq!(of("## [0.1.0] - 2026-01-31"), pair("0.1.0", "2026-01-31"));
        for wrong in [
            "## Unreleased",
            "## 0.1.0",
            "## [0.1.0]",
            "## [0.1.0] - soon",
            "",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
