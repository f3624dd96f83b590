//! The reference's log line: `[Tue Nov 22 08:38:00 2026|www|1234] Added real server: ...`.

use std::{fmt::Display, fmt::Write as _, time::SystemTime};

use chrono::{DateTime, Local, TimeZone};

/// What stands in front of each line, but for the time.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    /// `|www|1234`, or nothing.
    who: String,
}

impl Prefix {
    pub(super) fn new(instance: &str) -> Self {
        Self { who: format!("|{instance}|{}", std::process::id()) }
    }

    /// The time alone.
    pub(super) fn without_name() -> Self {
        Self { who: String::new() }
    }

    /// A message as lines of a log file, each with the prefix: a script that reads the log line by line knows of
    /// each when it was written and by whom, and no text can pretend to be another entry.
    pub(super) fn lines(&self, at: SystemTime, message: &str) -> String {
        self.lines_at(&DateTime::<Local>::from(at), message)
    }

    fn lines_at<Tz: TimeZone<Offset: Display>>(&self, at: &DateTime<Tz>, message: &str) -> String {
        // `%e` pads the day with a blank, as ctime(3) does.
        let stamp = at.format("%a %b %e %H:%M:%S %Y");
        let mut lines = String::new();
        for line in message.trim_end().split('\n') {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "[{stamp}{}] {}", self.who, printable(line));
        }
        lines
    }
}

/// A text without what would move a terminal's cursor or change its colours.
pub(super) fn printable(text: &str) -> String {
    let text = text.trim_end_matches('\r');
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '.' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    fn lines_by(prefix: &Prefix, text: &str) -> String {
        let at = FixedOffset::east_opt(3_600).unwrap().with_ymd_and_hms(2026, 11, 2, 8, 38, 0).unwrap();
        prefix.lines_at(&at, text)
    }

    fn lines(text: &str) -> String {
        lines_by(&Prefix { who: "|www|1234".into() }, text)
    }

    #[test]
    fn a_line_is_the_reference_s() {
        assert_eq!(lines("Added real server"), "[Mon Nov  2 08:38:00 2026|www|1234] Added real server\n");
        let supervised = lines_by(&Prefix::without_name(), "Added real server");
        assert_eq!(supervised, "[Mon Nov  2 08:38:00 2026] Added real server\n");
    }

    #[test]
    fn each_line_of_a_message_has_the_prefix() {
        let stamp = "[Mon Nov  2 08:38:00 2026|www|1234]";
        assert_eq!(
            lines("rejected:\r\n\tvirtual = \x1b[2J\n"),
            format!("{stamp} rejected:\n{stamp} \tvirtual = .[2J\n")
        );
    }
}
