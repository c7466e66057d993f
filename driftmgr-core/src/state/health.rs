//! A score of how well a state is kept: 100 less points for each reason.

use std::time::Duration;

use serde::Serialize;

use super::model::State;

/// What is known of a state from outside of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HealthInputs {
    /// Size in bytes.
    pub bytes: u64,
    /// Time since it was last written; `None` when that is not known, which costs nothing.
    pub age: Option<Duration>,
    /// It is a file on a disk and not in a remote backend.
    pub is_local: bool,
    /// The backend keeps earlier versions; `None` when that is not known, which costs nothing.
    pub versioning: Option<bool>,
}

/// How long ago the state was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBand {
    /// Less than a day.
    Fresh,
    /// Less than a week.
    Recent,
    /// Less than thirty days.
    Stale,
    /// Thirty days or more.
    Abandoned,
}

impl AgeBand {
    /// The band of an age.
    pub fn of(age: Duration) -> Self {
        const DAY: u64 = 24 * 60 * 60;
        match age.as_secs() {
            0..DAY => Self::Fresh,
            s if s < 7 * DAY => Self::Recent,
            s if s < 30 * DAY => Self::Stale,
            _ => Self::Abandoned,
        }
    }
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthBand {
    /// 80 points or more.
    Healthy,
    /// 60 points or more.
    Warning,
    /// Fewer.
    Critical,
}

/// Points that were taken off, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthReason {
    /// Points, a negative number.
    pub points: i32,
    /// Why, in a sentence without a final stop.
    pub reason: String,
}

/// The score of a state with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// 0 to 100.
    pub score: i32,
    /// What the score means.
    pub band: HealthBand,
    /// How old the state is, when that is known.
    pub age: Option<AgeBand>,
    /// What was taken off; empty for a full score.
    pub reasons: Vec<HealthReason>,
}

impl State {
    /// Scores the state by age, size, number of resources, place and versioning. Resources are managed resources and data sources; their
    /// instances are not counted.
    pub fn health(&self, inputs: &HealthInputs) -> Health {
        health(self.resources.len(), inputs)
    }
}

fn health(resources: usize, inputs: &HealthInputs) -> Health {
    const MEGABYTE: u64 = 1_000_000;
    let mut reasons = Vec::new();
    let mut off = |points: i32, reason: String| {
        reasons.push(HealthReason {
            points: -points,
            reason,
        });
    };
    let age = inputs.age.map(AgeBand::of);
    let days = inputs.age.map_or(0, |age| age.as_secs() / 86_400);
    match age {
        Some(AgeBand::Stale) => off(20, format!("stale: last written {days} days ago")),
        Some(AgeBand::Abandoned) => off(40, format!("abandoned: last written {days} days ago")),
        _ => {}
    }
    let size = format!("{:.1} MB", inputs.bytes as f64 / MEGABYTE as f64);
    if inputs.bytes > 50 * MEGABYTE {
        off(20, format!("larger than 50 MB: {size}"));
    } else if inputs.bytes > 10 * MEGABYTE {
        off(10, format!("larger than 10 MB: {size}"));
    }
    if resources > 1000 {
        off(20, format!("more than 1000 resources: {resources}"));
    } else if resources > 500 {
        off(10, format!("more than 500 resources: {resources}"));
    }
    if inputs.is_local {
        off(
            10,
            "kept in a local file, without locks between machines".to_owned(),
        );
    }
    if inputs.versioning == Some(false) {
        off(10, "no earlier versions are kept".to_owned());
    }
    let score = 100 + reasons.iter().map(|r| r.points).sum::<i32>();
    let band = match score {
        80.. => HealthBand::Healthy,
        60.. => HealthBand::Warning,
        _ => HealthBand::Critical,
    };
    Health {
        score,
        band,
        age,
        reasons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn inputs(bytes: u64, seconds: u64) -> HealthInputs {
        HealthInputs {
            bytes,
            age: Some(Duration::from_secs(seconds)),
            is_local: false,
            versioning: Some(true),
        }
    }

    #[test]
    fn every_limit_to_the_second_byte_and_resource() {
        for (resources, inputs, score) in [
            (0, inputs(0, 0), 100),
            (500, inputs(10_000_000, 7 * DAY - 1), 100),
            (0, inputs(0, 7 * DAY), 80),
            (0, inputs(0, 30 * DAY - 1), 80),
            (0, inputs(0, 30 * DAY), 60),
            (0, inputs(10_000_001, 0), 90),
            (0, inputs(50_000_000, 0), 90),
            (0, inputs(50_000_001, 0), 80),
            (501, inputs(0, 0), 90),
            (1000, inputs(0, 0), 90),
            (1001, inputs(0, 0), 80),
        ] {
            let health = health(resources, &inputs);
            assert_eq!(health.score, score, "{resources} {inputs:?}");
            assert_eq!(health.reasons.is_empty(), score == 100);
        }
    }

    #[test]
    fn the_worst_state() {
        let inputs = HealthInputs {
            bytes: 60_000_000,
            age: Some(Duration::from_secs(400 * DAY)),
            is_local: true,
            versioning: Some(false),
        };
        let health = health(2000, &inputs);
        assert_eq!((health.score, health.band), (0, HealthBand::Critical));
        assert_eq!(health.reasons.len(), 5);
        assert_eq!(health.age, Some(AgeBand::Abandoned));
    }

    #[test]
    fn what_is_not_known_costs_nothing() {
        let health = health(1, &HealthInputs::default());
        assert_eq!((health.score, health.band), (100, HealthBand::Healthy));
    }

    #[test]
    fn bands() {
        let at = |local, versioning, seconds| {
            let inputs = HealthInputs {
                is_local: local,
                versioning: Some(versioning),
                ..inputs(0, seconds)
            };
            health(0, &inputs).band
        };
        assert_eq!(at(true, false, 0), HealthBand::Healthy);
        assert_eq!(at(true, true, 7 * DAY), HealthBand::Warning);
        assert_eq!(at(true, false, 7 * DAY), HealthBand::Warning);
        assert_eq!(at(true, true, 30 * DAY), HealthBand::Critical);
    }
}
