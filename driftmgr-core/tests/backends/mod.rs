//! Backends beside real servers and the real programs.

#[cfg(feature = "azurerm")]
mod azurerm;
#[cfg(feature = "cloud")]
mod cloud;
#[cfg(feature = "consul")]
mod consul;
#[cfg(all(feature = "gcs", feature = "http"))]
mod gcs;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "kubernetes")]
mod kubernetes;
#[cfg(all(feature = "azurerm", feature = "s3"))]
mod layers;
#[cfg(feature = "pg")]
mod pg;
#[cfg(feature = "s3")]
mod s3;

mod support {
    #[cfg(feature = "azurerm")]
    pub(super) mod azurite;
    #[cfg(feature = "consul")]
    pub(super) mod consul;
    #[cfg(all(feature = "gcs", feature = "http"))]
    pub(super) mod gcs;
    #[cfg(feature = "kubernetes")]
    pub(super) mod kubernetes;
    #[cfg(feature = "s3")]
    pub(super) mod minio;
    #[cfg(feature = "s3")]
    pub(super) mod moto;
    #[cfg(feature = "pg")]
    pub(super) mod postgres;
    #[cfg(any(feature = "azurerm", feature = "http"))]
    pub(super) mod state_server;
    #[cfg(feature = "cloud")]
    pub(super) mod tfe;
    #[cfg(any(feature = "cloud", feature = "consul", feature = "kubernetes"))]
    pub(super) mod wire;
}
