//! Values and paths as reports show them: secret parts masked, nothing that a terminal would act on.

use super::safe;
use crate::value::{Path, PathSet, Value, mask_at, one_line};

/// A value on one line. `at` is where it stands, `secret` what must not be shown.
pub(super) fn inline(value: &Value, at: &Path, secret: &PathSet) -> String {
    one_line(&mask_at(value, at, secret), usize::MAX)
}

/// A path as in an expression; members of sets stand by value, unless something in them is secret.
pub(super) fn path(path: &Path, secret: &PathSet) -> String {
    safe::one_line(&path.display_masked(secret))
}

/// Both sides of a change as text that is better compared by lines: multi-line strings, and JSON documents laid out.
pub(in crate::report) fn documents(
    before: Option<&Value>,
    after: Option<&Value>,
) -> Option<(String, String)> {
    let (before, after) = (before?.as_str()?, after?.as_str()?);
    if let (Some(a), Some(b)) = (json_document(before), json_document(after)) {
        // Layout alone differs: then the raw text is what there is to see.
        return (a != b).then_some((a, b));
    }
    let several = |text: &str| text.trim_end_matches('\n').contains('\n');
    (several(before) || several(after)).then(|| (before.to_owned(), after.to_owned()))
}

fn json_document(text: &str) -> Option<String> {
    text.trim_start()
        .starts_with(['{', '['])
        .then(|| serde_json::from_str::<serde_json::Value>(text).ok())
        .flatten()
        .and_then(|document| serde_json::to_string_pretty(&document).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_laid_out() {
        let json = documents(Some(&r#"{"a":1}"#.into()), Some(&r#"{"a":2}"#.into()));
        assert_eq!(
            json,
            Some(("{\n  \"a\": 1\n}".into(), "{\n  \"a\": 2\n}".into()))
        );
        assert!(documents(Some(&"a\n".into()), Some(&"b\n".into())).is_none());
        assert!(documents(Some(&"a\nb".into()), Some(&"b".into())).is_some());
        assert!(documents(Some(&"a\nb".into()), None).is_none());
    }
}
