//! Putting the layers together.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::find;
use super::key::{KEYS, Key};
use super::layer::Layer;
use super::nearest::nearest;
use super::node::{MAX_BYTES, short};
use super::origin::{Origin, Sourced};
use super::read::{self, Place};
use super::typed::Settings;
use super::value::Setting;
use crate::context::Context;
use crate::env::{self, Environment};
use crate::error::{Error, ErrorKind, Partial, Result};

/// What a program gives beside the environment and the files that are found.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    config: Option<PathBuf>,
    flags: Vec<Flag>,
}

#[derive(Debug, Clone)]
struct Flag {
    key: String,
    text: String,
    name: String,
}

impl Sources {
    /// A file that stands in the place of the project's. It has to be there.
    #[must_use]
    pub fn with_config(mut self, file: impl Into<PathBuf>) -> Self {
        self.config = Some(file.into());
        self
    }

    /// A value that wins over all others, as text: `("drift.timeout", "10m", "--timeout")`. The name is what messages call it.
    #[must_use]
    pub fn with_flag(
        mut self,
        key: impl Into<String>,
        text: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        self.flags.push(Flag {
            key: key.into(),
            text: text.into(),
            name: name.into(),
        });
        self
    }
}

/// The files that apply, the weaker one first.
pub(super) fn files(environment: &Environment, sources: &Sources) -> Vec<PathBuf> {
    let user = find::user_candidate(environment).filter(|file| find::is_there(file));
    let project = named_file(environment, sources).or_else(|| find::project_file(environment));
    let user = user.filter(|user| {
        // A home folder can be the project.
        project
            .as_ref()
            .is_none_or(|project| !is_same(user, project))
    });
    user.into_iter().chain(project).collect()
}

/// The file that `--config` or `DRIFTMGR_CONFIG` names.
pub(super) fn named_file(environment: &Environment, sources: &Sources) -> Option<PathBuf> {
    let variable = environment.get(env::DRIFTMGR_CONFIG).map(PathBuf::from);
    let named = sources.config.clone().or(variable)?;
    Some(environment.current_dir().join(named))
}

fn is_same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

impl Settings {
    /// Reads all layers. The value holds what is right, over the defaults; every mistake in every layer is a problem that names its
    /// place. A caller that goes on in spite of problems works with other settings than its user wrote.
    pub fn load(cx: &Context, sources: &Sources) -> Partial<Self> {
        let environment = cx.environment();
        let mut problems = Vec::new();
        let mut layer = Layer::defaults();
        let files = files(environment, sources);
        for file in &files {
            let read = file_layer(environment, file);
            problems.extend(read.problems);
            layer = read.value.over(layer);
        }
        for read in [variables(environment), flags(environment, sources)] {
            problems.extend(read.problems);
            layer = read.value.over(layer);
        }
        let files = files.iter().map(|file| shown(environment, file)).collect();
        let mut warnings = without_effect(&layer);
        warnings.extend(mistyped_variables(environment));
        Partial {
            value: Self::new(layer, files, warnings),
            problems,
        }
    }

    /// Reads one file over the defaults and nothing else.
    pub fn load_file(cx: &Context, file: &Path) -> Partial<Self> {
        let environment = cx.environment();
        let read = file_layer(environment, &environment.current_dir().join(file));
        read.map(|layer| {
            let layer = layer.over(Layer::defaults());
            let warnings = without_effect(&layer);
            Self::new(layer, vec![shown(environment, file)], warnings)
        })
    }
}

/// As messages name a file: relative to the working folder when it lies there.
fn shown(environment: &Environment, file: &Path) -> PathBuf {
    let inside = file.strip_prefix(environment.current_dir());
    inside.unwrap_or(file).to_owned()
}

fn file_layer(environment: &Environment, file: &Path) -> Partial<Layer> {
    let place = Place {
        file: shown(environment, file),
        folder: read::folder_of(file),
    };
    match text(file, &place.file) {
        Ok(text) => read::read(&text, &place),
        Err(error) => Partial {
            value: Layer::default(),
            problems: vec![error],
        },
    }
}

