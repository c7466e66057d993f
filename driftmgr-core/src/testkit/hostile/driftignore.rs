//! `.driftignore`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::refused::{line, refused};
use super::sample::{hidden, shown_with};
use crate::drift::ignore::DriftIgnore;
use crate::value::Path;

/// Two parts, divided by the first zero byte: the text of a file, and `TYPE.ID` names to ask about.
///
/// Every line is a pattern or a problem that names it. A line that is none changes nothing, and a last line can take everything back.
pub fn driftignore(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (text, asked) = text.split_once('\0').unwrap_or((text, ""));
    let read = DriftIgnore::parse(text, ".driftignore");
    let mut wrong = BTreeSet::new();
    let mut whole = false;
    for problem in &read.problems {
        refused(problem);
        match line(problem, text) {
            Some(line) => assert!(wrong.insert(line), "line {line} is wrong twice"),
            None => whole = true,
        }
    }
    let names: Vec<(&str, &str)> = asked
        .lines()
        .take(50)
        .filter_map(|name| name.split_once('.'))
        .collect();
    let tags = Path::attribute_of_root("tags");
    let answers = |rules: &DriftIgnore| -> Vec<bool> {
        names
            .iter()
            .map(|(kind, id)| rules.ignores(kind, id))
            .collect()
    };
    let ignored = answers(&read.value);
    for (ignored, (kind, id)) in ignored.iter().zip(&names) {
        let attribute = read.value.ignores_attribute(kind, id, &tags);
        assert!(!ignored || attribute, "{kind}.{id} without its attributes");
        let _ = read.value.ignores_type(kind, &|_| vec![(*id).to_owned()]);
    }
    let silenced = |rules: DriftIgnore| hidden(&shown_with(vec![Arc::new(rules)]));
    let now = silenced(read.value.clone());
    if whole {
        assert!(now.is_empty() && !ignored.contains(&true), "{now:?}");
        return;
    }

    let good: Vec<&str> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(i, _)| !wrong.contains(&(i + 1)))
        .map(|(_, line)| line)
        .collect();
    let good = DriftIgnore::parse(&good.join("\n"), ".driftignore");
    assert!(good.is_complete(), "{:?}", good.problems);
    assert_eq!(answers(&good.value), ignored);
    assert_eq!(silenced(good.value), now);

    let back = DriftIgnore::parse(&format!("{text}\n!*"), ".driftignore");
    assert!(!answers(&back.value).contains(&true), "!* takes all back");
    assert!(silenced(back.value).is_empty(), "!* takes all back");
}
