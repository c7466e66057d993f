//! What has to be on the machine already, since no registry serves it.

use std::process::Command;

use crate::failure::Failure;
use crate::layout::{self, Layout};

/// OpenTofu 1.12 asks for it.
const GO: [u32; 3] = [1, 26, 6];
/// The oldest one that Spark runs on, and what the Kotlin library is compiled for.
const JAVA: [u32; 3] = [17, 0, 0];
/// The oldest one that the Node.js package runs on.
const NODE: [u32; 3] = [20, 17, 0];
/// The oldest one that the Python package supports.
const PYTHON: [u32; 3] = [3, 11, 0];
const MAVEN: [u32; 3] = [3, 6, 3];

struct Need {
    what: String,
    /// Why what was found is not enough; `None` when it is.
    lack: Option<String>,
    remedy: &'static str,
}

/// Fails with one message about everything that is missing.
pub fn check(layout: &Layout) -> Result<(), Failure> {
    let needs = [
        cargo("rustfmt", "fmt"),
        cargo("clippy", "clippy"),
        versioned("go", &["version"], GO, "install it from https://go.dev/dl/"),
        versioned(
            "python3",
            &["--version"],
            PYTHON,
            "apt-get install -y python3 python3-venv",
        ),
        present(
            "python3 with venv",
            "python3",
            &["-c", "import venv, ensurepip"],
            "apt-get install -y python3-venv",
        ),
        present(
            "C compiler (cc)",
            "cc",
            &["--version"],
            "apt-get install -y build-essential",
        ),
        versioned(
            "node",
            &["--version"],
            NODE,
            "install it from https://nodejs.org/en/download",
        ),
        present("npm", "npm", &["--version"], "it comes with Node.js"),
        versioned(
            "java",
            &["--version"],
            JAVA,
            "apt-get install -y openjdk-17-jdk-headless",
        ),
        versioned("mvn", &["--version"], MAVEN, "apt-get install -y maven"),
        present(
            "strip",
            "strip",
            &["--version"],
            "apt-get install -y binutils",
        ),
        present("git", "git", &["--version"], "apt-get install -y git"),
        postgresql(),
        fixtures(layout),
    ];
    match message(&needs) {
        None => Ok(()),
        Some(text) => Err(Failure::new(text)),
    }
}

fn message(needs: &[Need]) -> Option<String> {
    let lines: Vec<String> = needs
        .iter()
        .filter_map(|need| {
            let lack = need.lack.as_ref()?;
            Some(format!("  {}: {lack}\n      {}\n", need.what, need.remedy))
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    Some(format!(
        "The tests need what this command cannot install:\n{}Nothing was started.",
        lines.concat()
    ))
}

fn cargo(component: &str, subcommand: &str) -> Need {
    let remedy = if subcommand == "fmt" {
        "rustup component add rustfmt"
    } else {
        "rustup component add clippy"
    };
    present(component, "cargo", &[subcommand, "--version"], remedy)
}

fn present(what: &str, program: &str, words: &[&str], remedy: &'static str) -> Need {
    let lack = output(program, words).err();
    Need {
        what: what.into(),
        lack,
        remedy,
    }
}

fn versioned(program: &str, words: &[&str], least: [u32; 3], remedy: &'static str) -> Need {
    let what = format!("{program} {} or newer", dotted(least));
    let lack = match output(program, words) {
        Err(lack) => Some(lack),
        Ok(text) => match version(&text) {
            Some(found) if found >= least => None,
            Some(found) => Some(format!("found {}", dotted(found))),
            None => Some(format!("it answers {:?}", text.trim())),
        },
    };
    Need { what, lack, remedy }
}

fn fixtures(layout: &Layout) -> Need {
    let required = layout::is_set("CI") || layout::is_set("DRIFTMGR_REQUIRE_FIXTURES");
    let lack = (required && layout.fixtures.is_none()).then(|| "not found".to_owned());
    Need {
        what: "fixtures".into(),
        lack,
        remedy: "set DRIFTMGR_FIXTURES to their folder, or unset CI and DRIFTMGR_REQUIRE_FIXTURES to do without",
    }
}

/// Elsewhere than on CI its tests say that they were skipped. There it is installed, where that is possible.
fn postgresql() -> Need {
    let required = layout::is_set("CI");
    let mut found = has_postgresql();
    if required && !found {
        found = install("postgresql") && has_postgresql();
    }
    Need {
        what: "PostgreSQL".into(),
        lack: (required && !found).then(|| "not found".to_owned()),
        remedy: "apt-get install -y --no-install-recommends postgresql",
    }
}

/// Debian keeps the server's programs out of the path.
fn has_postgresql() -> bool {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let folders = debian.flatten().map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .chain(std::env::split_paths(&path))
        .any(|folder| folder.join("initdb").is_file())
}

/// Installs a package of Debian; whether that worked. Without the rights for it nothing happens.
fn install(package: &str) -> bool {
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command.output().is_ok_and(|output| output.status.success())
    };
    let words = ["install", "-y", "-q", "--no-install-recommends", package];
    // The list of packages may be older than what is served.
    apt(&words) || (apt(&["update", "-q"]) && apt(&words))
}

fn output(program: &str, words: &[&str]) -> Result<String, String> {
    match Command::new(program).args(words).output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(_) => Err("not installed".into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("not found".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The first version number of a text such as `go version go1.26.8 linux/amd64`.
fn version(text: &str) -> Option<[u32; 3]> {
    text.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let mut parts = word.split('.').map(|part| {
            let digits = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..digits].parse().ok()
        });
        // A word such as `2` alone is no version.
        let (major, minor) = (parts.next()??, parts.next()??);
        Some([major, minor, parts.next().flatten().unwrap_or(0)])
    })
}

fn dotted(version: [u32; 3]) -> String {
    version.map(|part| part.to_string()).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_answer() {
        assert_eq!(version("go version go1.26.8 linux/amd64"), Some([1, 26, 8]));
        assert_eq!(
            version("go version go1.27rc1 linux/amd64"),
            Some([1, 27, 0])
        );
        assert_eq!(version("Python 3.11.7\n"), Some([3, 11, 7]));
        assert_eq!(version("openjdk 17.0.15 2025-04-15"), Some([17, 0, 15]));
        assert_eq!(version("nothing 2 see"), None);
    }

    #[test]
    fn everything_missing_is_named_in_one_message_with_its_remedy() {
        let needs = [
            Need {
                what: "go 1.26.6 or newer".into(),
                lack: Some("found 1.19.8".into()),
                remedy: "install go",
            },
            Need {
                what: "git".into(),
                lack: None,
                remedy: "install git",
            },
            Need {
                what: "cc".into(),
                lack: Some("not found".into()),
                remedy: "install cc",
            },
        ];
        let text = message(&needs).unwrap();
        assert!(
            text.contains("go 1.26.6 or newer: found 1.19.8\n      install go"),
            "{text}"
        );
        assert!(text.contains("cc: not found\n      install cc"), "{text}");
        assert!(!text.contains("git"), "{text}");
    }

    #[test]
    fn nothing_missing_is_no_message() {
        assert!(
            message(&[Need {
                what: "git".into(),
                lack: None,
                remedy: ""
            }])
            .is_none()
        );
    }

    #[test]
    fn a_program_that_does_not_exist_is_not_found() {
        let need = versioned("no-such-program-here", &[], GO, "");
        assert_eq!(need.lack.as_deref(), Some("not found"));
    }
}
