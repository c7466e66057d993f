//! What takes more than one part of the library, or programs from outside, to test. One binary, since linking is slow.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod api {
    mod architecture;
    mod front;
    mod parity;
}

#[cfg(unix)]
mod backends;

#[cfg(target_os = "linux")]
mod e2e;

#[cfg(unix)]
mod managed;

// Shared with other test programs, so its items are public and not all are used here.
#[allow(unreachable_pub)]
mod support {
    #[cfg(unix)]
    pub mod beside;
    pub mod options;
    pub mod tools;
}

#[cfg(unix)]
mod noise;

#[cfg(unix)]
mod oracle {
    mod aws;
    mod clock;
    mod differences;
    mod drift;
    mod edit;
    mod elsewhere;
    mod encryption;
    mod harness;
    mod lab;
    mod mutations;
    mod native;
    mod plan;
    mod rules;
    mod schema;
    mod states;
}

#[cfg(unix)]
mod real;
