//! The numbers and words that files hold. They are never changed, only added to.

use rusqlite::Row;
use rusqlite::types::Type;

use crate::drift::{Kind, Sensitivity, Severity};
use crate::history::moment::Moment;
use crate::history::run::Outcome;
use crate::history::timeline::FindingState;

const OUTCOMES: [(i64, Outcome); 7] = [
    (1, Outcome::Same),
    (2, Outcome::Skipped),
    (3, Outcome::Hidden),
    (4, Outcome::Moved),
    (5, Outcome::Unverifiable),
    (6, Outcome::Modified),
    (7, Outcome::Missing),
];

const SEVERITIES: [(i64, Severity); 3] = [
    (1, Severity::Informational),
    (2, Severity::Important),
    (3, Severity::Critical),
];

/// Added to the number of the severity when the finding was not shown.
const HIDDEN: i64 = 8;

const SENSITIVITIES: [(&str, Sensitivity); 3] = [
    ("low", Sensitivity::Low),
    ("medium", Sensitivity::Medium),
    ("high", Sensitivity::High),
];

fn number<T: PartialEq + Copy>(table: &[(i64, T)], of: T) -> i64 {
    table
        .iter()
        .find(|(_, known)| *known == of)
        .map_or(0, |(number, _)| *number)
}

fn thing<T: Copy>(table: &[(i64, T)], of: i64) -> Option<T> {
    table
        .iter()
        .find(|(number, _)| *number == of)
        .map(|(_, known)| *known)
}

pub(super) fn outcome(of: Outcome) -> i64 {
    number(&OUTCOMES, of)
}

pub(super) fn state(of: FindingState) -> i64 {
    number(&SEVERITIES, of.severity) + if of.hidden { HIDDEN } else { 0 }
}

pub(super) fn sensitivity(of: Sensitivity) -> &'static str {
    SENSITIVITIES
        .iter()
        .find(|(_, known)| *known == of)
        .map_or("", |(word, _)| *word)
}

/// What a column holds that this version does not write.
fn strange(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, "an unknown code".into())
}

pub(super) fn read_outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Outcome>> {
    match row.get(column)? {
        0 => Ok(None),
        code => thing(&OUTCOMES, code).map(Some).ok_or(strange(column)),
    }
}

pub(super) fn read_state(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<FindingState>> {
    let code: i64 = row.get(column)?;
    if code == 0 {
        return Ok(None);
    }
    let hidden = code > HIDDEN;
    let severity = thing(&SEVERITIES, if hidden { code - HIDDEN } else { code });
    let state = severity.map(|severity| Some(FindingState { severity, hidden }));
    state.ok_or(strange(column))
}

pub(super) fn read_sensitivity(row: &Row<'_>, column: usize) -> rusqlite::Result<Sensitivity> {
    let word: String = row.get(column)?;
    SENSITIVITIES
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, known)| *known)
        .ok_or(strange(column))
}

pub(super) fn read_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    let word: String = row.get(column)?;
    [Kind::Missing, Kind::Modified, Kind::Moved]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or(strange(column))
}

pub(super) fn read_parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| strange(column))
}

pub(super) fn read_moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Moment> {
    row.get(column).map(Moment::from_millis)
}

pub(super) fn read_optional_moment(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<Moment>> {
    let millis: Option<i64> = row.get(column)?;
    Ok(millis.map(Moment::from_millis))
}

/// Counts as SQLite keeps numbers.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn read_count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map_err(|_| strange(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_number_of_its_own() {
        let mut seen = std::collections::BTreeSet::from([0]);
        for severity in [
            Severity::Informational,
            Severity::Important,
            Severity::Critical,
        ] {
            for hidden in [false, true] {
                assert!(seen.insert(state(FindingState { severity, hidden })));
            }
        }
        let mut seen = std::collections::BTreeSet::from([0]);
        for of in [
            Outcome::Same,
            Outcome::Skipped,
            Outcome::Hidden,
            Outcome::Moved,
            Outcome::Unverifiable,
            Outcome::Modified,
            Outcome::Missing,
        ] {
            assert!(seen.insert(outcome(of)), "{of:?}");
        }
        for of in [Sensitivity::Low, Sensitivity::Medium, Sensitivity::High] {
            assert_ne!(sensitivity(of), "");
        }
    }
}
