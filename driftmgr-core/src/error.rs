//! The one error type of the public edge, and partial results as values.

use std::fmt;
use std::sync::Arc;

/// What went wrong, coarse enough that every language binding maps it one to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The thing asked for does not exist.
    NotFound,
    /// The credentials are known and do not allow this.
    PermissionDenied,
    /// There are no credentials, or they are not accepted.
    Unauthenticated,
    /// Somebody else holds the lock.
    Locked,
    /// The stored thing is not the one that was expected (serial, lineage, version).
    Conflict,
    /// The other side asks to slow down.
    RateLimited,
    /// The deadline passed.
    Timeout,
    /// The caller cancelled.
    Cancelled,
    /// This build or this kind of thing cannot do it.
    Unsupported,
    /// A configuration is wrong (Terraform's or ours).
    InvalidConfig,
    /// A state cannot be read or is not a state.
    InvalidState,
    /// An argument is wrong.
    InvalidInput,
    /// The other side is down or unreachable.
    Unavailable,
    /// A program we started (a provider) failed.
    ToolFailed,
    /// A defect of ours, or something no rule foresaw.
    Unexpected,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::NotFound,
        Self::PermissionDenied,
        Self::Unauthenticated,
        Self::Locked,
        Self::Conflict,
        Self::RateLimited,
        Self::Timeout,
        Self::Cancelled,
        Self::Unsupported,
        Self::InvalidConfig,
        Self::InvalidState,
        Self::InvalidInput,
        Self::Unavailable,
        Self::ToolFailed,
        Self::Unexpected,
    ];

    /// The kind of this name, as [`ErrorKind::as_str`] gives it.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// The stable snake_case name, as machine output and the bindings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::PermissionDenied => "permission_denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Locked => "locked",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Unsupported => "unsupported",
            Self::InvalidConfig => "invalid_config",
            Self::InvalidState => "invalid_state",
            Self::InvalidInput => "invalid_input",
            Self::Unavailable => "unavailable",
            Self::ToolFailed => "tool_failed",
            Self::Unexpected => "unexpected",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may succeed when it is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retry {
    /// It will fail again.
    #[default]
    Never,
    /// It may succeed later (throttled, unavailable).
    Later,
}

/// What every fallible function of the public API answers with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that names the place, the cause and the way out.
///
/// `Display` is one line: message, then the place in parentheses. Hints and sources are apart, so that a user interface can lay them
/// out. No field ever holds a secret; whoever builds an error keeps them out.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    retry: Retry,
    hints: Vec<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with its kind and a sentence that says what is wrong, without a final stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            context: Vec::new(),
            retry: match kind {
                ErrorKind::RateLimited | ErrorKind::Unavailable => Retry::Later,
                _ => Retry::Never,
            },
            hints: Vec::new(),
            source: None,
        }))
    }

    /// Names the operation that failed, such as `state.read`. The innermost name stays.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds a place or a fact: `("file", "prod.tfstate")`, `("byte", "312")`, `("address", "aws_vpc.main")`.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Adds a way out, as an instruction without a final stop.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Says whether trying again can help. The default follows from the kind.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The same with every text changed, to take secrets out. A cause that holds one is left out.
    #[must_use]
    pub(crate) fn map_text(mut self, change: impl Fn(&str) -> String) -> Self {
        let inner = &mut *self.0;
        inner.message = change(&inner.message);
        for (_, value) in &mut inner.context {
            *value = change(value);
        }
        for hint in &mut inner.hints {
            *hint = change(hint);
        }
        inner.source.take_if(|source| {
            let mut cause: Option<&dyn std::error::Error> = Some(source.as_ref());
            while let Some(error) = cause {
                let (text, debug) = (error.to_string(), format!("{error:?}"));
                if change(&text) != text || change(&debug) != debug {
                    return true;
                }
                cause = error.source();
            }
            false
        });
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without place and cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, if it was named.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Places and facts, in the order they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The value of one context key.
    pub fn context_value(&self, key: &str) -> Option<&str> {
        self.0
            .context
            .iter()
            .find(|(k, _)| *k == key)
            .map(|(_, v)| v.as_str())
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// Ways out.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// An error for a file operation that failed: the path is in the context, the kind follows from the cause.
    pub fn io(action: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            std::io::ErrorKind::TimedOut => ErrorKind::Timeout,
            _ => ErrorKind::Unavailable,
        };
        Self::new(kind, format!("cannot {action}: {source}"))
            .with("file", path.display())
            .with_retry(Retry::Never)
            .with_source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !self.0.context.is_empty() {
            f.write_str(" (")?;
            for (i, (key, value)) in self.0.context.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                write!(f, "{comma}{key} {value}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("context", &self.0.context)
            .field("hints", &self.0.hints)
            .field("source", &self.0.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| e.as_ref() as _)
    }
}

/// A result that holds what could be had, and every problem that was met on the way. Never silent: the caller sees both.
#[derive(Debug)]
pub struct Partial<T> {
    /// What could be had.
    pub value: T,
    /// What could not, each naming its place.
    pub problems: Vec<Error>,
}

impl<T> Partial<T> {
    /// A whole result.
    pub fn complete(value: T) -> Self {
        Self {
            value,
            problems: Vec::new(),
        }
    }

    /// True when nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// The value when nothing is missing, else the first problem.
    pub fn into_result(mut self) -> Result<T> {
        if self.problems.is_empty() {
            Ok(self.value)
        } else {
            Err(self.problems.swap_remove(0))
        }
    }

    /// Changes the value and keeps the problems.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Partial<U> {
        Partial {
            value: change(self.value),
            problems: self.problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_can_be_changed_and_a_cause_that_tells_is_dropped() {
        let error = |cause: &str| {
            Error::new(ErrorKind::ToolFailed, "bad hunter2")
                .with("value", "hunter2")
                .with_hint("not hunter2")
                .with_source(std::io::Error::other(cause.to_owned()))
                .map_text(|text| text.replace("hunter2", "…"))
        };
        let told = error("it was hunter2");
        assert_eq!(told.to_string(), "bad … (value …)");
        assert_eq!(told.hints(), ["not …"]);
        assert!(std::error::Error::source(&told).is_none());
        assert!(std::error::Error::source(&error("disk on fire")).is_some());
    }
}
