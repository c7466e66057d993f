//! The log on standard error, for finding out what went on. Off unless asked for.

use std::io::IsTerminal as _;

use driftmgr_core::settings::LogLevel;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts the log when `DRIFTMGR_LOG`, `-vv` or the settings ask for it, the first of them. Only driftmgr's own events are shown: those of transports can hold what
/// goes over the wire.
pub(crate) fn start(verbose: u8, level: LogLevel, colour: bool) -> Option<String> {
    let wanted = std::env::var(driftmgr_core::env::DRIFTMGR_LOG)
        .ok()
        .filter(|v| !v.is_empty());
    let set = format!("driftmgr_core={0},driftmgr_cli={0}", level.as_str());
    let directives = match (&wanted, verbose) {
        (Some(directives), _) => directives.as_str(),
        (None, 2..) => "driftmgr_core=debug,driftmgr_cli=debug",
        (None, _) if level != LogLevel::Off => &set,
        (None, _) => return None,
    };
    let (filter, complaint) = match EnvFilter::try_new(directives) {
        Ok(filter) => (filter, None),
        Err(error) => (
            EnvFilter::new("driftmgr_core=debug"),
            Some(format!("DRIFTMGR_LOG is no log filter: {error}")),
        ),
    };
    let own = tracing_subscriber::filter::filter_fn(|event| event.target().starts_with("driftmgr"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour && std::io::stderr().is_terminal());
    // A second start (a host that calls `run` twice) keeps the first log.
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(own)
        .with(lines)
        .try_init();
    complaint
}
