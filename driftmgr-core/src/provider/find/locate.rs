//! Finds the binary of a provider on this machine, and checks that it is the one that the root module has chosen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::cli_config::CliConfig;
use super::hash::{h1_of_zip, zh_of_zip};
use super::hash_cache::HashCache;
use super::lock_file::{LOCK_FILE, LockFile, LockedProvider};
use super::package::{Form, Package, executable, packages, platform, unpack};
use super::places::{Place, places};
use super::version::{Version, VersionConstraints};
use crate::address::ProviderSource;
use crate::cli_config::Program;
use crate::context::{Context, blocking};
use crate::error::{Error, ErrorKind, Result};

/// Which provider is wanted, and for which root module.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// The folder of the root module: its lock file, its `.terraform`.
    pub root: PathBuf,
    /// The provider.
    pub source: ProviderSource,
    /// What `required_providers` asks for; counts where no lock file has chosen.
    pub constraints: VersionConstraints,
    /// The oldest version that can read the state, when it is known; counts where no lock file has chosen.
    pub at_least: Option<Version>,
    /// driftmgr's own setting: a binary, or a folder with it, per provider.
    pub settings: BTreeMap<ProviderSource, PathBuf>,
    /// Hashes packages anew instead of trusting what was remembered about unchanged files.
    pub rehash: bool,
}

impl SearchRequest {
    /// A request without constraints and settings.
    pub fn new(root: impl Into<PathBuf>, source: ProviderSource) -> Self {
        Self {
            root: root.into(),
            source,
            constraints: VersionConstraints::default(),
            at_least: None,
            settings: BTreeMap::new(),
            rehash: false,
        }
    }
}

/// A provider's binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The provider.
    pub source: ProviderSource,
    /// Its version; `None` where the place does not tell (a setting, `dev_overrides`).
    pub version: Option<Version>,
    /// The binary.
    pub path: PathBuf,
    /// Where it was found.
    pub place: Place,
    /// `h1:` of its package; `None` where `version` is.
    pub hash: Option<String>,
    /// How far it is known to be the right one.
    pub verified: Verified,
}

/// How far a binary is known to be the one that the root module has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Version and hash are those of the lock file.
    Lock,
    /// The user named this very binary in driftmgr's settings.
    Setting,
    /// The user named it in `dev_overrides`, which turns the checks off.
    DevOverride,
    /// Nothing says which one is right; the sentence is for the user.
    Unlocked(String),
}

/// Finds a provider's binary; `None` for the built-in provider, which has none.
///
/// Reads files only, and may unpack a zip into the cache folder. It blocks: hashing a large package takes a second.
/// `TF_REATTACH_PROVIDERS` names running providers and is not searched here; ask it first.
///
/// # Errors
/// - `NotFound` when it is in no place; every place looked at is in the error's context under `looked`.
/// - `Conflict` when the package in a place is not the one of the lock file: it is refused, whatever other places hold.
/// - `InvalidConfig` for CLI configuration or a lock file that cannot be read; the kinds of [`Error::io`].
pub fn locate(cx: &Context, request: &SearchRequest) -> Result<Option<Found>> {
    if request.source.is_builtin() {
        return Ok(None);
    }
    search(cx, request)
        .map(Some)
        .map_err(|e| e.with_operation("provider.find"))
}

/// [`locate`] on a thread for blocking work.
///
/// # Errors
/// Those of [`locate`].
pub async fn find(cx: &Context, request: SearchRequest) -> Result<Option<Found>> {
    let inner = cx.clone();
    let work = move || locate(&inner, &request);
    blocking(cx, "the search for a provider", work).await
}

fn search(cx: &Context, request: &SearchRequest) -> Result<Found> {
    let environment = cx.environment();
    let program = if request.source.host == OPENTOFU_HOST {
        Program::OpenTofu
    } else {
        Program::Terraform
    };
    let cli = CliConfig::load(environment, program)?;
    let root = environment.current_dir().join(&request.root);
    let lock_file = LockFile::load(&root)?;
    let lock = lock_file.as_ref().and_then(|file| {
        Some(Chosen {
            file: &file.path,
            provider: file.provider(&request.source)?,
        })
    });
    let search = Search {
        cx,
        request,
        lock,
        hashes: HashCache::new(cx),
    };
    let mut looked = Vec::new();
    for place in places(environment, request, &cli) {
        cx.check()?;
        match search.look(&place)? {
            Look::Found(found) => return Ok(*found),
            Look::Nothing(why) => looked.push(match why {
                Some(why) => format!("{place}: {why}"),
                None => place.to_string(),
            }),
        }
    }
    if let Some(missing) = &cli.missing {
        looked.push(format!(
            "no CLI configuration: {} does not exist",
            missing.display()
        ));
    }
    Err(search.not_found(looked, &places(environment, &search.twin_request(), &cli)))
}

