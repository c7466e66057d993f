//! `driftmgr --version`

use serde_json::json;

use crate::args::Cli;
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;

/// Optional parts that this build has.
pub(crate) const FEATURES: &[&str] = &[
    #[cfg(feature = "columnar")]
    "columnar",
];

pub(crate) fn run(cli: &Cli, printer: &Printer) -> Result<Exit, Failure> {
    if cli.json {
        let version = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "features": FEATURES,
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
        });
        printer.json(&format!("{version:#}"))?;
    } else {
        printer.data(concat!("driftmgr ", env!("CARGO_PKG_VERSION"), "\n"))?;
    }
    Ok(Exit::Ok)
}
