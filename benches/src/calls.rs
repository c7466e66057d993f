//! What a call takes that is too short to be timed alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(50);

/// Nanoseconds of a call: the median of several rounds, each of many calls.
pub fn nanoseconds<T>(call: impl Fn() -> T) -> f64 {
    let mut calls = 1_u32;
    // Also what warms up.
    while round(&call, calls) < ROUND {
        calls = calls.saturating_mul(2);
    }
    let mut rounds = [(); ROUNDS].map(|()| round(&call, calls));
    rounds.sort_unstable();
    rounds[ROUNDS / 2].as_secs_f64() * 1e9 / f64::from(calls)
}

fn round<T>(call: &impl Fn() -> T, calls: u32) -> Duration {
    let begun = Instant::now();
    for _ in 0..calls {
        black_box(call());
    }
    begun.elapsed()
}