const TERRAFORM_HOST: &str = "registry.terraform.io";
const OPENTOFU_HOST: &str = "registry.opentofu.org";

/// The choice of a lock file.
struct Chosen<'a> {
    file: &'a Path,
    provider: &'a LockedProvider,
}

impl Chosen<'_> {
    fn origin(&self) -> String {
        format!("{}:{}", self.file.display(), self.provider.line)
    }

    fn lists(&self, hash: &str) -> bool {
        self.provider.hashes.iter().any(|h| h == hash)
    }

    fn of_scheme(&self, scheme: &str) -> impl Iterator<Item = &str> {
        let hashes = self.provider.hashes.iter().map(String::as_str);
        hashes.filter(move |h| h.starts_with(scheme))
    }
}

enum Look {
    Found(Box<Found>),
    /// Nothing that fits, and why if there was something.
    Nothing(Option<String>),
}

struct Search<'a> {
    cx: &'a Context,
    request: &'a SearchRequest,
    lock: Option<Chosen<'a>>,
    hashes: HashCache,
}

impl Search<'_> {
    fn look(&self, place: &Place) -> Result<Look> {
        match place {
            Place::Setting { path } => {
                let binary = if path.is_dir() {
                    executable(path, &self.request.source)?
                } else if path.is_file() {
                    path.clone()
                } else {
                    return Err(Error::new(
                        ErrorKind::NotFound,
                        "driftmgr's setting for a provider names a file that does not exist",
                    )
                    .with("provider", &self.request.source)
                    .with("file", path.display()));
                };
                Ok(self.chosen_by_user(binary, place, Verified::Setting))
            }
            Place::DevOverride { folder, origin } => {
                let binary = executable(folder, &self.request.source).map_err(|e| {
                    e.with("provider", &self.request.source)
                        .with_hint(format!("correct dev_overrides at {origin}"))
                })?;
                Ok(self.chosen_by_user(binary, place, Verified::DevOverride))
            }
            Place::Network { .. } => Ok(Look::Nothing(None)),
            _ => match place.tree() {
                Some(tree) => self.look_into(tree, place),
                None => Ok(Look::Nothing(None)),
            },
        }
    }

    fn chosen_by_user(&self, path: PathBuf, place: &Place, verified: Verified) -> Look {
        Look::Found(Box::new(Found {
            source: self.request.source.clone(),
            version: None,
            path,
            place: place.clone(),
            hash: None,
            verified,
        }))
    }

    fn look_into(&self, tree: &Path, place: &Place) -> Result<Look> {
        let all = packages(tree, &self.request.source)?;
        let Some(package) = all.iter().find(|p| self.fits(&p.version)) else {
            let versions: Vec<String> = all.iter().map(|p| p.version.to_string()).collect();
            let why = (!versions.is_empty()).then(|| format!("has only {}", versions.join(", ")));
            return Ok(Look::Nothing(why));
        };
        let (folder, hash) = match &package.form {
            Form::Unpacked(folder) => {
                let hash = self.hashes.h1(self.cx, folder, self.request.rehash)?;
                self.demand(package, &[&hash])?;
                (folder.clone(), hash)
            }
            Form::Packed(zip) => {
                let zh = zh_of_zip(self.cx, zip)?;
                let hash = h1_of_zip(self.cx, zip)?;
                self.demand(package, &[&hash, &zh])?;
                let name = zh.trim_start_matches("zh:");
                (unpack(self.cx, zip, &self.request.source, name)?, hash)
            }
        };
        let path = match executable(&folder, &self.request.source) {
            Ok(path) => path,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                return Ok(Look::Nothing(Some(format!(
                    "{}: {}",
                    folder.display(),
                    e.message()
                ))));
            }
            Err(e) => return Err(e),
        };
        Ok(Look::Found(Box::new(Found {
            source: self.request.source.clone(),
            version: Some(package.version.clone()),
            verified: self.verdict(package),
            path,
            place: place.clone(),
            hash: Some(hash),
        })))
    }

    /// The lock file decides alone; without it, the configuration and the state.
    fn fits(&self, version: &Version) -> bool {
        match &self.lock {
            Some(lock) => lock.provider.version == *version,
            None => {
                self.request.constraints.admits(version)
                    && self
                        .request
                        .at_least
                        .as_ref()
                        .is_none_or(|least| version >= least)
            }
        }
    }

    /// Refuses a package when the lock file lists hashes and none is its own. An empty list demands nothing, as in Terraform.
    fn demand(&self, package: &Package, hashes: &[&str]) -> Result<()> {
        let Some(lock) = &self.lock else {
            return Ok(());
        };
        if lock.provider.hashes.is_empty() || hashes.iter().any(|h| lock.lists(h)) {
            return Ok(());
        }
        let schemes: Vec<&str> = hashes.iter().filter_map(|h| h.get(..3)).collect();
        let mut listed: Vec<&str> = schemes.iter().flat_map(|s| lock.of_scheme(s)).collect();
        if listed.is_empty() {
            listed.push("no hash that an unpacked folder can be checked against");
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!("the package of provider {} {} is not the one of the dependency lock file and will not be run", self.request.source, package.version),
        )
        .with("file", package.path().display())
        .with("its hash", hashes.join(" or "))
        .with("lock file", lock.origin())
        .with("listed there", listed.join(" or "))
        .with_hint(format!("if the package is right, record it with `terraform providers lock -platform={}`", platform()))
        .with_hint("if it is not, remove it and run `terraform init`"))
    }

    fn verdict(&self, package: &Package) -> Verified {
        let (source, version) = (&self.request.source, &package.version);
        match &self.lock {
            Some(lock) if lock.provider.hashes.is_empty() => Verified::Unlocked(format!(
                "{} has no hashes for {source}; its version {version} runs unchecked",
                lock.origin()
            )),
            Some(_) => Verified::Lock,
            None => Verified::Unlocked(format!(
                "no {LOCK_FILE} chooses a version of {source}; the newest that fits, {version}, runs unchecked"
            )),
        }
    }

    fn twin(&self) -> Option<ProviderSource> {
        let source = &self.request.source;
        let host = match source.host.as_str() {
            TERRAFORM_HOST => OPENTOFU_HOST,
            OPENTOFU_HOST => TERRAFORM_HOST,
            _ => return None,
        };
        Some(ProviderSource::new(
            host,
            &source.namespace,
            &source.provider_type,
        ))
    }

    fn twin_request(&self) -> SearchRequest {
        SearchRequest {
            source: self.twin().unwrap_or_else(|| self.request.source.clone()),
            ..self.request.clone()
        }
    }

    fn not_found(&self, looked: Vec<String>, twin_places: &[Place]) -> Error {
        let source = &self.request.source;
        let wanted = match &self.lock {
            Some(lock) => format!("{source} {}", lock.provider.version),
            None => match (&self.request.at_least, self.request.constraints.is_empty()) {
                (_, false) => format!("{source} {}", self.request.constraints),
                (Some(least), true) => format!("{source} of at least {least}"),
                (None, true) => source.to_string(),
            },
        };
        let mut error = Error::new(
            ErrorKind::NotFound,
            format!("provider {wanted} is nowhere on this machine"),
        );
        if let Some(lock) = &self.lock {
            error = error.with("chosen by", lock.origin());
        }
        for place in looked {
            error = error.with("looked", place);
        }
        let (program, registry) = match source.host.as_str() {
            OPENTOFU_HOST => ("tofu", OPENTOFU_HOST),
            _ => ("terraform", TERRAFORM_HOST),
        };
        error = error
            .with_hint(format!("run `{program} init` in {}", self.request.root.display()))
            .with_hint(format!("or run `{program} providers mirror DIR` where there is a network, and name DIR as a filesystem_mirror in the CLI configuration"));
        // The same code under another name is still another provider to Terraform: told, never taken.
        if let Some(twin) = self.twin() {
            let there = twin_places
                .iter()
                .filter_map(Place::tree)
                .find_map(|tree| packages(tree, &twin).ok()?.into_iter().next());
            if let Some(package) = there {
                error = error.with_hint(format!(
                    "{twin} {} is at {}, but the state says {registry}; if that one is meant, name its binary in driftmgr's settings",
                    package.version,
                    package.path().display()
                ));
            }
        }
        error
    }
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;
