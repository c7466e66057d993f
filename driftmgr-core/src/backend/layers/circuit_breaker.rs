//! Leaves a server alone that fails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::around::{Answer, Around, Call, Method};
use super::observe::Meter;
use super::options::CircuitBreakerOptions;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result, Retry};

/// What a call says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works, whether or not its answer pleases.
    Answered,
    /// It does not.
    Failed,
    /// Nothing: the caller gave up, or never got to it.
    Unknown,
}

impl Verdict {
    fn of<T>(cx: &Context, method: Method, result: &Result<T>) -> Self {
        let Err(error) = result else {
            return Self::Answered;
        };
        match error.kind() {
            ErrorKind::Unavailable | ErrorKind::RateLimited => Self::Failed,
            // That the caller's time was over says nothing. Unlocking does not look at the caller's time.
            ErrorKind::Timeout if method == Method::Unlock || cx.check().is_ok() => Self::Failed,
            ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::Unauthenticated
            | ErrorKind::Locked
            | ErrorKind::Conflict => Self::Answered,
            _ => Self::Unknown,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Calls pass; so many in a row have failed.
    Closed { failures: u32 },
    /// No call passes before `until`.
    Open { since: Duration, until: Duration },
    /// One call is on its way, which decides.
    Probing { since: Duration },
}

/// When calls pass. All times are since one beginning.
#[derive(Debug, Clone)]
pub(super) struct Breaker {
    state: State,
    most: u32,
    pause: Duration,
}

/// Why a call does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) since: Duration,
    /// `None` while a probe is on its way.
    pub(super) until: Option<Duration>,
}

impl Breaker {
    pub(super) fn new(options: &CircuitBreakerOptions) -> Self {
        Self {
            state: State::Closed { failures: 0 },
            most: options.failures,
            pause: options.pause,
        }
    }

    /// Admits a call, or says since when and until when none is. Each admitted call is answered by [`Self::learn`].
    pub(super) fn admit(&mut self, now: Duration) -> std::result::Result<(), Refusal> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { since, until } if now >= until => {
                self.state = State::Probing { since };
                Ok(())
            }
            State::Open { since, until } => Err(Refusal {
                since,
                until: Some(until),
            }),
            State::Probing { since } => Err(Refusal { since, until: None }),
        }
    }

    /// What came of a call; true when this opened the breaker.
    pub(super) fn learn(&mut self, verdict: Verdict, now: Duration) -> bool {
        let until = now.saturating_add(self.pause);
        match (&self.state, verdict) {
            (_, Verdict::Answered) => self.state = State::Closed { failures: 0 },
            (State::Closed { failures }, Verdict::Failed) => {
                let failures = failures.saturating_add(1);
                if failures < self.most {
                    self.state = State::Closed { failures };
                } else {
                    self.state = State::Open { since: now, until };
                    return true;
                }
            }
            (State::Probing { since }, Verdict::Failed) => {
                let since = *since;
                self.state = State::Open { since, until };
            }
            // The next call is the probe.
            (State::Probing { since }, Verdict::Unknown) => {
                let since = *since;
                self.state = State::Open { since, until: now };
            }
            // A call that was on its way when others failed tells nothing new.
            (State::Open { .. }, Verdict::Failed) | (_, Verdict::Unknown) => {}
        }
        false
    }
}

/// What the backends of one account share.
#[derive(Debug)]
pub(super) struct Circuit {
    begin: Instant,
    breaker: Mutex<Breaker>,
    last: Mutex<Option<String>>,
}

impl Circuit {
    pub(super) fn new(options: &CircuitBreakerOptions) -> Self {
        Self {
            begin: Instant::now(),
            breaker: Mutex::new(Breaker::new(options)),
            last: Mutex::default(),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // Every change is one assignment, so a poisoned one is still whole.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, cx: &Context, call: Call<'_>, refusal: Refusal, now: Duration) -> Error {
        let time = |at: Duration| {
            let ago = now.checked_sub(at);
            let wall = match ago {
                Some(ago) => cx.now().checked_sub(ago),
                None => cx.now().checked_add(at.saturating_sub(now)),
            };
            let stamp = wall.and_then(|wall| jiff::Timestamp::try_from(wall).ok());
            stamp.map(|stamp| stamp.strftime("%FT%TZ").to_string())
        };
        let mut error = Error::new(
            ErrorKind::Unavailable,
            "the server failed several times in a row and is not asked for a while",
        )
        .with_retry(Retry::Later)
        .with("layer", "circuit_breaker")
        .with("location", &call.to.location);
        if let Some(since) = time(refusal.since) {
            error = error.with("since", since);
        }
        match refusal.until.map(time) {
            Some(Some(until)) => error = error.with("until", until),
            Some(None) => {}
            None => error = error.with("until", "one call that is on its way has its answer"),
        }
        if let Some(cause) = &*self.last() {
            error = error.with("last failure", cause);
        }
        error.with_hint("see whether the server can be reached, and try again after that time")
    }
}

/// Lets calls pass while the server answers.
#[derive(Debug)]
pub(super) struct Breaking {
    pub(super) circuit: Arc<Circuit>,
    pub(super) meter: Arc<Meter>,
}

/// An admitted call. When nobody waits for it any more, it says nothing of the server.
struct Admitted<'a> {
    layer: &'a Breaking,
    verdict: Verdict,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let circuit = &self.layer.circuit;
        let opened = circuit
            .breaker()
            .learn(self.verdict, circuit.begin.elapsed());
        if opened {
            self.layer
                .meter
                .note(|metrics| metrics.circuit_breaker.opened += 1);
        }
    }
}

impl Around for Breaking {
    async fn around<'a, T, F, W>(&'a self, cx: &'a Context, call: Call<'a>, work: W) -> Result<T>
    where
        T: Answer + 'a,
        F: Future<Output = Result<T>> + Send + 'a,
        W: Fn() -> F + Send + Sync + 'a,
    {
        let now = self.circuit.begin.elapsed();
        let admitted = self.circuit.breaker().admit(now);
        // A lock that is not given back keeps everybody out.
        if let Err(refusal) = admitted
            && call.method != Method::Unlock
        {
            self.meter
                .note(|metrics| metrics.circuit_breaker.refused += 1);
            return Err(self.circuit.refuse(cx, call, refusal, now));
        }
        let mut admitted = Admitted {
            layer: self,
            verdict: Verdict::Unknown,
        };
        let result = work().await;
        admitted.verdict = Verdict::of(cx, call.method, &result);
        if let Err(error) = &result
            && admitted.verdict == Verdict::Failed
        {
            *self.circuit.last() = Some(error.message().to_owned());
        }
        result
    }
}
