//! Starts a process that ends when its parent ends, however the parent ends.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Starts the command. On Linux the kernel kills the child as soon as this process is gone, a SIGKILL included; elsewhere it is
/// an ordinary start.
///
/// The child stays in the process group of its parent, as it does under Terraform: a provider ignores the SIGINT of a Ctrl-C on
/// purpose, and helpers that it runs may still ask on the terminal.
///
/// # Errors
/// When the command cannot be started, or when the starting thread is gone.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn spawn(mut command: Command) -> io::Result<Child> {
    let runtime = Handle::current();
    let (done, started) = oneshot::channel();
    let job: Job = Box::new(move || {
        let _in_runtime = runtime.enter();
        die_with_parent(&mut command);
        // The receiver is gone when the caller was cancelled; dropping the child then kills it, if the caller asked for that.
        let _ = done.send(command.spawn());
    });
    let gone = || io::Error::other("the thread that starts processes is gone");
    spawner()?.send(job).map_err(|_| gone())?;
    started.await.map_err(|_| gone())?
}

/// The thread that starts all children. The kernel's parent-death signal follows the *thread* that forked, so it has to be one
/// that lives as long as the process.
fn spawner() -> io::Result<&'static Sender<Job>> {
    static SPAWNER: OnceLock<Sender<Job>> = OnceLock::new();
    if let Some(sender) = SPAWNER.get() {
        return Ok(sender);
    }
    let (sender, jobs) = channel::<Job>();
    std::thread::Builder::new()
        .name("driftmgr-spawn".to_owned())
        .spawn(move || jobs.into_iter().for_each(|job| job()))?;
    // Of two threads racing here one loses, and its thread ends with its sender before it has started anything.
    Ok(SPAWNER.get_or_init(|| sender))
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let before_exec = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the signal was armed.
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: between fork and exec only async-signal-safe work is allowed. The closure makes two raw system calls, allocates
    // nothing, takes no lock, and builds its errors from integers.
    unsafe {
        command.pre_exec(before_exec);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
