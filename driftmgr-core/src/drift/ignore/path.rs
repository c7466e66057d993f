//! Paths as rules and `ignore_changes` write them: `ingress[0].cidr_blocks`, `tags["env"]`.

use super::glob::fits;
use crate::value::{Path, Step};

/// A step as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Key(String),
    /// What stands in brackets without quotes.
    Position(String),
}

/// Paths with `*`, alternatives separated by `|`. A path stands for everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern(Vec<Vec<Part>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Name(String),
    Index(usize),
    AnyPosition,
}

impl PathPattern {
    /// What is wrong with the text, when it is no pattern.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let alternatives = split_alternatives(text);
        let each: Result<_, _> = alternatives.into_iter().map(parts).collect();
        each.map(Self)
    }

    /// Whether the pattern fits the path or one above it. Positions that the pattern does not name do not matter.
    pub(super) fn covers(&self, path: &Path) -> bool {
        self.0.iter().any(|parts| covers(parts, path.steps()))
    }
}

fn covers(pattern: &[Part], steps: &[Step]) -> bool {
    let Some((part, rest)) = pattern.split_first() else {
        return true;
    };
    let Some((step, more)) = steps.split_first() else {
        return false;
    };
    match (part, step) {
        (Part::Name(name), step) => match step.name() {
            Some(found) => fits(name, found) && covers(rest, more),
            None => covers(pattern, more),
        },
        (Part::Index(wanted), Step::Index(index)) => wanted == index && covers(rest, more),
        (Part::AnyPosition, Step::Index(_) | Step::Element(_) | Step::Key(_)) => covers(rest, more),
        (Part::Index(_) | Part::AnyPosition, _) => false,
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    tokens(text)?
        .into_iter()
        .map(|token| match token {
            Token::Name(name) | Token::Key(name) => Ok(Part::Name(name)),
            Token::Position(text) if text == "*" => Ok(Part::AnyPosition),
            Token::Position(text) => text
                .parse()
                .map(Part::Index)
                .map_err(|_| format!("`[{text}]` is no position: expected [0], [*] or [\"key\"]")),
        })
        .collect()
}

/// The path that `ignore_changes` names: everything stands for itself.
pub(super) fn literal(text: &str) -> Option<Path> {
    let steps = tokens(text).ok()?.into_iter().map(|token| match token {
        Token::Name(name) => Some(Step::Attribute(name)),
        Token::Key(key) => Some(Step::Key(key)),
        Token::Position(text) => text.parse().ok().map(Step::Index),
    });
    steps.collect::<Option<_>>().map(Path)
}

/// Splits at `|` outside of quotes.
pub(super) fn split_alternatives(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(|c| {
        let plain = !escaped;
        escaped = quoted && c == '\\' && plain;
        if c == '"' && plain {
            quoted = !quoted;
        }
        c == '|' && !quoted
    })
    .collect()
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let text = text.trim();
    let mut rest = text;
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (token, after) = bracketed(inside.trim_start())?;
            tokens.push(token);
            rest = after;
        } else {
            let name = match (tokens.is_empty(), rest.strip_prefix('.')) {
                (true, None) => rest,
                (false, Some(name)) => name,
                _ => {
                    return Err(format!(
                        "`{text}` is no path: expected a name, such as tags[\"env\"] or rule[0].port"
                    ));
                }
            };
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            let legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '*');
            if name.is_empty() || !name.chars().all(legal) {
                return Err(format!(
                    "`{name}` in `{text}` is no name: expected letters, digits, _, - and *"
                ));
            }
            tokens.push(Token::Name(name.to_owned()));
            rest = after;
        }
    }
    match tokens.first() {
        Some(Token::Name(_)) => Ok(tokens),
        _ => Err("a path begins with the name of an attribute".to_owned()),
    }
}

/// What stands after `[`, and what comes after the `]`.
fn bracketed(inside: &str) -> Result<(Token, &str), String> {
    let open = || "a bracket is not closed with ]".to_owned();
    let Some(mut quoted) = inside.strip_prefix('"') else {
        let (position, after) = inside.split_once(']').ok_or_else(open)?;
        return Ok((Token::Position(position.trim().to_owned()), after));
    };
    let mut key = String::new();
    loop {
        let mut chars = quoted.chars();
        match chars.next() {
            Some('"') => break,
            Some('\\') => match chars.next() {
                Some('n') => key.push('\n'),
                Some('r') => key.push('\r'),
                Some('t') => key.push('\t'),
                Some(c @ ('"' | '\\')) => key.push(c),
                _ => return Err("an unknown escape in a key".to_owned()),
            },
            Some(c) => key.push(c),
            None => return Err("a quoted key does not end".to_owned()),
        }
        quoted = chars.as_str();
    }
    let after = quoted.strip_prefix('"').unwrap_or_default().trim_start();
    let after = after.strip_prefix(']').ok_or_else(open)?;
    Ok((Token::Key(key), after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn path(text: &str) -> Path {
        literal(text).unwrap()
    }

    #[test]
    fn a_pattern_covers_what_is_below_it() {
        for (pattern, at, want) in [
            ("tags", "tags", true),
            ("tags", "tags[\"env\"]", true),
            ("tags", "tags_all", false),
            ("tags.env", "tags[\"env\"]", true),
            ("tags[\"env\"]", "tags.env", true),
            ("tags[\"env\"]", "tags", false),
            ("tags[\"e*\"]", "tags[\"env\"]", true),
            ("tags[*]", "tags[\"env\"]", true),
            ("rule.port", "rule[0].port", true),
            ("rule[*].port", "rule[7].port", true),
            ("rule[1].port", "rule[0].port", false),
            ("rule[0]", "rule[0].port", true),
            ("*.port", "rule[0].port", true),
            ("port", "rule[0].port", false),
            ("a|b.c", "b.c.d", true),
            ("tags[\"a|b\"]|x", "tags[\"a|b\"]", true),
            ("*_at", "created_at", true),
        ] {
            let pattern = PathPattern::new(pattern).unwrap();
            assert_eq!(pattern.covers(&path(at)), want, "{pattern:?} {at}");
        }
        let member = path("ports").join(Step::Element(Box::new(Value::from(80))));
        assert!(PathPattern::new("ports").unwrap().covers(&member));
        assert!(PathPattern::new("ports[*]").unwrap().covers(&member));
        assert!(!PathPattern::new("ports[0]").unwrap().covers(&member));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            "|",
            "a|",
            ".a",
            "a.",
            "a..b",
            "[0]",
            "a[",
            "a[x]",
            "a[\"x]",
            "a[\"x\"",
            "a b",
            "a[\"\\q\"]",
            "a[0]b",
        ] {
            assert!(PathPattern::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn literal_paths_are_taken_as_they_are() {
        assert_eq!(path("a[0].b[\"k\\\"\"]").to_string(), "a[0].b[\"k\\\"\"]");
        assert_eq!(path(" tags[ \"env\" ] ").to_string(), "tags[\"env\"]");
        assert_eq!(literal("a[*]"), None);
        assert_eq!(literal(""), None);
        let star = path("tags[\"*\"]");
        assert!(!star.contains(&path("tags[\"env\"]")));
    }
}
