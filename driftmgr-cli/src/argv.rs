//! Terraform writes long options with one dash (`-chdir=DIR`, `-json`). Hands that are used to it are understood here.

use std::ffi::OsString;

/// Options that Terraform's users type with one dash and that mean the same here.
const SINGLE_DASH: &[&str] = &[
    "backend-config",
    "chdir",
    "detailed-exitcode",
    "exclude",
    "help",
    "json",
    "no-color",
    "parallelism",
    "target",
    "var",
    "var-file",
    "version",
];

/// The arguments with a second dash where Terraform's spelling has one. Nothing after `--` is touched. The first argument, by which
/// the program was called, becomes its name, so that help reads the same everywhere.
pub fn with_double_dashes(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut options = true;
    let arguments = args.into_iter().skip(1);
    std::iter::once("driftmgr".into())
        .chain(arguments)
        .map(|arg| {
            options &= arg != "--";
            match arg.to_str() {
                Some(text) if options && is_single_dash(text) => format!("-{text}").into(),
                _ => arg,
            }
        })
        .collect()
}

fn is_single_dash(arg: &str) -> bool {
    arg.strip_prefix('-').is_some_and(|rest| {
        let name = rest.split_once('=').map_or(rest, |(name, _)| name);
        SINGLE_DASH.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shim(line: &str) -> String {
        let args = line.split(' ').map(OsString::from);
        let args: Vec<String> = with_double_dashes(args)
            .into_iter()
            .map(|a| a.into_string().unwrap())
            .collect();
        args.join(" ")
    }

    #[test]
    fn terraform_spelling_is_understood() {
        for (typed, meant) in [
            (
                "driftmgr -chdir=infra check",
                "driftmgr --chdir=infra check",
            ),
            (
                "driftmgr drift -json -no-color",
                "driftmgr drift --json --no-color",
            ),
            ("driftmgr drift -var a=b", "driftmgr drift --var a=b"),
            ("driftmgr drift -var-file=x", "driftmgr drift --var-file=x"),
            ("driftmgr -v -vv -q", "driftmgr -v -vv -q"),
            ("driftmgr drift -- -json", "driftmgr drift -- -json"),
            ("driftmgr drift --json -", "driftmgr drift --json -"),
            ("driftmgr -jsonx", "driftmgr -jsonx"),
        ] {
            assert_eq!(shim(typed), meant);
        }
    }
}
