//! `driftmgr man`

use clap::CommandFactory as _;
use clap_mangen::Man as Page;
use driftmgr_core::Error;

use crate::args::{Cli, Man};
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Man, printer: &Printer) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    match &args.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|e| Error::io("make the folder", dir, e))?;
            clap_mangen::generate_to(command, dir)
                .map_err(|e| Error::io("write the manual pages", dir, e))?;
        }
        None => {
            let mut page = Vec::new();
            Page::new(command).render(&mut page)?;
            printer.bytes(&page)?;
        }
    }
    Ok(Exit::Ok)
}
