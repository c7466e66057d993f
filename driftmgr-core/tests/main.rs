//! What takes more than one part of the library, or programs from outside, to test. One binary, since linking is slow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api {
    mod architecture;
}

mod support {
    pub mod tools;
}

#[cfg(unix)]
mod oracle {
    mod harness;
}

#[cfg(unix)]
mod real;
