//! An agent on the server's host, which says in one line how the server is: `up 75%`, `drain`, `down # disk full`. The
//! words are those of `HAProxy`'s agent checks.
//!
//! Each line stands for itself: what it does not say is as if it said `up`, `ready` and `100%`.

use super::{Ask, lines::Lines, net::Ack};
use crate::{
    health::{Advice, Evidence, Failure, Mode, Stage},
    model::AgentCheck,
};

/// Listens to it once.
pub(super) async fn probe(ask: &Ask<'_>, check: &AgentCheck) -> Result<Evidence, Failure> {
    let ack = if check.request.is_empty() { Ack::Prompt } else { Ack::Late };
    let mut lines = Lines::new(ask.dial(ack).await?);
    if !check.request.is_empty() {
        ask.enter(Stage::Answer);
        lines.send(&check.request, Stage::Answer).await?;
    }
    let line = lines.line(ask, Stage::Answer).await?;
    let report = Report::parse(line).ok_or_else(|| {
        Failure::Protocol(format!("\"{}\" is no answer of an agent", Failure::excerpt(line)))
    })?;
    match report.down {
        Some(word) if report.description.is_empty() => {
            Err(Failure::Unavailable(format!("agent says {word}")))
        }
        Some(word) => {
            let description = Failure::excerpt(report.description);
            Err(Failure::Unavailable(format!("agent says {word}: {description}")))
        }
        None => Ok(Evidence { advice: Some(report.advice), ..Evidence::default() }),
    }
}

/// What a line of an agent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// The server is down, and the word for it.
    pub down: Option<&'static str>,
    /// What is advised if it is not.
    pub advice: Advice,
    /// What stands behind a `#`.
    pub description: &'a [u8],
}

impl<'a> Report<'a> {
    /// Reads a line, up to its end or the first carriage return. Words stand between blanks and commas, in any order and
    /// case, of several for one thing the last one counts, and those that are not known are passed over. Nothing, where
    /// none is known.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.split(|&byte| byte == b'\r').next()?;
        let (words, description) = match line.iter().position(|&byte| byte == b'#') {
            Some(sharp) => (&line[..sharp], line[sharp + 1..].trim_ascii()),
            None => (line, &b""[..]),
        };
        let mut report = Self { down: None, advice: Advice::default(), description };
        let mut known = false;
        for word in words.split(|byte| b" \t,".contains(byte)) {
            known |= report.take(&word.to_ascii_lowercase());
        }
        known.then_some(report)
    }

    /// Takes a word in, if it is a known one.
    fn take(&mut self, word: &[u8]) -> bool {
        match word {
            b"up" => self.down = None,
            b"down" => self.down = Some("down"),
            b"fail" => self.down = Some("fail"),
            b"stopped" => self.down = Some("stopped"),
            b"ready" => self.advice.mode = Mode::Ready,
            b"drain" => self.advice.mode = Mode::Drain,
            b"maint" => self.advice.mode = Mode::Maintenance,
            _ => match percent(word) {
                Some(percent) => self.advice.percent = percent,
                // The kernel knows no such limit but the thresholds of the configuration.
                None => return word.starts_with(b"maxconn:"),
            },
        }
        true
    }
}

/// `75%`; more than all is all.
fn percent(word: &[u8]) -> Option<u8> {
    let digits = word.strip_suffix(b"%")?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // What does not fit is more than all.
    let number = std::str::from_utf8(digits).ok()?.parse().unwrap_or(u32::MAX);
    u8::try_from(number.min(100)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(line: &str) -> (u8, Mode) {
        let report = Report::parse(line.as_bytes()).unwrap();
        assert_eq!(report.down, None, "{line}");
        (report.advice.percent, report.advice.mode)
    }

    #[test]
    fn weights_and_modes_are_advice() {
        assert_eq!(advice("up"), (100, Mode::Ready));
        assert_eq!(advice("75%"), (75, Mode::Ready));
        assert_eq!(advice("UP,DRAIN 0%"), (0, Mode::Drain));
        assert_eq!(advice("\tmaint"), (100, Mode::Maintenance));
        assert_eq!(advice("drain ready 20% 030%"), (30, Mode::Ready), "the last one counts");
        assert_eq!(advice("ready 250%"), (100, Mode::Ready));
        assert_eq!(advice("99999999999999999999%"), (100, Mode::Ready));
        assert_eq!(advice("up maxconn:30 weight:3"), (100, Mode::Ready), "others are passed over");
        assert_eq!(advice("maxconn:30"), (100, Mode::Ready));
        assert_eq!(advice("up\r75%"), (100, Mode::Ready), "a carriage return ends it");
    }

    #[test]
    fn a_server_that_is_down_may_say_why() {
        let read = |line: &'static str| {
            let report = Report::parse(line.as_bytes()).unwrap();
            (report.down, std::str::from_utf8(report.description).unwrap())
        };
        assert_eq!(read("down"), (Some("down"), ""));
        assert_eq!(read("50% Fail # disk full, up soon"), (Some("fail"), "disk full, up soon"));
        assert_eq!(read("stopped#by hand"), (Some("stopped"), "by hand"));
        assert_eq!(read("down up"), (None, ""));
    }

    #[test]
    fn what_no_agent_says_is_nothing() {
        for line in
            ["", " ,\t", "# up", "uptime", "7.5%", "%", "-5%", "HTTP/1.1 400 Bad Request", "SSH-2.0-x"]
        {
            assert_eq!(Report::parse(line.as_bytes()), None, "{line}");
        }
    }
}
