//! The core's log, told to Python's `logging`: `driftmgr_core::backend::local` is the logger `driftmgr.backend.local`.
//!
//! Only what the logger `driftmgr` lets through crosses the border, by its level at the beginning of the call.

use std::fmt::{self, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::runtime::attached;

/// The level of Python's logger, as `logging` counts.
static LEVEL: AtomicU8 = AtomicU8::new(u8::MAX);

/// Looks up what Python wants to hear. Installs the bridge when it is called for the first time; a host that has its own subscriber keeps it.
pub(crate) fn begin(py: Python<'_>) {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Bridge);
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
    static EFFECTIVE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let effective = EFFECTIVE.get_or_try_init(py, || -> PyResult<Py<PyAny>> {
        let logger = logger(py, "driftmgr")?;
        Ok(logger.getattr("getEffectiveLevel")?.unbind())
    });
    let level = effective.and_then(|level| level.call0(py)?.extract::<i64>(py));
    if let Ok(level) = level {
        let level = u8::try_from(level.clamp(0, 255)).unwrap_or(u8::MAX);
        LEVEL.store(level, Ordering::Relaxed);
    }
}

fn logger<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("logging")?.call_method1("getLogger", (name,))
}

/// The number that `logging` has for a level. It has none for traces.
fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

struct Bridge;

impl<S: Subscriber> Layer<S> for Bridge {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The level of Python's logger may change at any time.
        match is_ours(metadata) {
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_ours(metadata) && number(*metadata.level()) >= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        None
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut said = Said::default();
        event.record(&mut said);
        let name = metadata.target().replace("::", ".");
        let name = name.replacen("driftmgr_core", "driftmgr", 1);
        // An interpreter that ends has no loggers any more.
        attached(|py| {
            let told = logger(py, &name).and_then(|logger| {
                logger.call_method1("log", (number(*metadata.level()), said.text()))
            });
            if let Err(broken) = told {
                broken.write_unraisable(py, None);
            }
        });
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.target().starts_with("driftmgr")
}

/// The message, and the fields beside it.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
}

impl Said {
    fn text(self) -> String {
        self.message + &self.fields
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
