//! Backends beside real servers and the real programs.

#[cfg(feature = "cloud")]
mod cloud;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "s3")]
mod s3;

mod support {
    #[cfg(feature = "s3")]
    pub(super) mod moto;
    #[cfg(feature = "http")]
    pub(super) mod state_server;
    #[cfg(feature = "cloud")]
    pub(super) mod tfe;
    #[cfg(feature = "cloud")]
    pub(super) mod wire;
}
