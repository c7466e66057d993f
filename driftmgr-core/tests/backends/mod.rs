//! Backends beside real servers and the real programs.

#[cfg(feature = "azurerm")]
mod azurerm;
#[cfg(feature = "cloud")]
mod cloud;
#[cfg(feature = "consul")]
mod consul;
#[cfg(feature = "cos")]
mod cos;
#[cfg(all(feature = "gcs", feature = "http"))]
mod gcs;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "kubernetes")]
mod kubernetes;
#[cfg(all(feature = "azurerm", feature = "s3"))]
mod layers;
#[cfg(feature = "oss")]
mod oss;
#[cfg(feature = "pg")]
mod pg;
#[cfg(feature = "s3")]
mod s3;

mod support {
    #[cfg(feature = "azurerm")]
    pub(super) mod azurite;
    #[cfg(any(feature = "cos", feature = "oss"))]
    pub(super) mod bucket;
    #[cfg(feature = "consul")]
    pub(super) mod consul;
    #[cfg(feature = "cos")]
    pub(super) mod cos;
    #[cfg(any(feature = "cos", feature = "oss"))]
    pub(super) mod gateway;
    #[cfg(all(feature = "gcs", feature = "http"))]
    pub(super) mod gcs;
    #[cfg(feature = "kubernetes")]
    pub(super) mod kubernetes;
    #[cfg(feature = "s3")]
    pub(super) mod minio;
    #[cfg(feature = "s3")]
    pub(super) mod moto;
    #[cfg(feature = "oss")]
    pub(super) mod oss;
    #[cfg(feature = "pg")]
    pub(super) mod postgres;
    #[cfg(feature = "oss")]
    pub(super) mod rows;
    #[cfg(any(feature = "azurerm", feature = "http"))]
    pub(super) mod state_server;
    #[cfg(feature = "cloud")]
    pub(super) mod tfe;
    #[cfg(any(
        feature = "cloud",
        feature = "consul",
        feature = "cos",
        feature = "kubernetes",
        feature = "oss"
    ))]
    pub(super) mod wire;
}
