//! Finding provider binaries: which one a root module has chosen, where it is on this machine, and that it is the right one.
//!
//! Read-only towards everything of Terraform's, and nothing is ever downloaded.

mod cli_config;
mod disk;
mod hash;
mod hash_cache;
mod locate;
mod lock_file;
mod package;
mod places;
mod schema_cache;
mod version;

pub use crate::cli_config::Program;
pub use cli_config::{CliConfig, DevOverride, InstallationMethod, MethodKind, SourcePattern};
pub use disk::cache_folder;
pub use hash::{h1_of_folder, h1_of_zip, zh_of_zip};
pub use hash_cache::HashCache;
pub use locate::{Found, SearchRequest, Verified, find, locate};
pub use lock_file::{LOCK_FILE, LockFile, LockedProvider};
pub use places::{Place, places};
pub use schema_cache::{DiskSchemaCache, SchemaKey};
pub use version::{Version, VersionConstraints, VersionError};
