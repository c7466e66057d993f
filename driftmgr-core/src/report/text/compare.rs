//! Two states side by side.

use anstyle::Style as Ansi;

use super::change::{self, Change};
use super::finding;
use super::page::{Page, count};
use super::style::paint;
use super::{TextOptions, problem, safe};
use crate::error::Error;
use crate::state::{ChangedInstance, ChangedOutput, Comparison};
use crate::value::{Path, PathSet};

/// What the second state has otherwise than the first one: instances, attributes, outputs. `names` are the states as the caller
/// named them.
pub fn comparison(
    comparison: &Comparison,
    problems: &[Error],
    names: [&str; 2],
    options: &TextOptions,
) -> String {
    let mut page = Page::new(options);
    let style = *page.style();
    let moved = |address: &str, sign: char| {
        comparison.moved.iter().any(|m| match sign {
            '-' => m.from.to_string() == address,
            _ => m.to.to_string() == address,
        })
    };
    for (sign, colour, word, addresses) in [
        ('-', style.gone, "removed", &comparison.removed),
        ('+', style.added, "added", &comparison.added),
    ] {
        for address in addresses.iter().map(ToString::to_string) {
            if !moved(&address, sign) {
                line(&mut page, colour, sign, &address, word);
            }
        }
    }
    for moved in &comparison.moved {
        let text = format!("{} → {}", moved.from, moved.to);
        line(&mut page, style.changed, '>', &text, "moved");
    }
    let mut was_cut = false;
    for changed in &comparison.changed {
        was_cut |= instance(&mut page, changed);
    }
    was_cut |= outputs(&mut page, comparison);
    problem::section(&mut page, problems);
    page.gap();
    let [before, after] = names.map(safe::one_line);
    let colour = if comparison.is_empty() {
        style.good
    } else {
        style.important
    };
    page.prose(0, 0, colour, &sentence(comparison, &before, &after));
    if was_cut {
        page.line(
            0,
            paint(
                style.quiet,
                "Some values are cut; --wide shows them in full.",
            ),
        );
    }
    page.finish()
}

fn line(page: &mut Page<'_>, colour: Ansi, sign: char, address: &str, word: &str) {
    let heading = page.style().heading;
    page.line(
        0,
        format!(
            "{} {}  {word}",
            paint(colour, sign),
            paint(heading, safe::one_line(address))
        ),
    );
}

fn instance(page: &mut Page<'_>, changed: &ChangedInstance) -> bool {
    let style = *page.style();
    page.gap();
    let address = finding::address(&changed.address, changed.deposed.as_deref());
    line(page, style.changed, '~', &address, "changed");
    let mut was_cut = false;
    for change in &changed.changes {
        was_cut |= change::write(
            page,
            4,
            &Change {
                path: &change.path,
                before: change.before.as_ref(),
                after: change.after.as_ref(),
                secret: &changed.sensitive,
                sensitive: change.sensitive,
                sides: ["first", "second"],
                notes: Vec::new(),
            },
        );
    }
    for field in &changed.metadata {
        let text = format!("({}) {} → {}", field.field, field.before, field.after);
        page.line(4, safe::one_line(&text));
    }
    was_cut
}

fn outputs(page: &mut Page<'_>, comparison: &Comparison) -> bool {
    let style = *page.style();
    page.gap();
    for (sign, colour, word, names) in [
        ('-', style.gone, "removed", &comparison.outputs_removed),
        ('+', style.added, "added", &comparison.outputs_added),
    ] {
        for name in names {
            line(page, colour, sign, &format!("output.{name}"), word);
        }
    }
    let mut was_cut = false;
    for output in &comparison.outputs_changed {
        was_cut |= output_change(page, output);
    }
    was_cut
}

