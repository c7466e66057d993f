//! Backends beside real servers and the real programs.

#[cfg(feature = "http")]
mod http;

mod support {
    #[cfg(feature = "http")]
    pub(super) mod state_server;
}