fn text(file: &Path, shown: &Path) -> Result<String> {
    let io = |error| Error::io("read the settings", shown, error);
    let mut bytes = Vec::new();
    // A device or a pipe must not be read for ever.
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    std::fs::File::open(file)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(io)?;
    let wrong = |message: String| {
        Error::new(ErrorKind::InvalidConfig, message).with("file", shown.display())
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("more than {MAX_BYTES} bytes: no file of settings is that long");
        return Err(wrong(message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let lines = error.as_bytes().iter().take(good).filter(|b| **b == b'\n');
        wrong("not UTF-8 text".to_owned()).with("line", lines.count() + 1)
    })
}

fn variables(environment: &Environment) -> Partial<Layer> {
    let set = KEYS.iter().filter_map(|key| {
        let name = key.variable?;
        let text = environment.get(name)?;
        let origin = Origin::Variable {
            name: name.to_owned(),
        };
        Some((key, text, origin))
    });
    texts(environment, set)
}

fn flags(environment: &Environment, sources: &Sources) -> Partial<Layer> {
    let known = sources.flags.iter().filter_map(|flag| {
        let origin = Origin::Flag {
            name: flag.name.clone(),
        };
        Some((Key::find(&flag.key)?, flag.text.as_str(), origin))
    });
    let mut read = texts(environment, known);
    for flag in sources.flags.iter().filter(|f| Key::find(&f.key).is_none()) {
        let message = format!("unknown key `{}`", short(&flag.key));
        let error = Error::new(ErrorKind::InvalidInput, message).with("flag", &flag.name);
        read.problems.push(error);
    }
    read
}

fn texts<'a>(
    environment: &Environment,
    each: impl Iterator<Item = (&'static Key, &'a str, Origin)>,
) -> Partial<Layer> {
    let mut read = Partial::complete(Layer::default());
    for (key, text, origin) in each {
        match Setting::from_text(&key.kind, text, environment.current_dir(), &origin) {
            Ok(value) => read.value.set(key, Sourced::new(value, origin)),
            Err(expected) => {
                let found = short(text);
                let message = format!("{origin}: expected {expected}, found {found:?}");
                let error = Error::new(ErrorKind::InvalidInput, message);
                read.problems.push(error.with("setting", key.name));
            }
        }
    }
    read
}

/// One sentence for each place that sets what does not do anything yet.
fn without_effect(layer: &Layer) -> Vec<String> {
    let mut places: Vec<(String, Vec<String>)> = Vec::new();
    for key in KEYS.iter().filter(|key| !key.has_effect) {
        let Some(set) = layer.get(key.name) else {
            continue;
        };
        let (place, what) = match &set.origin {
            Origin::Default => continue,
            Origin::File { file, line, .. } => (
                file.display().to_string(),
                format!("{} (line {line})", key.name),
            ),
            origin => (origin.to_string(), key.name.to_owned()),
        };
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, names)) => names.push(what),
            None => places.push((place, vec![what])),
        }
    }
    let sentence = |(place, names): &(String, Vec<String>)| {
        format!("{place} sets what has no effect yet: {}", names.join(", "))
    };
    places.iter().map(sentence).collect()
}

/// `DRIFTMGR_SENSITVITY` does nothing, and nobody would notice.
fn mistyped_variables(environment: &Environment) -> Vec<String> {
    const PREFIX: &str = "DRIFTMGR_";
    let known = || {
        let others = [
            env::DRIFTMGR_CACHE_DIR,
            env::DRIFTMGR_LOG,
            env::DRIFTMGR_CONFIG,
        ];
        KEYS.iter().filter_map(|key| key.variable).chain(others)
    };
    let ours = environment.variables().filter_map(|(name, _)| {
        let part = name.strip_prefix(PREFIX)?;
        (!known().any(|each| each == name)).then_some((name, part))
    });
    ours.filter_map(|(name, part)| {
        let parts = known().filter_map(|name| name.strip_prefix(PREFIX));
        let near = nearest(part, parts)?;
        Some(format!(
            "the variable {name} is not known: did you mean {PREFIX}{near}?"
        ))
    })
    .collect()
}
