//! The name that was probably meant.

/// The candidate with the fewest typing errors between it and the word, when they are few: one for each three characters, one at least.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = fold(word);
    let allowed = (folded.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &fold(name)), name))
        .filter(|(distance, _)| *distance <= allowed)
        // The first of the nearest, whatever their order.
        .min()
        .map(|(_, name)| name)
}

/// Case and separators are no typing errors.
fn fold(name: &str) -> String {
    name.chars()
        .take(64)
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_errors_are_forgiven_and_many_are_not() {
        let names = ["sensitivity", "severity", "timeout", "workers"];
        for (word, want) in [
            ("sensitivty", Some("sensitivity")),
            ("Time-Out", Some("timeout")),
            ("worker", Some("workers")),
            ("wokrers", Some("workers")),
            ("x", None),
            ("frobnicate", None),
        ] {
            assert_eq!(nearest(word, names), want, "{word}");
        }
    }
}
