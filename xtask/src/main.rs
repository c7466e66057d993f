//! Every command of the development of DriftMgr; continuous integration calls nothing else.
//!
//! It has almost no dependencies, so that it is ready within seconds on a fresh machine.

mod examples;
mod failure;
mod fuzz;
mod install;
mod kotlin;
mod layout;
mod node;
mod prerequisites;
mod python;
mod recipes;
mod release;
mod stamp;
mod step;
mod suite;
mod tools;

use std::process::ExitCode;

use failure::Failure;
use layout::Layout;

const HELP: &str = "\
Usage: cargo xtask COMMAND

Commands:
  test [-- ARGS]        install what the tests need, then run every check; ARGS go to nextest
  tools [--only A,B]    install what the tests need, pinned, outside of the checkout
  tools --list          show what that is
  python [-- ARGS]      build the Python package and run its tests; ARGS go to pytest
  python pack [--profile dev]
                        build the wheel and the source distribution, optimised unless told otherwise
  fleet [-- ARGS]       run what runs on Ray and Spark alone; ARGS go to pytest
  providers             build and install the two test providers alone
  node test [-- ARGS]   build, pack, install and test the Node.js package alone; ARGS go to node --test
  node pack [--profile dev]
                        make its tarballs, optimised unless told otherwise
  kotlin                build the Kotlin library and run its tests from the jar
  kotlin --pack         build the jar that is published
  kotlin bench          measure what a call from Kotlin costs beside the same one in Rust
  release --dry-run [--quick] [--only A,B] [--out FOLDER]
                        build every published form, try each, write checksums; publishes nothing.
                        --quick does not optimise wheel and tarballs: to try the packaging
  release --check       whether versions agree and the files of packaging are sound
  semver [--baseline REVISION]
                        what changed in the library's public items since the last release
  examples [NAME]       run the examples that are built on the published packages
  noise                 run the noise lab and write what it finds to docs/noise.md
  fuzz [TARGET] [--seconds N] [--keep]
                        feed hostile bytes to the parsers, ten minutes each; --keep adds to the corpus
  help                  show this

Variables:
  DRIFTMGR_TOOLS_DIR          where tools go (default: driftmgr/tools in the user's cache folder)
  DRIFTMGR_FIXTURES           the fixtures (default: ../shared/fixtures beside the checkout)
  DRIFTMGR_REQUIRE_FIXTURES   set to 1 to fail without fixtures, as with CI
  CARGO_TARGET_DIR            where `test` compiles (default: driftmgr/target in the user's cache folder)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_told() {
                eprintln!("{failure}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Other programs take the last line for the place of what was built.
fn shown(folder: std::path::PathBuf) -> Result<(), Failure> {
    println!("{}", folder.display());
    Ok(())
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["test"] => suite::run(&Layout::find()?, &[]),
        ["test", "--", nextest @ ..] => suite::run(&Layout::find()?, nextest),
        ["tools"] => tools::install(&Layout::find()?, None),
        ["tools", "--only", names] => {
            let names: Vec<&str> = names.split(',').collect();
            tools::install(&Layout::find()?, Some(&names))
        }
        ["tools", "--list"] => {
            tools::list();
            Ok(())
        }
        ["fuzz", options @ ..] => fuzz::run(&Layout::find()?, &fuzz::Options::parse(options)?),
        ["python"] => python::test(&Layout::find()?, &[]),
        ["python", "pack"] => shown(python::pack(&Layout::find()?, "release")?),
        ["python", "pack", "--profile", profile] => shown(python::pack(&Layout::find()?, profile)?),
        ["examples"] => examples::test(&Layout::find()?, None),
        ["examples", name] => examples::test(&Layout::find()?, Some(name)),
        ["release", "--check"] => release::check(&Layout::find()?),
        ["release", words @ ..] => release::run(&Layout::find()?, &release::Options::parse(words)?),
        ["semver"] => release::compare_with(&Layout::find()?, None),
        ["semver", "--baseline", revision] => {
            release::compare_with(&Layout::find()?, Some(revision))
        }
        ["python", "--", pytest @ ..] => python::test(&Layout::find()?, pytest),
        ["fleet"] => python::fleet(&Layout::find()?, &[]),
        ["fleet", "--", pytest @ ..] => python::fleet(&Layout::find()?, pytest),
        ["node", "test"] => node::test(&Layout::find()?, &[]),
        ["node", "test", "--", words @ ..] => node::test(&Layout::find()?, words),
        ["node", "pack"] => shown(node::pack(&Layout::find()?, "release")?),
        ["node", "pack", "--profile", profile] => shown(node::pack(&Layout::find()?, profile)?),
        ["kotlin"] => {
            prerequisites::check(&Layout::find()?)?;
            kotlin::test(&Layout::find()?)
        }
        ["kotlin", "bench"] => kotlin::bench(&Layout::find()?),
        ["kotlin", "--pack"] => {
            println!("{}", kotlin::pack(&Layout::find()?)?.display());
            Ok(())
        }
        ["noise"] => suite::noise(&Layout::find()?),
        ["providers"] => tools::install(&Layout::find()?, Some(recipes::TEST_PROVIDERS)),
        _ => Err(Failure::new(format!(
            "unknown command: cargo xtask {}\n\n{HELP}",
            words.join(" ")
        ))),
    }
}
