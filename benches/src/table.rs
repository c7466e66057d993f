//! Figures of two programs, measured in turn.

use crate::measure::Usage;

/// Runs both in turn, once to warm the caches and then `pairs` times.
pub fn pairs(
    pairs: usize,
    mut ours: impl FnMut() -> Usage,
    mut theirs: impl FnMut() -> Usage,
) -> Pairs {
    let mut measured = Vec::new();
    for pair in 0..=pairs {
        let both = (ours(), theirs());
        if pair > 0 {
            measured.push(both);
        }
    }
    Pairs(measured)
}

/// Runs of two programs.
#[derive(Debug)]
pub struct Pairs(Vec<(Usage, Usage)>);

impl Pairs {
    /// Runs that were measured elsewhere.
    pub fn new(measured: Vec<(Usage, Usage)>) -> Self {
        Self(measured)
    }

    /// A row of the table: medians of both, and the medians of their ratios.
    pub fn row(&self, what: &str, ours: &str, theirs: &str, goal: &str) -> String {
        let side = |usage: &dyn Fn(&(Usage, Usage)) -> Usage| {
            let median = |of: fn(&Usage) -> f64| median(self.0.iter().map(|pair| of(&usage(pair))));
            format!(
                "{} wall, {} CPU, {}",
                seconds(median(|u| u.wall)),
                seconds(median(|u| u.cpu)),
                memory(median(|u| exact(u.memory))),
            )
        };
        let ratio = |of: fn(&Usage) -> f64| {
            let ratio = median(self.0.iter().map(|(a, b)| of(a) / of(b)));
            if ratio < 0.1 {
                format!("{ratio:.3}")
            } else {
                format!("{ratio:.2}")
            }
        };
        format!(
            "| {what} | {ours}: {} | {theirs}: {} | {} wall, {} CPU, {} memory | {goal} |",
            side(&|pair| pair.0),
            side(&|pair| pair.1),
            ratio(|u| u.wall),
            ratio(|u| u.cpu),
            ratio(|u| exact(u.memory)),
        )
    }
}

/// The middle one; the lower of the two middle ones.
fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
        .get(figures.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(f64::NAN)
}

fn seconds(figure: f64) -> String {
    if figure < 0.1 {
        format!("{:.0} ms", figure * 1000.0)
    } else {
        format!("{figure:.2} s")
    }
}

fn memory(bytes: f64) -> String {
    format!("{:.0} MiB", bytes / 1_048_576.0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "memory stays far below 2^52 bytes"
)]
fn exact(bytes: u64) -> f64 {
    bytes as f64
}
