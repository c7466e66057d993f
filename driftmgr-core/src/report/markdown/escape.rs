//! Outside texts in markdown: none of them may become markup, a mention or a link to an issue.

use crate::report::text::one_line;

/// A code span. Everything in it stands as it is.
pub(super) fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    // A span of spaces alone, or one that touches backticks, needs air.
    let air = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{ticks}{air}{text}{air}{ticks}")
}

/// A fence that none of the lines can close.
pub(super) fn fence(lines: &[String]) -> String {
    let longest = lines
        .iter()
        .map(|line| longest_run(line))
        .max()
        .unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A sentence, on one line.
pub(super) fn prose(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Hosts look for mentions and issues after markdown is done; a comment between takes them apart.
            '@' | '#' => {
                out.push(c);
                out.push_str("<!-- -->");
            }
            // These begin lists and headings.
            '-' | '+' | '=' if i == 0 => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text in HTML.
pub(super) fn html_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_code() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(fence(&["````".to_owned()]), "`````");
        assert_eq!(fence(&["x".to_owned()]), "```");
    }

    #[test]
    fn prose_is_no_markup() {
        assert_eq!(
            prose("- *a* <b> @team #1 [x](y)\n&"),
            r"\- \*a\* &lt;b&gt; @<!-- -->team #<!-- -->1 \[x\](y)\\n&amp;"
        );
    }
}
