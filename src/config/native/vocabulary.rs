//! What the classic grammar's readers say, in the words of this grammar.

use super::keys::{KEYS, Shape};

/// Names that are words of the language too: they are a directive only in quotes.
const WORDS: [&str; 11] = [
    "service", "request", "receive", "login", "secret", "database", "fall", "rise", "smtp", "virtual",
    "execute",
];

/// Replaces the names of directives by keys, and `name = word` by how that is written here.
pub(super) fn native(text: &str) -> String {
    let text = text.replace(" with \"virtual6\"", "").replace(" with \"real6\"", "");
    let mut said = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(is_of_name) {
        let (before, behind) = rest.split_at(at);
        said.push_str(before);
        let (name, behind) = behind.split_at(behind.find(|c| !is_of_name(c)).unwrap_or(behind.len()));
        let quoted = said.ends_with('"') && behind.starts_with('"');
        let row = KEYS
            .iter()
            .find(|row| {
                row.directive == name && (quoted || !WORDS.contains(&name) || behind.starts_with(" = "))
            })
            .or_else(|| KEYS.iter().find(|row| row.key == name));
        said.push_str(row.map_or(name, |row| row.key));
        rest = behind;
        if let Some(row) = row
            && let Some(value) = behind.strip_prefix(" = ")
        {
            let (word, after) = value.split_at(value.find(|c| !is_of_name(c)).unwrap_or(value.len()));
            said.push_str(" = ");
            said.push_str(&written(word, row.shape));
            rest = after;
        }
    }
    said.push_str(rest);
    said
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.'
}

/// A value as it is written here.
fn written(word: &str, shape: Shape) -> String {
    match (shape, word) {
        (Shape::Switch, "yes") => "true".to_owned(),
        (Shape::Switch, "no") => "false".to_owned(),
        (Shape::Word | Shape::NumberOrWord | Shape::Time, word)
            if word.contains(|c: char| c.is_ascii_alphabetic()) =>
        {
            format!("\"{word}\"")
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_said_as_keys() {
        let said = |text: &str| native(text);
        assert_eq!(said("give \"checkport\" or \"service\""), "give \"check.port\" or \"check.service\"");
        assert_eq!(said("say so with checktype = connect"), "say so with check.type = \"connect\"");
        assert_eq!(said("write: autoreload = yes"), "write: autoreload = true");
        assert_eq!(said("write: check.interval = 200ms"), "write: check.interval = \"200ms\"");
        assert_eq!(said("resyncinterval = 0 looks"), "resync-interval = 0 looks");
        assert_eq!(said("a virtual service needs"), "a virtual service needs");
        assert_eq!(said("unknown service \"foo\""), "unknown service \"foo\"");
        assert_eq!(said("unknown key \"check.intervall\""), "unknown key \"check.intervall\"");
        assert_eq!(said("write [::1]:80 with \"real6\""), "write [::1]:80");
    }
}
