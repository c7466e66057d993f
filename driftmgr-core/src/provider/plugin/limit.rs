//! How many calls a provider is given at a time: a fixed number, or as many as make it faster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::error::{ErrorKind, Result};

/// How many calls one provider configuration is given at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// Always this many.
    Fixed(usize),
    /// `start` at first; doubled, up to `most`, for as long as the provider answers more calls per second for it, and halved when it is
    /// throttled or answers only half as many as before. Never below `start`, unless it is throttled.
    Adaptive {
        /// The first number, which is never wrong: Terraform's is ten.
        start: usize,
        /// The largest number.
        most: usize,
    },
}

impl Default for Concurrency {
    /// From ten, as Terraform, to a hundred.
    fn default() -> Self {
        Self::Adaptive {
            start: 10,
            most: 100,
        }
    }
}

/// Hands out permits for calls.
pub(crate) struct Limit {
    slots: Arc<Semaphore>,
    course: Mutex<Course>,
    born: Instant,
}

impl Limit {
    pub(crate) fn new(concurrency: Concurrency) -> Arc<Self> {
        let course = Course::new(concurrency);
        Arc::new(Self {
            slots: Arc::new(Semaphore::new(course.limit)),
            course: Mutex::new(course),
            born: Instant::now(),
        })
    }

    /// Waits for a place. `None` never comes: the semaphore is not closed.
    pub(crate) async fn permit(self: &Arc<Self>) -> Option<Permit> {
        let slot = self.slots.clone().acquire_owned().await.ok()?;
        Some(Permit {
            slot: Some(slot),
            limit: self.clone(),
            throttled: false,
        })
    }

    fn answered(&self, slot: OwnedSemaphorePermit, throttled: bool) {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        let before = course.limit;
        course.answered(self.born.elapsed(), throttled);
        let more = course.limit.saturating_sub(before);
        let spared = more.min(course.surplus);
        self.slots.add_permits(more - spared);
        course.surplus = course.surplus - spared + before.saturating_sub(course.limit);
        if course.surplus > 0 {
            course.surplus -= 1;
            slot.forget();
        }
    }
}

/// The right to make one call.
pub(crate) struct Permit {
    slot: Option<OwnedSemaphorePermit>,
    limit: Arc<Limit>,
    throttled: bool,
}

impl Permit {
    /// Notices a call that was refused because there were too many.
    pub(crate) fn note<T>(&mut self, answer: &Result<T>) {
        self.throttled |= answer
            .as_ref()
            .is_err_and(|e| e.kind() == ErrorKind::RateLimited);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.limit.answered(slot, self.throttled);
        }
    }
}

/// The number and what it was found with. Calls are counted in rounds of the number, so that each has one wave of answers; a round has a rate.
#[derive(Debug)]
struct Course {
    limit: usize,
    least: usize,
    most: usize,
    /// Permits that are to be taken back when their calls end.
    surplus: usize,
    round: Round,
    phase: Phase,
}

#[derive(Debug)]
struct Round {
    began: Duration,
    answers: usize,
    throttled: bool,
}

#[derive(Debug)]
enum Phase {
    /// The number was doubled, or is the first one. Holds the number and the rate before.
    Trying { limit: usize, rate: f64 },
    /// It was not worth more. Holds the rate, in calls per second, and the rounds until the next try.
    Settled { rate: f64, rest: u32 },
}

/// A doubled number is kept when it gives at least this much more per second: less may be chance.
const WORTH: f64 = 1.2;
/// A rate that fell to this share means that the other side slows us down.
const COLLAPSE: f64 = 0.5;
/// Rounds without a try after one that was not worth it, and after throttling.
const REST: u32 = 15;

impl Course {
    fn new(concurrency: Concurrency) -> Self {
        let (least, most) = match concurrency {
            Concurrency::Fixed(number) => (number.max(1), number.max(1)),
            Concurrency::Adaptive { start, most } => (start.max(1), most.max(start).max(1)),
        };
        Self {
            limit: least,
            least,
            most,
            surplus: 0,
            round: Round {
                began: Duration::ZERO,
                answers: 0,
                throttled: false,
            },
            phase: Phase::Trying {
                limit: least,
                rate: 0.0,
            },
        }
    }

    fn answered(&mut self, now: Duration, throttled: bool) {
        if self.least == self.most {
            return;
        }
        if self.round.answers == 0 {
            self.round.began = now;
        }
        self.round.answers += 1;
        self.round.throttled |= throttled;
        if self.round.throttled || self.round.answers > self.limit {
            self.end_round(now);
        }
    }

    fn end_round(&mut self, now: Duration) {
        let took = now.saturating_sub(self.round.began).as_secs_f64();
        // The first answer began the round, so there is one interval fewer than answers.
        #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
        let rate = (self.round.answers - 1) as f64 / took.max(1e-6);
        let throttled = self.round.throttled;
        self.round = Round {
            began: now,
            answers: 0,
            throttled: false,
        };
        if throttled {
            self.limit = (self.limit / 2).max(1);
            self.phase = Phase::Settled { rate, rest: REST };
            return;
        }
        match self.phase {
            Phase::Trying { rate: before, .. } if rate >= before * WORTH => self.try_more(rate),
            Phase::Trying {
                limit,
                rate: before,
            } => {
                self.limit = limit;
                self.phase = Phase::Settled {
                    rate: before,
                    rest: REST,
                };
            }
            Phase::Settled { rate: before, .. } if rate < before * COLLAPSE => {
                self.limit = (self.limit / 2).max(self.least.min(self.limit));
                self.phase = Phase::Settled { rate, rest: REST };
            }
            Phase::Settled { rest: 0, .. } => self.try_more(rate),
            Phase::Settled { rest, .. } => {
                self.phase = Phase::Settled {
                    rate,
                    rest: rest - 1,
                };
            }
        }
    }

    fn try_more(&mut self, rate: f64) {
        self.phase = if self.limit == self.most {
            Phase::Settled { rate, rest: REST }
        } else {
            Phase::Trying {
                limit: self.limit,
                rate,
            }
        };
        self.limit = (self.limit * 2).min(self.most);
    }
}

#[cfg(test)]
mod tests;
