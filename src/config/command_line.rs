//! A command line, divided into a program and its arguments: the one place where that is done, for every directive that
//! takes one.
//!
//! * Blanks divide. What stands in single or double quotes is one piece, the quotes are not part of it, and `''` is an
//!   empty argument. There are no other characters with a meaning: a backslash, a `$` and a `|` are themselves.
//! * No shell ever sees the line. The older ldirectord hands a line with special characters to one; such a character
//!   outside of quotes is found here, so that its author can be told.

/// What a shell would have done something about, outside of quotes.
const SPECIAL: &str = "$&*(){}[];\\|?<>~`#!";
/// The same in double quotes.
const SPECIAL_IN_QUOTES: &str = "$`\\";

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// The program and its arguments; may be empty.
    pub(super) argv: Vec<String>,
    /// The first character that would mean something to a shell and means nothing here, and its place in bytes.
    pub(super) special: Option<(usize, char)>,
}

/// Divides a command line.
///
/// # Errors
/// A quote is not closed; gives its place in bytes.
pub(super) fn split(line: &str) -> Result<CommandLine, usize> {
    let (mut argv, mut special) = (Vec::new(), None);
    let mut word: Option<String> = None;
    let mut quote: Option<(usize, char)> = None;
    for (at, c) in line.char_indices() {
        let means_something = match quote {
            None => SPECIAL,
            Some((_, '"')) => SPECIAL_IN_QUOTES,
            Some(_) => "",
        };
        match (quote, c) {
            (Some((_, open)), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some((at, c));
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => argv.extend(word.take()),
            (_, c) => {
                if means_something.contains(c) {
                    special.get_or_insert((at, c));
                }
                word.get_or_insert_default().push(c);
            }
        }
    }
    argv.extend(word);
    match quote {
        Some((at, _)) => Err(at),
        None => Ok(CommandLine { argv, special }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(line: &str) -> Vec<String> {
        split(line).unwrap().argv
    }

    #[test]
    fn blanks_divide_and_quotes_hold_together() {
        assert_eq!(argv("  /bin/a\tone  two "), ["/bin/a", "one", "two"]);
        assert_eq!(argv(r#"a "b c"'d e' '' "it's""#), ["a", "b cd e", "", "it's"]);
        assert_eq!(argv(r"a\ b"), [r"a\", "b"]);
        assert!(argv(" \t").is_empty());
    }

    #[test]
    fn a_quote_must_be_closed() {
        assert_eq!(split("a 'b c"), Err(2));
        assert_eq!(split(r#"a "b' c"#), Err(2));
    }

    #[test]
    fn what_a_shell_would_have_seen_is_found() {
        assert_eq!(split("a b | c > d").unwrap().special, Some((4, '|')));
        assert_eq!(split(r#"a "$HOME""#).unwrap().special, Some((3, '$')));
        assert_eq!(split("sh -c 'a | b > $1'").unwrap().special, None);
        assert_eq!(split("a \"b|c\" d=e,f:g%h@i+j").unwrap().special, None);
    }
}
