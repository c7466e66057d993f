//! Addresses that mean several states: `s3://bucket/**/*.tfstate`.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Client, OpenOptions};
use crate::backend::{BackendSpec, is_url, shown_target};
use crate::error::{Error, ErrorKind, Result};

/// What makes a text a pattern. `?` does not: it begins the parameters of an address.
const SIGNS: [char; 3] = ['*', '[', '{'];

/// What lies beside states and is none.
const BESIDE: [&str; 3] = [".tflock", ".backup", ".lock.info"];

/// What a key may not hold as it is when it stands in an address.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`');

/// One of the states that a pattern means.
pub(super) struct Match {
    pub(super) target: PathBuf,
    /// The workspace, where the address does not say it.
    pub(super) workspace: Option<String>,
}

/// How the names of a kind's objects stand in its addresses.
struct Form {
    /// The argument that holds the pattern.
    argument: &'static str,
    /// What stands before it.
    head: String,
}

impl Client {
    /// The states that a pattern means, sorted; `None` for a target that is none.
    ///
    /// # Errors
    /// `InvalidInput` for a pattern that cannot be read; `NotFound` when it matches nothing; those of reaching the store.
    pub(super) async fn matches(
        &self,
        target: &Path,
        options: &OpenOptions,
    ) -> Result<Option<Vec<Match>>> {
        let Some(url) = target.to_str().filter(|text| is_url(text)) else {
            return Ok(None);
        };
        let spec = super::open::of_url(&self.cx, url, options)?;
        let Some((form, pattern)) = pattern(&spec)? else {
            return Ok(None);
        };
        let named = |e: Error| e.with("target", shown_target(target));
        let here = self.cx.environment().current_dir();
        let pattern = match form.argument {
            "path" => here.join(&pattern).display().to_string(),
            _ => pattern,
        };
        let matcher = matcher(&pattern).map_err(named)?;
        let until = pattern.find(SIGNS).unwrap_or(pattern.len());
        let prefix = pattern.get(..until).unwrap_or_default();
        let backend = self.backends.open(&self.cx, &spec).map_err(named)?;
        let names = backend.objects(&self.cx, prefix).await.map_err(named)?;
        let query = url.split_once('?').map(|(_, query)| query);
        let states = names
            .iter()
            .filter(|name| matcher.is_match(name) && !BESIDE.iter().any(|end| name.ends_with(end)));
        let found: Vec<Match> = states.map(|name| form.state(name, query, here)).collect();
        if found.is_empty() {
            return Err(named(Error::new(
                ErrorKind::NotFound,
                "no state matches the pattern",
            ))
            .with("compared", names.len())
            .with_hint("`*` stays within a folder, `**` goes through all of them"));
        }
        Ok(Some(found))
    }
}

/// The pattern in a backend's arguments; `None` when there is none.
fn pattern(spec: &BackendSpec) -> Result<Option<(Form, String)>> {
    let text =
        |name: &str| -> Result<String> { Ok(spec.string(name)?.unwrap_or_default().to_owned()) };
    let (argument, head) = match spec.kind.as_str() {
        "s3" => ("key", format!("s3://{}/", text("bucket")?)),
        "gcs" => ("prefix", format!("gs://{}/", text("bucket")?)),
        "azurerm" => {
            let (account, container) = (text("storage_account_name")?, text("container_name")?);
            ("key", format!("azurerm://{account}/{container}/"))
        }
        "local" => ("path", String::new()),
        _ => return Ok(None),
    };
    let pattern = text(argument)?;
    Ok(pattern
        .contains(SIGNS)
        .then_some((Form { argument, head }, pattern)))
}

fn matcher(pattern: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|e| {
        let reason = format!(
            "the address holds a pattern that cannot be read: {}",
            e.kind()
        );
        Error::new(ErrorKind::InvalidInput, reason)
    })
}

impl Form {
    fn state(&self, name: &str, query: Option<&str>, here: &Path) -> Match {
        let query = query.map(|q| format!("?{q}")).unwrap_or_default();
        let address = |name: &str| {
            let name = utf8_percent_encode(name, ESCAPED);
            PathBuf::from(format!("{}{name}{query}", self.head))
        };
        match self.argument {
            "path" => Match {
                // As whoever wrote it would name one of them.
                target: Path::new(name)
                    .strip_prefix(here)
                    .unwrap_or(Path::new(name))
                    .to_owned(),
                workspace: None,
            },
            // An address of this kind names the folder, and the object is a workspace in it.
            "prefix" => {
                let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
                let workspace = file.strip_suffix(".tfstate").unwrap_or(file);
                Match {
                    target: address(folder),
                    workspace: Some(workspace.to_owned()),
                }
            }
            _ => Match {
                target: address(name),
                workspace: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<(String, String)> {
        let spec = BackendSpec::from_url(url).unwrap();
        pattern(&spec)
            .unwrap()
            .map(|(form, pattern)| (form.head, pattern))
    }

    #[test]
    fn a_pattern_is_told_from_an_address() {
        for plain in [
            "s3://b/k.tfstate",
            "https://host/*",
            "tfc://org/ws",
            "gs://b",
            "azurerm://a/c/k",
        ] {
            assert_eq!(of(plain), None, "{plain}");
        }
        for (url, head, pattern) in [
            (
                "tfstate+s3://b/**/*.tfstate?region=x",
                "s3://b/",
                "**/*.tfstate",
            ),
            ("s3://b/%7Ba,b%7D.tfstate", "s3://b/", "{a,b}.tfstate"),
            ("gs://b/env/*.tfstate", "gs://b/", "env/*.tfstate"),
            ("azurerm://a/c/*", "azurerm://a/c/", "*"),
            ("file:///x/[ab].tfstate", "", "/x/[ab].tfstate"),
            ("tfstate://states/**/*.tfstate", "", "states/**/*.tfstate"),
        ] {
            assert_eq!(
                of(url),
                Some((head.to_owned(), pattern.to_owned())),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_found_is_addressed_as_it_can_be_opened() {
        let state = |url: &str, name: &str| {
            let (form, _) = pattern(&BackendSpec::from_url(url).unwrap())
                .unwrap()
                .unwrap();
            let found = form.state(
                name,
                url.split_once('?').map(|(_, q)| q),
                Path::new("/here"),
            );
            (found.target.display().to_string(), found.workspace)
        };
        assert_eq!(
            state("s3://b/*?region=x", "a b/50%?#.tfstate"),
            ("s3://b/a%20b/50%25%3F%23.tfstate?region=x".to_owned(), None)
        );
        assert_eq!(
            state("gs://b/**/*.tfstate", "env/eu/blue.tfstate"),
            ("gs://b/env/eu".to_owned(), Some("blue".to_owned()))
        );
        assert_eq!(state("gs://b/*", "blue.tfstate").0, "gs://b/");
        assert_eq!(state("tfstate://*", "/here/a/b.tfstate").0, "a/b.tfstate");
        assert_eq!(
            state("file:///**", "/there/b.tfstate").0,
            "/there/b.tfstate"
        );
    }

    #[test]
    fn a_star_stays_within_a_folder() {
        let matches = |pattern: &str, name: &str| matcher(pattern).unwrap().is_match(name);
        assert!(matches("a/*.tfstate", "a/b.tfstate"));
        assert!(!matches("a/*.tfstate", "a/b/c.tfstate"));
        assert!(matches("a/**/*.tfstate", "a/b/c.tfstate"));
        assert!(matches("a/**/*.tfstate", "a/c.tfstate"));
        assert!(matches("{a,b}/[0-9].tfstate", "b/7.tfstate"));
        assert_eq!(matcher("a[").unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
