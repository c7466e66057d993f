//! `.terraform.lock.hcl`: which version of each provider a root module has chosen, and the hashes its package may have.

use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block};

use super::version::{Version, VersionConstraints};
use crate::address::ProviderSource;
use crate::error::{Error, ErrorKind, Result};

/// The name of the file in a root module.
pub const LOCK_FILE: &str = ".terraform.lock.hcl";

/// The choices of a root module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockFile {
    /// The file.
    pub path: PathBuf,
    /// One per `provider` block, in the file's order.
    pub providers: Vec<LockedProvider>,
}

/// One `provider` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedProvider {
    /// The provider.
    pub source: ProviderSource,
    /// The chosen version.
    pub version: Version,
    /// What the configuration asked for when it was chosen.
    pub constraints: VersionConstraints,
    /// What the package may hash to, such as `h1:…` and `zh:…`. Schemes that are not known stay in the list.
    pub hashes: Vec<String>,
    /// The line of the block, from 1.
    pub line: usize,
}

impl LockFile {
    /// Reads the lock file of a root module; `None` when there is none.
    ///
    /// # Errors
    /// `InvalidConfig` with file and line for what is not a lock file; the kinds of [`Error::io`] when it cannot be read.
    pub fn load(root: &Path) -> Result<Option<Self>> {
        let path = root.join(LOCK_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Self::parse(path, &text)?)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read the dependency lock file", &path, e)),
        }
    }

    /// The block of a provider.
    pub fn provider(&self, source: &ProviderSource) -> Option<&LockedProvider> {
        self.providers.iter().find(|p| p.source == *source)
    }

    /// Reads a lock file's text. Blocks and attributes that are not known are passed over.
    pub(super) fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let body = hcl_edit::parser::parse_body(text)
            .map_err(|e| invalid(&path, e.location().line(), e.message()))?;
        let mut providers: Vec<LockedProvider> = Vec::new();
        for block in body.get_blocks("provider") {
            let provider = read_block(&path, text, block)?;
            if providers.iter().any(|p| p.source == provider.source) {
                let reason = format!("{} is there twice", provider.source);
                return Err(invalid(&path, provider.line, &reason));
            }
            providers.push(provider);
        }
        Ok(Self { path, providers })
    }
}

fn read_block(path: &Path, text: &str, block: &Block) -> Result<LockedProvider> {
    let line = line_of(text, block.span().map_or(0, |s| s.start));
    let source = match block.labels.as_slice() {
        [label] => label.as_str().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| {
        invalid(
            path,
            line,
            "a provider block has one label, host/namespace/type",
        )
    })?;
    let attribute = |name: &str| block.body.get_attribute(name);
    let string = |a: &Attribute| a.value.as_str().map(str::to_owned);
    let at = |a: &Attribute| line_of(text, a.span().map_or(0, |s| s.start));

    let version =
        attribute("version").ok_or_else(|| invalid(path, line, "the version is missing"))?;
    let version = string(version)
        .and_then(|v| v.parse().ok())
        .ok_or_else(|| invalid(path, at(version), "the version cannot be read"))?;
    let constraints = match attribute("constraints") {
        None => VersionConstraints::default(),
        Some(a) => string(a)
            .and_then(|c| c.parse().ok())
            .ok_or_else(|| invalid(path, at(a), "the constraints cannot be read"))?,
    };
    let hashes = match attribute("hashes") {
        None => Vec::new(),
        Some(a) => a
            .value
            .as_array()
            .and_then(|items| items.iter().map(hash).collect::<Option<Vec<_>>>())
            .ok_or_else(|| invalid(path, at(a), "the hashes are not a list of strings"))?,
    };
    Ok(LockedProvider {
        source,
        version,
        constraints,
        hashes,
        line,
    })
}

fn hash(item: &Expression) -> Option<String> {
    item.as_str().map(str::to_owned)
}

fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|b| *b == b'\n').count()
}

fn invalid(path: &Path, line: usize, reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("the dependency lock file cannot be used: {reason}"),
    )
    .with("file", format!("{}:{line}", path.display()))
    .with_hint("restore it from version control, or delete it and run `terraform init`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<LockFile> {
        LockFile::parse("l.hcl".into(), text)
    }

    #[test]
    fn reads_blocks_with_their_lines() {
        let lock = parse(
            "# This file is maintained automatically.\n\nprovider \"registry.terraform.io/hashicorp/time\" {\n  version     = \"0.14.2\"\n  constraints = \"~> 0.14\"\n  hashes = [\n    \"h1:abc=\",\n    \"zh:12\",\n    \"q9:new\",\n  ]\n  unknown = true\n}\nfuture {}\nprovider \"registry.opentofu.org/hashicorp/time\" {\n  version = \"1.0.0\"\n}\n",
        )
        .unwrap();
        let time = lock.provider(&ProviderSource::implied("time")).unwrap();
        assert_eq!(
            (time.version.to_string().as_str(), time.line),
            ("0.14.2", 3)
        );
        assert_eq!(time.constraints.to_string(), "~> 0.14");
        assert_eq!(time.hashes, ["h1:abc=", "zh:12", "q9:new"]);
        let twin = &lock.providers[1];
        assert_eq!(
            (twin.source.host.as_str(), twin.line),
            ("registry.opentofu.org", 14)
        );
        assert!(lock.provider(&ProviderSource::implied("aws")).is_none());
        assert!(parse("").unwrap().providers.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, line, reason) in [
            (
                "provider \"a/b/c\" {\n  version = 1\n}\n",
                2,
                "version cannot",
            ),
            (
                "provider \"a/b/c\" {\n  version = \"x\"\n}\n",
                2,
                "version cannot",
            ),
            ("\nprovider \"a/b/c\" {\n}\n", 2, "version is missing"),
            ("provider {\n version = \"1\"\n}\n", 1, "one label"),
            (
                "provider \"a/b/c\" {\n  version = \"1\"\n  hashes = \"x\"\n}\n",
                3,
                "hashes",
            ),
            (
                "provider \"a/b/c\" {\n  version = \"1\"\n}\nprovider \"a/b/c\" {\n  version = \"1\"\n}\n",
                4,
                "twice",
            ),
            (
                "provider \"a/b/c\" {\n  version = \"1\"\n  constraints = \"~~\"\n}\n",
                3,
                "constraints",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(
                error.context_value("file"),
                Some(format!("l.hcl:{line}").as_str()),
                "{text}"
            );
            assert!(error.message().contains(reason), "{error}");
        }
        assert_eq!(
            parse("<<<<<<< HEAD\n").unwrap_err().kind(),
            ErrorKind::InvalidConfig
        );
    }
}
