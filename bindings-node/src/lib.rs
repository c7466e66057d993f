//! The native half of the `driftmgr` package for Node.js. `ts/` is its only user.
//!
//! It converts and calls. Results cross as JSON text (`exchange`), errors as one document (`failure`), and each call brings its own
//! cancellation and observer (`call`).

mod backend;
mod baseline;
mod call;
mod client;
mod drift;
mod exchange;
mod failure;
mod history;
mod managed;
mod plan;
mod reality;
mod report;
mod run;
mod settings;
mod snapshot;
mod stack;
mod state;
mod stream;

use std::ffi::OsString;

use driftmgr_core::ErrorKind;
use driftmgr_core::report::Format;
use napi::Env;
use napi::bindgen_prelude::PromiseRaw;
use napi_derive::napi;

/// What this build is.
#[napi]
pub fn version() -> napi::Result<String> {
    run::now(|| exchange::text(&driftmgr_core::client::version()))
}

/// Every code that an error can have.
#[napi]
pub fn error_codes() -> Vec<String> {
    ErrorKind::ALL
        .iter()
        .map(|k| k.as_str().to_owned())
        .collect()
}

/// The names of the formats that reports are written in.
#[napi]
pub fn formats() -> Vec<String> {
    Format::ALL.iter().map(|f| f.name().to_owned()).collect()
}

/// The command line. Blocks until it ends, and gives the exit code.
#[napi]
pub fn run_command_line(words: Vec<String>) -> napi::Result<u8> {
    let program = OsString::from("driftmgr");
    let words = words.into_iter().map(OsString::from);
    run::now(|| Ok(driftmgr_cli::run_to_exit(std::iter::once(program).chain(words)).code()))
}

/// Panics at once, or in a promise: the tests prove with it that a defect becomes an error and the process goes on.
#[napi]
#[allow(clippy::panic)]
pub fn panic_for_tests(env: &Env, way: String) -> napi::Result<PromiseRaw<'_, String>> {
    match way.as_str() {
        "now" => run::now(|| panic!("at once")),
        "heavy" => run::heavy(env, || panic!("in a thread")),
        _ => run::promise(env, async { panic!("in a future") }),
    }
}
