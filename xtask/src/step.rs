//! Runs a program quietly: its output goes to a log, and the log's end is shown when it fails.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{At, Failure};

const TAIL_LINES: usize = 20;
const TAIL_BYTES: u64 = 16 * 1024;

/// The log that the programs of one step share.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    /// Starts an empty log.
    pub fn create(path: PathBuf) -> Result<Self, Failure> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).at("creating", parent)?;
        }
        File::create(&path).at("creating", &path)?;
        Ok(Self { path })
    }

    /// Runs a program to its end. The failure names the program and carries the end of the log.
    pub fn run(&self, command: &mut Command) -> Result<(), Failure> {
        let mut log = fs::OpenOptions::new()
            .append(true)
            .open(&self.path)
            .at("opening", &self.path)?;
        let shown = show(command);
        writeln!(log, "$ {shown}").at("writing", &self.path)?;
        let streams = log.try_clone().and_then(|out| Ok((out, log.try_clone()?)));
        let (out, err) = streams.at("opening", &self.path)?;
        let status = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .status()
            .map_err(|error| Failure::new(format!("{shown}: {error}")))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("{shown}: {status}\n{}", self.tail())))
    }

    /// The last lines, and where to find the others.
    fn tail(&self) -> String {
        let text = last_bytes(&self.path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let shown = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        let indented: String = shown.iter().map(|line| format!("    {line}\n")).collect();
        format!("{indented}    (all of it: {})", self.path.display())
    }
}

fn last_bytes(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Prints one line about a piece of work: its name at once, how long it took at the end.
pub fn timed<T>(name: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    print!("{name:<24} ");
    // A line without its end stays in the buffer otherwise; losing it is harmless.
    let _ = std::io::stdout().flush();
    let start = Instant::now();
    let result = work();
    let word = if result.is_ok() { "ok" } else { "FAILED" };
    println!("{word:<7} {}", seconds(start.elapsed()));
    result
}

pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_last_lines_and_names_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(folder.path().join("deep/step.log")).unwrap();
        let script = "for n in $(seq 1 30); do echo line-$n; done; echo trouble >&2; exit 3";
        let failure = log
            .run(Command::new("sh").args(["-c", script]))
            .unwrap_err()
            .to_string();
        assert!(failure.contains("exit status: 3"), "{failure}");
        assert!(failure.contains("    trouble\n"), "{failure}");
        assert!(
            failure.contains("line-12\n") && !failure.contains("line-11\n"),
            "{failure}"
        );
        assert!(failure.contains("step.log"), "{failure}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(folder.path().join("step.log")).unwrap();
        let failure = log
            .run(&mut Command::new("no-such-program-here"))
            .unwrap_err()
            .to_string();
        assert!(failure.starts_with("no-such-program-here: "), "{failure}");
    }
}