fn output_change(page: &mut Page<'_>, output: &ChangedOutput) -> bool {
    let style = *page.style();
    line(
        page,
        style.changed,
        '~',
        &format!("output.{}", output.name),
        "changed",
    );
    change::write(
        page,
        4,
        &Change {
            path: &Path::attribute_of_root("value"),
            before: Some(&output.before),
            after: Some(&output.after),
            secret: &PathSet::default(),
            sensitive: output.sensitive,
            sides: ["first", "second"],
            notes: Vec::new(),
        },
    )
}

fn sentence(comparison: &Comparison, before: &str, after: &str) -> String {
    let moved = comparison.moved.len();
    let outputs = comparison.outputs_added.len()
        + comparison.outputs_removed.len()
        + comparison.outputs_changed.len();
    let parts: Vec<String> = [
        (
            comparison.removed.len() - moved.min(comparison.removed.len()),
            "removed",
        ),
        (
            comparison.added.len() - moved.min(comparison.added.len()),
            "added",
        ),
        (comparison.changed.len(), "changed"),
        (moved, "moved"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{} {word}", count(n as u64, "instance", "instances")))
    .chain((outputs > 0).then(|| format!("{} changed", count(outputs as u64, "output", "outputs"))))
    .collect();
    if parts.is_empty() {
        format!("No differences between {before} and {after}.")
    } else {
        format!("From {before} to {after}: {}.", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{State, compare};

    fn state(resources: &str, outputs: &str) -> State {
        let text = format!(
            r#"{{"version": 4, "serial": 1, "lineage": "l", "outputs": {{{outputs}}}, "resources": [{resources}]}}"#
        );
        State::parse(text.as_bytes()).unwrap()
    }

    fn resource(name: &str, attributes: &str) -> String {
        format!(
            r#"{{"mode": "managed", "type": "demo_x", "name": "{name}", "provider": "provider[\"registry.terraform.io/hashicorp/demo\"]",
            "instances": [{{"schema_version": 0, "attributes": {attributes},
              "sensitive_attributes": [[{{"type": "get_attr", "value": "password"}}]]}}]}}"#
        )
    }

    #[test]
    fn everything_that_can_differ() {
        let before = state(
            &[
                resource("gone", r#"{"id": "1"}"#),
                resource("old", r#"{"id": "unique-object-id"}"#),
                resource("same", r#"{"id": "3"}"#),
                resource(
                    "web",
                    r#"{"id": "4", "size": 1, "password": "planted-a", "tags": {"a b": "x"}}"#,
                ),
            ]
            .join(","),
            r#""gone": {"value": 1, "type": "number"}, "key": {"value": "planted-c", "type": "string", "sensitive": true}"#,
        );
        let after = state(
            &[
                resource("added", r#"{"id": "5"}"#),
                resource("new", r#"{"id": "unique-object-id"}"#),
                resource("same", r#"{"id": "3"}"#),
                resource(
                    "web",
                    r#"{"id": "4", "size": 2, "password": "planted-b", "tags": {}}"#,
                ),
            ]
            .join(","),
            r#""key": {"value": "planted-d", "type": "string", "sensitive": true}"#,
        );
        let found = compare(&before, &after);
        let text = comparison(
            &found.value,
            &found.problems,
            ["a", "b"],
            &TextOptions::plain(),
        );
        assert!(!text.contains("planted"));
        insta::assert_snapshot!(text, @r#"
- demo_x.gone  removed
+ demo_x.added  added
> demo_x.old → demo_x.new  moved

~ demo_x.web  changed
    password: (sensitive value) differs
    size: 1 → 2
    tags["a b"]: "x" → (none)

- output.gone  removed
~ output.key  changed
    value: (sensitive value) differs

From a to b: 1 instance removed, 1 instance added, 1 instance changed, 1 instance moved, 2 outputs
changed.
"#);
        let same = compare(&before, &before);
        assert_eq!(
            comparison(
                &same.value,
                &same.problems,
                ["a", "b"],
                &TextOptions::plain()
            ),
            "No differences between a and b.\n"
        );
    }
}
