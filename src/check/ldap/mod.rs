//! LDAP (RFC 4511): bind, and look for one entry.
//!
//! Requests and answers are few and small, and are written and read here (docs/adr/0012): what of an answer is held is
//! bounded, whatever length it announces and however it is nested.

pub mod ber;
pub mod message;

use futures_util::FutureExt as _;

use self::{
    ber::{Length, Malformed},
    message::{Answer, MessageId, Outcome, SEQUENCE},
};
use super::{
    Ask, content,
    messages::{LONGEST, Messages},
    net::Ack,
    stream::Stream,
};
use crate::{
    health::{Certificate, Evidence, Failure, Stage},
    model::{LdapCheck, Security, TlsStart},
};

/// The messages of a check, by number.
const START_TLS: MessageId = 1;
const BIND: MessageId = 2;
const SEARCH: MessageId = 3;
const UNBIND: MessageId = 4;
/// What the server says unasked (RFC 4511, 4.4).
const UNASKED: MessageId = 0;

/// Binds and searches once.
pub(super) async fn probe(ask: &Ask<'_>, check: &LdapCheck) -> Result<Evidence, Failure> {
    let (stream, certificate) = connect(ask, check.tls.as_deref()).await?;
    let mut session = Session { ask, messages: Messages::new(stream), answer: Vec::new() };
    session.bind(check).await?;
    let found = session.find(&check.base).await;
    session.take_leave();
    content::judge(&check.expected, &found?)?;
    Ok(Evidence { certificate, ..Evidence::default() })
}

/// Opens the connection, with TLS from the beginning or after `StartTLS`.
async fn connect(
    ask: &Ask<'_>,
    security: Option<&Security>,
) -> Result<(Stream, Option<Certificate>), Failure> {
    let (stream, certificate) = ask.open(security, Ack::Late).await?;
    match security {
        Some(security) if security.start == TlsStart::Upgrade => {
            let mut session = Session { ask, messages: Messages::new(stream), answer: Vec::new() };
            session.start_tls().await?;
            ask.secure(session.messages.into_inner()?, security).await
        }
        Some(_) | None => Ok((stream, certificate)),
    }
}

struct Session<'a> {
    ask: &'a Ask<'a>,
    messages: Messages<Stream>,
    /// The last answer, or its beginning.
    answer: Vec<u8>,
}

impl Session<'_> {
    async fn start_tls(&mut self) -> Result<(), Failure> {
        self.messages.send(&message::start_tls(START_TLS), Stage::Tls).await?;
        match self.answer(START_TLS, Stage::Tls).await? {
            Answer::Extended(outcome) if outcome.code == Outcome::SUCCESS => Ok(()),
            Answer::Extended(outcome) => {
                let (code, text) = words(&outcome);
                Err(Failure::Tls(format!("StartTLS is refused: {code} {text}").trim_end().to_owned()))
            }
            Answer::Bind(_)
            | Answer::Entry(_)
            | Answer::Reference(_)
            | Answer::Done(_)
            | Answer::Intermediate => Err(strange()),
        }
    }

    async fn bind(&mut self, check: &LdapCheck) -> Result<(), Failure> {
        let (name, passwd) = match &check.login {
            Some(login) => (login.name.as_str(), login.passwd.reveal()),
            None => ("", ""),
        };
        self.messages.send(&message::bind(BIND, name, passwd), Stage::Login).await?;
        match self.answer(BIND, Stage::Login).await? {
            Answer::Bind(outcome) if outcome.code == Outcome::SUCCESS => Ok(()),
            Answer::Bind(outcome) if outcome.refuses_login() => {
                let (code, text) = words(&outcome);
                Err(Failure::Login(format!("{code} {text}").trim_end().to_owned()))
            }
            Answer::Bind(outcome) => Err(error(&outcome)),
            Answer::Entry(_)
            | Answer::Reference(_)
            | Answer::Done(_)
            | Answer::Extended(_)
            | Answer::Intermediate => Err(strange()),
        }
    }

    /// The name of the one entry that is found.
    async fn find(&mut self, base: &str) -> Result<Vec<u8>, Failure> {
        self.messages.send(&message::search(SEARCH, base), Stage::Answer).await?;
        let (mut found, mut elsewhere) = (None, None);
        loop {
            match self.answer(SEARCH, Stage::Answer).await? {
                Answer::Entry(_) if found.is_some() => {
                    return Err(Failure::Protocol("more than one entry of one name".to_owned()));
                }
                Answer::Entry(name) => found = Some(name.to_vec()),
                Answer::Reference(other) => elsewhere = Some(Failure::excerpt(other)),
                Answer::Intermediate => {}
                Answer::Done(outcome) if outcome.code == Outcome::SUCCESS => {
                    return found.ok_or_else(|| {
                        Failure::Absent(match elsewhere {
                            Some(other) => format!("no such entry here, but perhaps at {other}"),
                            None => "no such entry".to_owned(),
                        })
                    });
                }
                Answer::Done(outcome) => return Err(error(&outcome)),
                Answer::Bind(_) | Answer::Extended(_) => return Err(strange()),
            }
        }
    }

    /// The next answer to the message with this number.
    async fn answer(&mut self, id: MessageId, stage: Stage) -> Result<Answer<'_>, Failure> {
        self.receive(stage).await?;
        match message::read(&self.answer) {
            Ok((found, answer)) if found == id => Ok(answer),
            // The server ends the connection, and says why (RFC 4511, 4.4.1).
            Ok((UNASKED, Answer::Extended(outcome))) => Err(error(&outcome)),
            Ok(_) => Err(strange()),
            Err(Malformed) => Err(malformed()),
        }
    }

    /// Reads what stands in a message; of a long one, which only an entry with attributes nobody asked for can be, the
    /// beginning.
    async fn receive(&mut self, stage: Stage) -> Result<(), Failure> {
        let &[tag, first] = self.messages.take(self.ask, stage, 2).await? else { return Err(malformed()) };
        if tag != SEQUENCE {
            return Err(malformed());
        }
        let length = match Length::of(first).map_err(|Malformed| malformed())? {
            Length::Known(length) => length,
            Length::Further(count) => Length::number(self.messages.take(self.ask, stage, count).await?),
        };
        let held = length.min(LONGEST);
        self.answer.clear();
        self.answer.extend_from_slice(self.messages.take(self.ask, stage, held).await?);
        self.messages.skip(self.ask, stage, length - held).await
    }

    /// Says goodbye, and waits for nothing.
    fn take_leave(mut self) {
        let farewell = async { self.messages.send(&message::unbind(UNBIND), Stage::Answer).await };
        if let Some(Ok(())) = farewell.now_or_never() {
            self.messages.get_ref().close_in_order();
        }
    }
}

/// The code of an outcome that is no success, with its name, and what is said of it.
fn words(outcome: &Outcome<'_>) -> (String, String) {
    let code = format!("{} {}", outcome.code, outcome.name()).trim_end().to_owned();
    (code, Failure::excerpt(outcome.referral.unwrap_or(outcome.text)))
}

fn error(outcome: &Outcome<'_>) -> Failure {
    let (code, text) = words(outcome);
    Failure::Error { code, text }
}

fn malformed() -> Failure {
    Failure::Protocol("no LDAP message".to_owned())
}

fn strange() -> Failure {
    Failure::Protocol("a message out of turn".to_owned())
}
