//! Where the files of a report stand: code hosts find them by their path from the top of the repository.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::render::RenderOptions;
use crate::drift::Finding;

/// A repository, and from where the paths of a report start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The top folder, absolute.
    pub root: PathBuf,
    /// The folder in which relative paths start, absolute.
    pub working_directory: PathBuf,
}

/// What a path of a URI cannot hold as it is (RFC 3986).
const IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// From the top of the repository where that is known, `/` between folders.
    pub(super) file: String,
    /// The line, from 1; `None` for the file as a whole.
    pub(super) line: Option<usize>,
}

impl Place {
    /// The file as a reference in a URI.
    pub(super) fn uri(&self) -> String {
        if self.file.contains("://") {
            return self.file.clone();
        }
        let encoded = utf8_percent_encode(&self.file, IN_URI).to_string();
        if encoded.starts_with('/') {
            return format!("file://{encoded}");
        }
        // A colon in the first part would read as a scheme.
        match encoded.split_once('/') {
            Some((first, _)) if !first.contains(':') => encoded,
            None if !encoded.contains(':') => encoded,
            _ => format!("./{encoded}"),
        }
    }
}

/// The block that declares the resource, else the state.
pub(super) fn of_finding(finding: &Finding, options: &RenderOptions) -> Place {
    match &finding.declared {
        Some(at) => Place {
            file: file(&at.file, options),
            line: Some(at.line.max(1)),
        },
        None => of_target(&finding.target, options),
    }
}

/// The state, or the folder that was looked at.
pub(super) fn of_target(target: &str, options: &RenderOptions) -> Place {
    let file = if target.contains("://") {
        target.to_owned()
    } else {
        file(Path::new(target), options)
    };
    Place { file, line: None }
}

fn file(path: &Path, options: &RenderOptions) -> String {
    let Some(repository) = &options.repository else {
        return spelled(&tidy(path));
    };
    let whole = tidy(&repository.working_directory.join(path));
    match whole.strip_prefix(tidy(&repository.root)) {
        Ok(inside) => spelled(inside),
        Err(_) => spelled(&whole),
    }
}

/// Without `.`, and without `..` where something stands before it. By its words alone: no file is looked at.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidy.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

fn spelled(path: &Path) -> String {
    let mut out = String::new();
    for part in path.components() {
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        match part {
            Component::RootDir => out.push('/'),
            part => out.push_str(&part.as_os_str().to_string_lossy()),
        }
    }
    if out.is_empty() {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn options(repository: Option<[&str; 2]>) -> RenderOptions {
        RenderOptions {
            repository: repository.map(|[root, working_directory]| Repository {
                root: root.into(),
                working_directory: working_directory.into(),
            }),
            ..RenderOptions::new(SystemTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn files_are_named_from_the_top_of_the_repository() {
        let within = options(Some(["/r", "/r/envs/prod"]));
        let nowhere = options(None);
        for (path, in_repository, without) in [
            ("main.tf", "envs/prod/main.tf", "main.tf"),
            ("./main.tf", "envs/prod/main.tf", "main.tf"),
            ("../dev/main.tf", "envs/dev/main.tf", "../dev/main.tf"),
            ("a/../b.tf", "envs/prod/b.tf", "b.tf"),
            ("/r/x.tf", "x.tf", "/r/x.tf"),
            ("/else/x.tf", "/else/x.tf", "/else/x.tf"),
            ("../../../x.tf", "/x.tf", "../../../x.tf"),
            (".", "envs/prod", "."),
        ] {
            assert_eq!(file(Path::new(path), &within), in_repository, "{path}");
            assert_eq!(file(Path::new(path), &nowhere), without, "{path}");
        }
    }

    #[test]
    fn files_become_references_of_uris() {
        for (file, uri) in [
            ("a/b c.tf", "a/b%20c.tf"),
            ("a#1?.tf", "a%231%3F.tf"),
            ("/abs/x.tf", "file:///abs/x.tf"),
            ("c:x.tf", "./c:x.tf"),
            ("s3://bucket/key", "s3://bucket/key"),
            ("ä/50%.tf", "%C3%A4/50%25.tf"),
        ] {
            let place = Place {
                file: file.to_owned(),
                line: None,
            };
            assert_eq!(place.uri(), uri);
        }
    }
}
