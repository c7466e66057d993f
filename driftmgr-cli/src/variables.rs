//! `--var` and `--var-file` in the order in which they were typed: later ones win, whichever of the two they are.

use std::path::PathBuf;

use clap::ArgMatches;
use driftmgr_core::configuration::VariableInput;
use driftmgr_core::{Error, ErrorKind};

/// The values of root module variables that the command line gives.
///
/// # Errors
/// `InvalidInput` for a `--var` without `=`.
pub(crate) fn given(matches: &ArgMatches) -> Result<Vec<VariableInput>, Error> {
    let mut leaf = matches;
    while let Some((_, below)) = leaf.subcommand() {
        leaf = below;
    }
    let mut inputs: Vec<(usize, VariableInput)> = Vec::new();
    for (index, text) in typed::<String>(leaf, "var") {
        // The value can be a secret: it stays out of the message.
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "--var without a value")
                .with_hint("write it as --var NAME=VALUE")
        })?;
        let (name, value) = (name.trim().to_owned(), value.to_owned());
        inputs.push((index, VariableInput::Value { name, value }));
    }
    for (index, path) in typed::<PathBuf>(leaf, "var_file") {
        inputs.push((index, VariableInput::File(path.clone())));
    }
    inputs.sort_by_key(|(index, _)| *index);
    Ok(inputs.into_iter().map(|(_, input)| input).collect())
}

/// The values of an option with their places on the command line; none where the command does not have the option.
fn typed<'m, T: Clone + Send + Sync + 'static>(
    matches: &'m ArgMatches,
    id: &str,
) -> Vec<(usize, &'m T)> {
    let values = matches.try_get_many::<T>(id).ok().flatten();
    let (Some(values), true) = (values, matches.try_contains_id(id).unwrap_or(false)) else {
        return Vec::new();
    };
    let indices = matches.indices_of(id).into_iter().flatten();
    indices.zip(values).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    fn inputs(line: &str) -> Result<String, Error> {
        let matches = Cli::command().get_matches_from(line.split(' '));
        Ok(format!("{:?}", given(&matches)?))
    }

    #[test]
    fn the_order_of_typing_is_kept() {
        assert_eq!(
            inputs("driftmgr drift --var a=1 --var-file x --var b=2=3 --var-file y").unwrap(),
            "[Value(a), File(x), Value(b), File(y)]"
        );
        assert_eq!(inputs("driftmgr drift").unwrap(), "[]");
        assert_eq!(inputs("driftmgr man").unwrap(), "[]");
        let error = inputs("driftmgr drift --var planted-secret").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted-secret"));
    }
}
