//! From the text of a file to a layer. Everything that is wrong is said, not only the first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::duration::parse_duration;
use super::entries::{Entry, Field, Shape};
use super::key::{KEYS, Key, Kind};
use super::layer::Layer;
use super::nearest::nearest;
use super::node::{self, Data, Mark, Node};
use super::origin::{Origin, Sourced};
use super::value::Setting;
use crate::error::Partial;

/// A file as messages name it, and the folder that its paths start from.
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) folder: PathBuf,
}

/// Reads the text of a file. The layer holds what is right; each thing that is wrong is a problem with file, line and column.
pub(super) fn read(text: &str, place: &Place) -> Partial<Layer> {
    let mut reader = Reader {
        place,
        read: Partial::complete(Layer::default()),
    };
    match node::parse(text) {
        Ok(None) => {}
        Ok(Some(root)) => reader.section("", &root),
        Err(broken) => reader.wrong(broken.mark, broken.message, None),
    }
    reader.read
}

struct Reader<'a> {
    place: &'a Place,
    read: Partial<Layer>,
}

impl Reader<'_> {
    fn origin(&self, mark: Mark) -> Origin {
        Origin::File {
            file: self.place.file.clone(),
            line: mark.line,
            column: mark.column,
        }
    }

    fn wrong(&mut self, mark: Mark, message: impl Into<String>, hint: Option<String>) {
        let error = self.origin(mark).error(message);
        let error = match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        self.read.problems.push(error);
    }

    fn not_expected(&mut self, name: &str, expected: &str, found: &Node) {
        let message = format!("`{name}`: expected {expected}, found {}", found.describe());
        let hint = match &found.data {
            Data::Flag(_) | Data::Whole(_) | Data::Number(_) if expected == "text" => {
                Some("write it in quotes to make it text".to_owned())
            }
            _ => None,
        };
        self.wrong(found.mark, message, hint);
    }

    /// The keys of a block with the values, each once, and what is wrong about the keys themselves.
    fn members<'n>(&mut self, entries: &'n [(Node, Node)]) -> Vec<(&'n str, Mark, &'n Node)> {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        let mut members = Vec::new();
        for (key, value) in entries {
            let Data::Text(name) = &key.data else {
                let message = format!("expected the name of a key, found {}", key.describe());
                self.wrong(key.mark, message, None);
                continue;
            };
            if let Some(line) = first.get(name.as_str()) {
                let message = format!("`{}` stands twice", node::short(name));
                let hint = format!("it is set in line {line} already: keep one of the two");
                self.wrong(key.mark, message, Some(hint));
                continue;
            }
            first.insert(name, key.mark.line);
            members.push((name.as_str(), key.mark, value));
        }
        members
    }

    /// A block of keys that begin with a prefix, such as `drift.`; the prefix of the whole file is empty.
    fn section(&mut self, prefix: &str, node: &Node) {
        let entries = match &node.data {
            Data::Map(entries) => entries,
            // `drift:` with nothing below sets nothing.
            Data::Null => return,
            _ => {
                let name = prefix.trim_end_matches('.');
                let name = if name.is_empty() { "the file" } else { name };
                return self.not_expected(name, "a block of keys", node);
            }
        };
        for (name, mark, value) in self.members(entries) {
            let full = format!("{prefix}{name}");
            let below = format!("{full}.");
            if name.contains('.') {
                self.unknown(prefix, name, mark);
            } else if let Some(key) = Key::find(&full) {
                if let Some(setting) = self.setting(key, value) {
                    let origin = self.origin(mark);
                    self.read.value.set(key, Sourced::new(setting, origin));
                }
            } else if KEYS.iter().any(|key| key.name.starts_with(&below)) {
                self.section(&below, value);
            } else {
                self.unknown(prefix, name, mark);
            }
        }
    }

    fn unknown(&mut self, prefix: &str, name: &str, mark: Mark) {
        let known = siblings(prefix);
        let full = format!("{prefix}{name}");
        let hint = if let Some(key) = Key::find(&full) {
            format!("write each part on its own line: {}", blocks(key.name))
        } else if let Some(near) = nearest(name, known.iter().copied()) {
            format!("did you mean `{prefix}{near}`?")
        } else if let Some(key) = elsewhere(name) {
            format!("did you mean `{}`?", key.name)
        } else {
            format!("known here: {}", known.join(", "))
        };
        let message = format!("unknown key `{}`", node::short(&full));
        self.wrong(mark, message, Some(hint));
    }

    fn setting(&mut self, key: &Key, node: &Node) -> Option<Setting> {
        let read = match (&key.kind, &node.data) {
            (Kind::Text, Data::Text(text)) => filled(text).map(Setting::Text),
            (Kind::Path, Data::Text(text)) => {
                filled(text).map(|text| Setting::Path(self.place.folder.join(text)))
            }
            (Kind::Flag, Data::Flag(flag)) => Some(Setting::Flag(*flag)),
            (Kind::Whole { .. }, Data::Whole(number)) => u64::try_from(*number)
                .ok()
                .and_then(|number| key.kind.whole(number)),
            (Kind::Duration, Data::Whole(seconds)) => {
                let seconds = u64::try_from(*seconds).ok().map(Duration::from_secs);
                seconds.and_then(|duration| key.kind.duration(duration))
            }
            (Kind::Duration, Data::Text(text)) => {
                parse_duration(text).and_then(|duration| key.kind.duration(duration))
            }
            (Kind::Word(words), Data::Text(text)) if words.contains(&text.as_str()) => {
                Some(Setting::Text(text.clone()))
            }
            (Kind::Word(words), Data::Text(text)) => {
                let hint = nearest(text, words.iter().copied());
                let hint = hint.map(|near| format!("did you mean `{near}`?"));
                let expected = key.kind.expected();
                let message = format!(
                    "`{}`: expected {expected}, found {}",
                    key.name,
                    node.describe()
                );
                self.wrong(node.mark, message, hint);
                return None;
            }
            (Kind::Texts, Data::List(items)) => return Some(self.texts(key, items)),
            (
                Kind::Entries {
                    fields,
                    needs_one_of,
                },
                Data::List(items),
            ) => {
                return Some(self.entries(key.name, fields, needs_one_of, items));
            }
            _ => None,
        };
        if read.is_none() {
            self.not_expected(key.name, &key.kind.expected(), node);
        }
        read
    }

    fn texts(&mut self, key: &Key, items: &[Node]) -> Setting {
        let mut texts = Vec::new();
        for item in items {
            match &item.data {
                Data::Text(text) if !text.trim().is_empty() => {
                    texts.push(Sourced::new(text.clone(), self.origin(item.mark)));
                }
                _ => self.not_expected(key.name, "text", item),
            }
        }
        Setting::Texts(texts)
    }

    fn entries(
        &mut self,
        name: &str,
        fields: &[Field],
        needs_one_of: &[&str],
        items: &[Node],
    ) -> Setting {
        let mut entries = Vec::new();
        for item in items {
            let Data::Map(members) = &item.data else {
                self.not_expected(name, "a rule: a block of keys", item);
                continue;
            };
            let before = self.read.problems.len();
            let values = self.fields(name, fields, members);
            // A key that is wrong stands there all the same: only what was not written is missing.
            let has = |field: &str| {
                members
                    .iter()
                    .any(|(key, _)| matches!(&key.data, Data::Text(text) if text == field))
            };
            for field in fields.iter().filter(|f| f.required && !has(f.name)) {
                let expected = field.shape.expected();
                let message = format!(
                    "a rule of `{name}` has no `{}`: expected {expected}",
                    field.name
                );
                self.wrong(item.mark, message, Some(lower(field.about)));
            }
            if !needs_one_of.is_empty() && !needs_one_of.iter().any(|field| has(field)) {
                let message = format!("a rule of `{name}` speaks of everything");
                let hint = format!("say what it is about: {}", super::key::one_of(needs_one_of));
                self.wrong(item.mark, message, Some(hint));
            }
            if self.read.problems.len() == before {
                entries.push(Entry {
                    fields: values,
                    origin: self.origin(item.mark),
                });
            }
        }
        Setting::Entries(entries)
    }

    fn fields(
        &mut self,
        name: &str,
        fields: &[Field],
        members: &[(Node, Node)],
    ) -> Map<String, Json> {
        let mut values = Map::new();
        for (written, mark, value) in self.members(members) {
            let Some(field) = fields.iter().find(|field| field.name == written) else {
                let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let hint = match nearest(written, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                let message = format!(
                    "unknown key `{}` in a rule of `{name}`",
                    node::short(written)
                );
                self.wrong(mark, message, Some(hint));
                continue;
            };
            match shaped(&field.shape, value) {
                Some(json) => {
                    values.insert(field.name.to_owned(), json);
                }
                None => {
                    let full = format!("{name}[].{written}");
                    self.not_expected(&full, &field.shape.expected(), value);
                }
            }
        }
        values
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn shaped(shape: &Shape, node: &Node) -> Option<Json> {
    match (shape, &node.data) {
        (Shape::Text, Data::Text(text)) => filled(text).map(Json::String),
        (Shape::Word(words), Data::Text(text)) => words
            .contains(&text.as_str())
            .then(|| Json::from(text.as_str())),
        (Shape::Day, Data::Text(text)) => {
            let is_day = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
            is_day.then(|| Json::from(text.as_str()))
        }
        (Shape::Texts, Data::List(items)) => {
            let texts = items.iter().map(|item| shaped(&Shape::Text, item));
            texts.collect::<Option<Vec<Json>>>().map(Json::Array)
        }
        (Shape::Block, Data::Map(_)) => json(node),
        _ => None,
    }
}

/// A value that is somebody else's to judge, as JSON. `None` for keys that are no text or stand twice.
fn json(node: &Node) -> Option<Json> {
    Some(match &node.data {
        Data::Null => Json::Null,
        Data::Flag(flag) => Json::Bool(*flag),
        Data::Whole(number) => Json::from(*number),
        Data::Number(text) => serde_json::from_str(text).ok()?,
        Data::Text(text) => Json::from(text.as_str()),
        Data::List(items) => Json::Array(items.iter().map(json).collect::<Option<_>>()?),
        Data::Map(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let Data::Text(name) = &key.data else {
                    return None;
                };
                if object.insert(name.clone(), json(value)?).is_some() {
                    return None;
                }
            }
            Json::Object(object)
        }
    })
}

/// The names that may stand below a prefix, in the order of the keys.
fn siblings(prefix: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for rest in KEYS.iter().filter_map(|key| key.name.strip_prefix(prefix)) {
        let name = rest.split('.').next().unwrap_or(rest);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The key of another block that has the name.
fn elsewhere(name: &str) -> Option<&'static Key> {
    let near = nearest(name, KEYS.iter().map(Key::leaf))?;
    KEYS.iter().find(|key| key.leaf() == near)
}

/// `drift:`, then `timeout:` below it.
fn blocks(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| format!("`{part}:`")).collect();
    parts.join(" and below it ")
}

/// The beginning of a sentence, inside of one.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}
