//! A state over time, kept as its changes only: what stays as it is costs nothing.

use super::moment::Moment;
use crate::drift::Severity;

/// How a finding was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FindingState {
    /// How much it matters.
    pub severity: Severity,
    /// It was not shown.
    pub hidden: bool,
}

impl FindingState {
    /// Of two that share an id: the higher severity, and shown when one of them is.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        Self {
            severity: self.severity.max(other.severity),
            hidden: self.hidden && other.hidden,
        }
    }
}

/// When something changed, and into what; `None` is not there. Before the first change it was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<T>(Vec<(Moment, Option<T>)>);

impl<T: Copy> Timeline<T> {
    /// From changes in order of time.
    pub fn new(changes: Vec<(Moment, Option<T>)>) -> Self {
        Self(changes)
    }

    /// The changes, in order of time.
    pub fn changes(&self) -> &[(Moment, Option<T>)] {
        &self.0
    }

    /// The state at each of these moments, which are in order.
    pub fn at_each<'a>(
        &'a self,
        moments: impl IntoIterator<Item = Moment> + 'a,
    ) -> impl Iterator<Item = Option<T>> + 'a {
        let mut changes = self.0.iter().peekable();
        let mut state = None;
        moments.into_iter().map(move |moment| {
            while let Some((_, new)) = changes.next_if(|(at, _)| *at <= moment) {
                state = *new;
            }
            state
        })
    }
}
