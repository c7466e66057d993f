//! The places where a provider's binary can be, in the order in which they are searched. Nothing is ever downloaded.

use std::fmt;
use std::path::{Path, PathBuf};

use super::cli_config::{CliConfig, MethodKind};
use super::locate::SearchRequest;
use crate::cli_config::configuration_folder;
use crate::env::{Environment, TF_DATA_DIR, TF_PLUGIN_CACHE_DIR};

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// driftmgr's own setting: a binary, or a folder with it.
    Setting {
        /// What the setting names.
        path: PathBuf,
    },
    /// `dev_overrides` of the CLI configuration.
    DevOverride {
        /// The folder with the binary.
        folder: PathBuf,
        /// `file:line` of the entry.
        origin: String,
    },
    /// What `terraform init` installed for the root module.
    Installed {
        /// The `providers` folder of the working data.
        folder: PathBuf,
    },
    /// The plugin cache.
    PluginCache {
        /// The folder.
        folder: PathBuf,
        /// The variable or the file that names it.
        origin: String,
    },
    /// A `filesystem_mirror` of the CLI configuration.
    Mirror {
        /// The folder.
        folder: PathBuf,
        /// `file:line` of the block.
        origin: String,
    },
    /// A mirror that both programs use without being told.
    ImpliedMirror {
        /// The folder.
        folder: PathBuf,
    },
    /// A place on the network, named for the reader only: it is not asked.
    Network {
        /// `file:line` of the block.
        origin: String,
        /// `network_mirror`, `oci_mirror` or `direct`.
        method: &'static str,
    },
}

impl Place {
    /// The folder that is laid out as `HOST/NAMESPACE/TYPE/…`, for the places that are.
    pub(super) fn tree(&self) -> Option<&Path> {
        match self {
            Self::Installed { folder }
            | Self::PluginCache { folder, .. }
            | Self::Mirror { folder, .. }
            | Self::ImpliedMirror { folder } => Some(folder),
            Self::Setting { .. } | Self::DevOverride { .. } | Self::Network { .. } => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { path } => write!(f, "{} (driftmgr's setting)", path.display()),
            Self::DevOverride { folder, origin } => {
                write!(f, "{} (dev_overrides, {origin})", folder.display())
            }
            Self::Installed { folder } => {
                write!(f, "{} (installed by init)", folder.display())
            }
            Self::PluginCache { folder, origin } => {
                write!(f, "{} (plugin cache, {origin})", folder.display())
            }
            Self::Mirror { folder, origin } => {
                write!(f, "{} (filesystem_mirror, {origin})", folder.display())
            }
            Self::ImpliedMirror { folder } => write!(f, "{} (implied mirror)", folder.display()),
            Self::Network { origin, method } => {
                write!(f, "{method} ({origin}): not asked, nothing is downloaded")
            }
        }
    }
}

/// All places for a request. Relative folders start at the root module, where Terraform runs.
pub fn places(environment: &Environment, request: &SearchRequest, cli: &CliConfig) -> Vec<Place> {
    let root = environment.current_dir().join(&request.root);
    let mut places = Vec::new();
    if let Some(path) = request.settings.get(&request.source) {
        places.push(Place::Setting {
            path: environment.current_dir().join(path),
        });
    }
    for entry in cli
        .dev_overrides
        .iter()
        .filter(|o| o.source == request.source)
    {
        places.push(Place::DevOverride {
            folder: root.join(&entry.folder),
            origin: format!("{}:{}", entry.file.display(), entry.line),
        });
    }
    let data = root.join(environment.get(TF_DATA_DIR).unwrap_or(".terraform"));
    places.push(Place::Installed {
        folder: data.join("providers"),
    });
    // The variable replaces the setting, as in both programs.
    if let Some(folder) = environment.get(TF_PLUGIN_CACHE_DIR) {
        places.push(Place::PluginCache {
            folder: root.join(folder),
            origin: TF_PLUGIN_CACHE_DIR.to_owned(),
        });
    } else if let Some(folder) = &cli.plugin_cache_dir {
        let file = cli.files.first().map(|f| f.display().to_string());
        places.push(Place::PluginCache {
            folder: root.join(folder),
            origin: file.unwrap_or_else(|| "plugin_cache_dir".to_owned()),
        });
    }
    match &cli.methods {
        None => places.extend(
            implied_mirrors(environment, &root)
                .into_iter()
                .map(|folder| Place::ImpliedMirror { folder }),
        ),
        Some(methods) => {
            for method in methods.iter().filter(|m| m.serves(&request.source)) {
                let origin = format!("{}:{}", method.file.display(), method.line);
                places.push(match &method.kind {
                    MethodKind::FilesystemMirror(folder) => Place::Mirror {
                        folder: root.join(folder),
                        origin,
                    },
                    MethodKind::NetworkMirror => Place::Network {
                        origin,
                        method: "network_mirror",
                    },
                    MethodKind::OciMirror => Place::Network {
                        origin,
                        method: "oci_mirror",
                    },
                    MethodKind::Direct => Place::Network {
                        origin,
                        method: "direct",
                    },
                });
            }
        }
    }
    places
}

fn implied_mirrors(environment: &Environment, root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.join("terraform.d").join("plugins")];
    folders.extend(configuration_folder(environment).map(|f| f.join("plugins")));
    if cfg!(windows) {
        for variable in ["APPDATA", "ProgramData"] {
            if let Some(base) = environment.get(variable) {
                folders.push(
                    Path::new(base)
                        .join("HashiCorp")
                        .join("Terraform")
                        .join("plugins"),
                );
            }
        }
    } else if cfg!(target_os = "macos") {
        let support = Path::new("Library")
            .join("Application Support")
            .join("io.terraform")
            .join("plugins");
        folders.extend(environment.home().map(|home| home.join(&support)));
        folders.push(Path::new("/").join(&support));
    } else {
        // The XDG base directories, with their defaults.
        let mut bases: Vec<PathBuf> = Vec::new();
        match environment.get("XDG_DATA_HOME") {
            Some(base) => bases.push(base.into()),
            None => bases.extend(environment.home().map(|h| h.join(".local").join("share"))),
        }
        let shared = environment
            .get("XDG_DATA_DIRS")
            .unwrap_or("/usr/local/share:/usr/share");
        bases.extend(
            shared
                .split(':')
                .filter(|s| !s.is_empty())
                .map(PathBuf::from),
        );
        for program in ["terraform", "opentofu"] {
            folders.extend(bases.iter().map(|b| b.join(program).join("plugins")));
        }
    }
    folders
}
