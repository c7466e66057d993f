//! One run of a program, with everything it started.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// What a run took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// From its start to its end, in seconds.
    pub wall: f64,
    /// Processor time of the program and of all that it waited for, in seconds.
    pub cpu: f64,
    /// The largest resident memory of one process among them, in bytes.
    pub memory: u64,
}

impl Usage {
    /// The runs one after the other.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            wall: self.wall + next.wall,
            cpu: self.cpu + next.cpu,
            memory: self.memory.max(next.memory),
        }
    }
}

/// Runs a program to its end. Its output goes nowhere.
///
/// # Panics
/// When it cannot be started, or its exit code is not one of `codes`.
#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark of a program that fails is none"
)]
pub fn run(command: &mut Command, codes: &[i32]) -> Usage {
    // A file and not a pipe: nobody would read it while the program runs.
    let log = std::env::temp_dir().join(format!("driftmgr-bench-{}.log", std::process::id()));
    let said = std::fs::File::create(&log).expect("a log file");
    command
        .stdout(Stdio::null())
        .stderr(said)
        .stdin(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let end = child.wait4().expect("the program ends");
    let wall = start.elapsed().as_secs_f64();
    let code = end.status.code();
    if !code.is_some_and(|code| codes.contains(&code)) {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        panic!("{command:?}: {}\n{said}", end.status);
    }
    Usage {
        wall,
        cpu: (end.rusage.utime + end.rusage.stime).as_secs_f64(),
        memory: end.rusage.maxrss,
    }
}

/// Runs a program and measures the time until a line of its standard output holds `text`.
///
/// # Panics
/// When it cannot be started or never says it.
#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark of a program that fails is none"
)]
pub fn until(command: &mut Command, text: &str) -> Duration {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .stdin(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut found = None;
    for line in lines {
        if line.expect("text").contains(text) && found.is_none() {
            found = Some(start.elapsed());
        }
    }
    child.wait().expect("the program ends");
    found.unwrap_or_else(|| panic!("{command:?} never says {text}"))
}

/// The release build of driftmgr that is measured.
///
/// # Panics
/// When `DRIFTMGR_BIN` does not name it.
#[expect(clippy::expect_used, reason = "there is nothing to measure then")]
pub fn driftmgr() -> Command {
    let program = std::env::var_os("DRIFTMGR_BIN");
    Command::new(PathBuf::from(
        program.expect("DRIFTMGR_BIN names a release build of driftmgr"),
    ))
}
