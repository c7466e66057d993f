//! The `driftmgr` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    driftmgr_cli::run(std::env::args_os())
}
