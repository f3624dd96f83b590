//! What a mail says (RFC 5322), in the words of the reference.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use lettre::{
    Address,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
};

use crate::{director::Mail, model::MailAddress};

use super::{Refused, clock};

/// A mail, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Message {
    from: MailAddress,
    to: Vec<MailAddress>,
    subject: String,
    text: String,
    at: SystemTime,
    host: String,
    /// The number of the mail in this process.
    number: u64,
}

impl Message {
    pub(super) fn of(mail: &Mail, host: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // A machine may have a name that no mail can come from.
        let host = if MailAddress::new(&format!("root@{host}")).is_ok() { host } else { "localhost" };
        let root = || MailAddress::new("root").expect("the name of an account");
        Self {
            from: mail.route.from.clone().unwrap_or_else(root),
            to: mail.route.to.clone(),
            subject: printable(&mail.subject()),
            text: text(mail, host),
            at: mail.lines.last().map_or(SystemTime::UNIX_EPOCH, |line| line.at),
            host: host.to_owned(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        }
    }

    pub(super) fn from(&self) -> Result<Address, Refused> {
        self.whole(&self.from)
    }

    /// An address with its domain: one without is of this machine.
    pub(super) fn whole(&self, address: &MailAddress) -> Result<Address, Refused> {
        let text = address.as_str();
        let whole = if text.contains('@') { text.to_owned() } else { format!("{text}@{}", self.host) };
        whole.parse().map_err(|error| Refused::for_good(format!("{whole}: {error}")))
    }

    /// The message with all of its headers; lines end in CR LF.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Refused> {
        let since = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let id = format!("<{}.{}.{}@{}>", since.as_micros(), std::process::id(), self.number, self.host);
        let mut builder = lettre::Message::builder()
            .date(self.at)
            .from(Mailbox::new(None, self.from()?))
            .subject(self.subject.as_str())
            .message_id(Some(id))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            builder = builder.to(Mailbox::new(None, self.whole(to)?));
        }
        let message = builder.body(body(&self.text));
        let mut message = message.map_err(|error| Refused::for_good(error.to_string()))?;
        // RFC 3834: no vacation notices in reply.
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message.formatted())
    }
}

/// Scripts look for these lines: they stay as they are where mail servers can carry them (RFC 5322, 2.1.1).
fn body(text: &str) -> Body {
    const LONGEST: usize = 998;
    if text.is_ascii() && text.lines().all(|line| line.len() <= LONGEST) {
        let text = text.replace('\n', "\r\n");
        return Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit);
    }
    Body::new(text.to_owned())
}

/// The reference's text for one thing; a line for each in a digest.
fn text(mail: &Mail, host: &str) -> String {
    let mut text = format!("ldirectord host: {host}\n");
    // Writing to a String cannot fail.
    if let ([line], 0) = (&*mail.lines, mail.left_out) {
        let _ = writeln!(text, "Log-Message: {}", printable(&line.subject()));
        let _ = writeln!(text, "Daemon-Status: {}", line.state.name());
        if line.name.is_some() || line.comment.is_some() {
            text.push('\n');
        }
        for (label, words) in [("Service name", &line.name), ("Comment", &line.comment)] {
            if let Some(words) = words {
                let _ = writeln!(text, "{label}: {}", printable(words));
            }
        }
        return text;
    }
    let _ = writeln!(text, "Alerts: {}\n", mail.lines.len() + mail.left_out);
    for line in &mail.lines {
        let _ = writeln!(text, "{} ({}) {}", clock(line.at), line.state.name(), printable(&line.subject()));
    }
    if mail.left_out > 0 {
        let _ = writeln!(text, "\n{} more are in the log.", mail.left_out);
    }
    text
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        director::MailLine,
        model::{DirectorState, MailRoute, Relay},
    };

    fn mail(lines: Vec<MailLine>, left_out: usize) -> Mail {
        let to = ["ops@example.com", "root"].map(|to| MailAddress::new(to).unwrap()).to_vec();
        Mail { route: Arc::new(MailRoute { to, from: None, relay: Relay::Sendmail }), lines, left_out }
    }

    fn line(sentence: &str, name: Option<&str>, comment: Option<&str>) -> MailLine {
        MailLine {
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_337_880),
            state: DirectorState::Running,
            sentence: sentence.to_owned(),
            name: name.map(Into::into),
            comment: comment.map(Into::into),
        }
    }

    #[test]
    fn one_thing_is_said_as_in_the_reference() {
        let sentence = "Deleted real server: 10.0.0.1:80 (192.0.2.1:80)";
        let named = mail(vec![line(sentence, Some("The shop"), Some("ask Jo"))], 0);
        assert_eq!(
            text(&named, "lvs1"),
            "ldirectord host: lvs1\n\
             Log-Message: [The shop] Deleted real server: 10.0.0.1:80 (192.0.2.1:80)\n\
             Daemon-Status: running\n\n\
             Service name: The shop\n\
             Comment: ask Jo\n"
        );
        let bare = mail(vec![line(sentence, None, None)], 0);
        let said = format!("ldirectord host: lvs1\nLog-Message: {sentence}\nDaemon-Status: running\n");
        assert_eq!(text(&bare, "lvs1"), said);
    }

    #[test]
    fn headers_are_whole() {
        let message = Message::of(&mail(vec![line("Deleted", Some("Gro\u{df}er Laden"), None)], 0), "lvs1");
        let bytes = String::from_utf8(message.bytes().unwrap()).unwrap();
        let (head, _) = bytes.split_once("\r\n\r\n").unwrap();
        for wanted in [
            "From: root@lvs1",
            "To: ops@example.com, root@lvs1",
            "Auto-Submitted: auto-generated",
            "Date: Sun, 22 Nov 2026 08:58:00 +0000",
            "Subject: =?utf-8?b?",
        ] {
            assert!(head.contains(wanted), "no {wanted} in {head}");
        }
        assert!(head.is_ascii(), "{head}");
        assert!(head.contains("Message-ID: <1795337880000000."), "{head}");
    }

    #[test]
    fn what_servers_cannot_carry_is_encoded_and_nothing_else() {
        let sent = |words: &str| {
            let message = Message::of(&mail(vec![line(words, None, None)], 0), "lvs1");
            String::from_utf8(message.bytes().unwrap()).unwrap()
        };
        let long = format!("Added {}", "x".repeat(500));
        assert!(sent(&long).contains(&format!("\r\nLog-Message: {long}\r\n")));
        let odd = sent("Gro\u{df}");
        assert!(odd.is_ascii() && odd.contains("Content-Transfer-Encoding: quoted-printable"), "{odd}");
    }

    #[test]
    fn nothing_that_is_said_makes_another_header() {
        let odd = mail(vec![line("x\r\nBcc: evil@example.com", None, None)], 0);
        let bytes = String::from_utf8(Message::of(&odd, "bad host\n").bytes().unwrap()).unwrap();
        assert!(!bytes.contains("\nBcc"), "{bytes}");
        assert!(bytes.contains("root@localhost"), "{bytes}");
    }

    #[test]
    fn a_digest_has_a_line_for_each_and_counts_the_rest() {
        let digest = mail(vec![line("one", Some("a"), None), line("two", None, None)], 40);
        let text = text(&digest, "lvs1");
        assert!(text.starts_with("ldirectord host: lvs1\nAlerts: 42\n\n"), "{text}");
        assert!(text.contains(" 2026 (running) [a] one\n"), "{text}");
        assert!(text.ends_with("\n40 more are in the log.\n"), "{text}");
    }
}
