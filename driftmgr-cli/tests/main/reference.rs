//! The whole command line reference as one reviewed text.

use clap::CommandFactory as _;
use driftmgr_cli::args::Cli;

use crate::support::{folder, run};

fn help(command: &mut clap::Command, path: &str, out: &mut String) {
    let path = format!("{path} {}", command.get_name()).trim().to_owned();
    let text = command
        .clone()
        .term_width(100)
        .render_long_help()
        .to_string();
    // What every command has in common is shown once.
    let (own, _) = text
        .split_once("\nGlobal options:")
        .filter(|_| path.contains(' '))
        .unwrap_or((&text, ""));
    // Only some builds have these formats.
    let optional = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("arrow  ") || line.starts_with("parquet  ")
    };
    let lines: Vec<&str> = own
        .trim_end()
        .lines()
        .map(str::trim_end)
        .filter(|line| !optional(line))
        .collect();
    out.push_str(&format!("## {path}\n\n{}\n\n", lines.join("\n")));
    let names: Vec<String> = command
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    for name in names.iter().filter(|n| *n != "help") {
        help(command.find_subcommand_mut(name).unwrap(), &path, out);
    }
}

#[test]
fn the_command_line_reference() {
    let mut command = Cli::command();
    command.build();
    let mut out = String::new();
    help(&mut command, "", &mut out);
    insta::assert_snapshot!(out);
}

#[test]
fn completions_for_every_shell() {
    let dir = folder();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(dir.path(), &["completions", shell]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{shell}");
        assert!(
            run.out.contains("inspect") && run.out.contains("chdir"),
            "{shell}"
        );
    }
}

#[test]
fn manual_pages() {
    let dir = folder();
    let page = run(dir.path(), &["man"]);
    assert_eq!((page.code, page.err.as_str()), (Some(0), ""));
    assert!(page.out.contains(".TH driftmgr 1"), "{}", page.out);
    assert_eq!(run(dir.path(), &["man", "--dir", "pages"]).code, Some(0));
    for page in ["driftmgr.1", "driftmgr-state-list.1"] {
        assert!(dir.path().join("pages").join(page).is_file(), "{page}");
    }
}
