//! Lines to be written, each with the comments that belong to it.

/// Comments of one place of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comments {
    /// Lines that stand before it, from the `#` on.
    pub(super) before: Vec<String>,
    /// What stands behind it on its line, from the `#` on.
    pub(super) behind: Option<String>,
}

impl Comments {
    /// Adds what belongs behind; a second such comment goes before.
    pub(super) fn add_behind(&mut self, comment: String) {
        if self.behind.is_none() {
            self.behind = Some(comment);
        } else {
            self.before.push(comment);
        }
    }
}

/// A comment as it may stand in any file: without what cannot be seen.
pub(super) fn comment(text: &str) -> String {
    text.trim_end().chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// The text of a file that is being written.
#[derive(Debug, Default)]
pub(super) struct Out {
    text: String,
}

impl Out {
    /// A line with its comments. What holds the line's value decides whether one may stand behind it.
    pub(super) fn line(&mut self, indent: &str, text: &str, comments: &Comments, may_be_behind: bool) {
        for before in &comments.before {
            self.raw(indent, before);
        }
        match &comments.behind {
            Some(behind) if may_be_behind => self.raw(indent, &format!("{text}  {behind}")),
            Some(behind) => {
                self.raw(indent, behind);
                self.raw(indent, text);
            }
            None => self.raw(indent, text),
        }
    }

    pub(super) fn raw(&mut self, indent: &str, text: &str) {
        self.text.extend([indent, text, "\n"]);
    }

    /// An empty line, but at the beginning.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// What stands above all and has a blank line below it belongs to the file.
    pub(super) fn header(&mut self, first: &mut Comments) {
        let Some(end) = first.before.iter().rposition(String::is_empty) else { return };
        for line in first.before.drain(..=end) {
            if line.is_empty() { self.gap() } else { self.raw("", &line) }
        }
    }

    /// Comments that nothing follows.
    pub(super) fn tail(&mut self, comments: &[String]) {
        if !comments.is_empty() {
            self.gap();
        }
        for comment in comments {
            self.raw("", comment);
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}
