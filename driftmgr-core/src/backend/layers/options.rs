//! What a caller chooses of the layers, as plain values: every language gives them in the same form.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::backend::backoff::RetryPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// The layers over the backends of a client. Without any, calls are counted, and nothing else.
///
/// ```
/// use driftmgr_core::backend::layers::BackendOptions;
///
/// let options: BackendOptions = serde_json::from_str(
///     r#"{"read_only": true, "rate_limit": {"per_second": 20, "burst": 40}, "cache": {"ttl": 30}}"#,
/// ).unwrap();
/// assert!(options.read_only && options.retry.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackendOptions {
    /// Nothing is written, deleted or locked.
    pub read_only: bool,
    /// Reading calls are repeated for kinds that do not do so by themselves.
    pub retry: Option<RetryOptions>,
    /// So many calls in a second, for all backends of an account together.
    pub rate_limit: Option<RateLimitOptions>,
    /// A server that fails again and again is left alone for a while.
    pub circuit_breaker: Option<CircuitBreakerOptions>,
    /// States are kept, and fetched again only when they have changed.
    pub cache: Option<CacheOptions>,
}

/// How calls are repeated that only read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOptions {
    /// So often at most, not counting the first call.
    pub max: u32,
    /// The shortest wait, in seconds.
    #[serde(with = "seconds")]
    pub wait_min: Duration,
    /// The longest wait, in seconds. Waits are random up to a limit that doubles until it is this.
    #[serde(with = "seconds")]
    pub wait_max: Duration,
}

impl Default for RetryOptions {
    /// Three times, after half a second to half a minute.
    fn default() -> Self {
        Self {
            max: 3,
            wait_min: Duration::from_millis(500),
            wait_max: Duration::from_secs(30),
        }
    }
}

impl RetryOptions {
    pub(super) fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            max: self.max,
            wait_min: self.wait_min,
            wait_max: self.wait_max,
        }
    }
}

/// How many calls are made. A call can be several requests: a write that takes the lock for itself is four or so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitOptions {
    /// Calls in a second, in the long run. More than a millionth.
    pub per_second: f64,
    /// Calls that may come at once after a while of silence. At least 1.
    #[serde(default = "one")]
    pub burst: u32,
}

fn one() -> u32 {
    1
}

/// When a server is left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreakerOptions {
    /// After so many failures of the server in a row. At least 1. What is not there, denied or locked is no failure of a server.
    pub failures: u32,
    /// For so long, in seconds; then one call tries it.
    #[serde(with = "seconds")]
    pub pause: Duration,
}

impl Default for CircuitBreakerOptions {
    /// After five failures, for half a minute.
    fn default() -> Self {
        Self {
            failures: 5,
            pause: Duration::from_secs(30),
        }
    }
}

/// Where states are kept, and for how long they are taken without asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheOptions {
    /// So long a state is taken as it was read, without a request, in seconds. By default not at all: each read asks the store whether the
    /// state has changed.
    #[serde(with = "seconds")]
    pub ttl: Duration,
    /// States of so many bytes are kept in memory; 0 for none.
    pub memory: u64,
    /// A folder where they are kept, encrypted, beyond the end of the process.
    pub disk: Option<DiskCacheOptions>,
}

impl Default for CacheOptions {
    /// 64 MiB of memory.
    fn default() -> Self {
        Self {
            ttl: Duration::ZERO,
            memory: 64 << 20,
            disk: None,
        }
    }
}

/// A folder of states. Several processes may share it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskCacheOptions {
    /// The folder; it is made if it is missing. Relative to the working folder.
    pub folder: PathBuf,
    /// Files of so many bytes are kept, compressed as they are.
    #[serde(default = "gibibyte")]
    pub max_bytes: u64,
    /// The key that files are encrypted with. By default one that is kept for the user, in `cache.key` of the folder in which driftmgr keeps what
    /// lasts between runs ([`crate::env::Environment::state_folder`]); it is made at the first time.
    #[serde(default, skip_serializing)]
    pub key: Option<CacheKey>,
}

fn gibibyte() -> u64 {
    1 << 30
}

/// A key of 256 bits. As text it is base64. No `Debug`, and nothing that is serialized, shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheKey(Sensitive<[u8; 32]>);

impl CacheKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Sensitive::new(bytes))
    }

    /// The key in base64.
    ///
    /// # Errors
    /// `InvalidInput` for anything else.
    pub fn from_base64(text: &str) -> Result<Self> {
        let bytes = BASE64_STANDARD.decode(text.trim()).ok();
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self::new).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "the key of a cache is not 32 bytes in base64",
            )
            .with_hint("make one with `openssl rand -base64 32`")
        })
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for CacheKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let text = Sensitive::new(String::deserialize(from)?);
        Self::from_base64(text.expose()).map_err(|e| D::Error::custom(e.message().to_owned()))
    }
}

impl BackendOptions {
    /// The options of a JSON object. Nothing in an error is a value: the key of a cache could be one.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is not known, naming those that are, and for a value of the wrong type.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| {
            let reason = e.to_string();
            let error = Error::new(
                ErrorKind::InvalidInput,
                "the options of the backends cannot be read",
            );
            match reason.starts_with("unknown field") {
                true => error.with_hint(reason),
                false => error.with("at", format!("{}:{}", e.line(), e.column())),
            }
        })
    }

    /// Fails for numbers that mean nothing.
    ///
    /// # Errors
    /// `InvalidInput`, naming the option.
    pub fn check(&self) -> Result<()> {
        let wrong = |option: &str, why: &str| {
            Err(Error::new(
                ErrorKind::InvalidInput,
                format!("the option `{option}` of the backends {why}"),
            ))
        };
        if let Some(limit) = &self.rate_limit {
            // Also false for what is no number.
            let is_rate = limit.per_second.is_finite() && limit.per_second > 1e-6;
            if !is_rate {
                return wrong("rate_limit.per_second", "is not above 0.000001");
            }
            if limit.burst == 0 {
                return wrong("rate_limit.burst", "lets nothing pass; it is at least 1");
            }
        }
        if self
            .circuit_breaker
            .as_ref()
            .is_some_and(|b| b.failures == 0)
        {
            return wrong(
                "circuit_breaker.failures",
                "lets nothing pass; it is at least 1",
            );
        }
        if let Some(retry) = &self.retry
            && retry.wait_min > retry.wait_max
        {
            return wrong("retry.wait_min", "is longer than `retry.wait_max`");
        }
        Ok(())
    }
}

/// Durations as numbers of seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(of: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(of.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(de::Error::custom)
    }
}
