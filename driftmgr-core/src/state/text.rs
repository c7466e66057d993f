//! JSON text as Go's encoder spells it. Everything works on text and without recursion, so that number texts and depths stay as they are.

use serde_json::Value as Json;

use crate::value::Number;

/// The same JSON with `<`, `>`, `&` and the two line separators escaped.
pub(super) fn escape_html(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// Appends valid JSON, indented by two spaces a level as `json.MarshalIndent` does, beginning at `depth`.
pub(super) fn indent_into(out: &mut String, json: &str, depth: usize) {
    let mut depth = depth;
    let mut in_string = false;
    let mut escaped = false;
    let mut just_opened = false;
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        if in_string {
            out.push(c);
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == '"' {
                in_string = false;
            }
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, ']' | '}');
        if just_opened && !closes {
            line(out, depth);
        }
        match c {
            '{' | '[' => {
                out.push(c);
                depth += 1;
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !just_opened {
                    line(out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(out, depth);
            }
            ':' => out.push_str(": "),
            '"' => {
                out.push(c);
                in_string = true;
            }
            c => out.push(c),
        }
        just_opened = matches!(c, '{' | '[');
    }
}

/// With the keys of every object sorted, as Go writes maps.
pub(super) fn sorted(json: Json) -> Json {
    match json {
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(entries.into_iter().collect())
        }
        Json::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// The same, with numbers as plain decimals: the form of a value that Terraform has decoded.
pub(super) fn normal(json: Json) -> Json {
    fn numbers(json: &mut Json) {
        match json {
            Json::Number(number) => {
                let plain = number.to_string().parse::<Number>().ok();
                // The text is a JSON number by construction.
                if let Some(plain) = plain.and_then(|n| serde_json::from_str(&n.to_string()).ok()) {
                    *number = plain;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(numbers),
            Json::Object(entries) => entries.values_mut().for_each(numbers),
            _ => {}
        }
    }
    let mut json = sorted(json);
    numbers(&mut json);
    json
}
