//! Backends beside real servers and the real programs.

#[cfg(feature = "http")]
mod http;
#[cfg(feature = "pg")]
mod pg;
#[cfg(feature = "s3")]
mod s3;

mod support {
    #[cfg(feature = "s3")]
    pub(super) mod moto;
    #[cfg(feature = "pg")]
    pub(super) mod postgres;
    #[cfg(feature = "http")]
    pub(super) mod state_server;
}
