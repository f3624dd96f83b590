//! A conversation with the server: messages in, messages out, and errors told apart.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use futures_util::FutureExt as _;
use postgres_protocol::message::{
    backend::{self, ErrorFields, Header, Message},
    frontend,
};

use crate::{
    check::{Ask, messages::Messages, stream::Stream},
    health::{Failure, Stage},
};

/// Bytes of a message before its body: a letter and a length that counts itself.
const HEADER: usize = 5;
/// The length's own part of itself.
const LENGTH: usize = 4;

/// What the server said, as far as anything depends on it.
pub(super) enum Said {
    /// What columns the rows will have.
    Columns,
    /// A row, of which no more than its beginning has been looked at.
    Row,
    /// Something else.
    Message(Message),
}

pub(super) struct Session<'a> {
    ask: &'a Ask<'a>,
    messages: Messages<Stream>,
    /// So much of the last message has not been read.
    rest: usize,
    /// It waits for a query.
    ready: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(ask: &'a Ask<'a>, messages: Messages<Stream>) -> Self {
        Self { ask, messages, rest: 0, ready: false }
    }

    /// Whether what is said goes through TLS.
    pub(super) fn is_protected(&self) -> bool {
        matches!(self.messages.get_ref(), Stream::Tls(_))
    }

    /// Sends what `write` makes.
    ///
    /// # Errors
    /// The connection failed; or there is a NUL in what the configuration says.
    pub(super) async fn send(
        &mut self,
        stage: Stage,
        write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let mut buffer = BytesMut::new();
        write(&mut buffer).map_err(|_| {
            Failure::Protocol("a login, database or request with a NUL in it cannot be sent".to_owned())
        })?;
        self.messages.send(&buffer, stage).await
    }

    /// The next thing the server says that matters. Notices, parameters and the like are passed over unread.
    ///
    /// # Errors
    /// The connection failed, the server told of an error, or what it says is no such message.
    pub(super) async fn next(&mut self, stage: Stage) -> Result<Said, Failure> {
        loop {
            self.messages.skip(self.ask, stage, std::mem::take(&mut self.rest)).await?;
            let start: [u8; HEADER] = {
                let bytes = self.messages.take(self.ask, stage, HEADER).await?;
                bytes.try_into().expect("so many were asked for")
            };
            let length = body_length(&start)?;
            self.rest = length;
            self.ready = false;
            match start[0] {
                backend::NOTICE_RESPONSE_TAG
                | backend::NOTIFICATION_RESPONSE_TAG
                | backend::PARAMETER_STATUS_TAG
                | backend::BACKEND_KEY_DATA_TAG => {}
                backend::ROW_DESCRIPTION_TAG => return Ok(Said::Columns),
                backend::DATA_ROW_TAG => return Ok(Said::Row),
                _ => {
                    let body = self.messages.take(self.ask, stage, length).await?;
                    self.rest = 0;
                    let message = understand(&start, body)?;
                    if let Message::ErrorResponse(body) = &message {
                        return Err(refusal(stage, body.fields(), self.is_protected()));
                    }
                    self.ready = matches!(message, Message::ReadyForQuery(_));
                    return Ok(Said::Message(message));
                }
            }
        }
    }

    /// Says goodbye, if the server has said all there is, and waits for nothing: the check has passed, and a server that
    /// hangs now must not change that.
    pub(super) fn take_leave(mut self) {
        let farewell = async {
            while !self.ready {
                self.next(Stage::Answer).await?;
            }
            self.send(Stage::Answer, |buffer| {
                frontend::terminate(buffer);
                Ok(())
            })
            .await
        };
        if let Some(Ok(())) = farewell.now_or_never() {
            self.messages.get_ref().close_in_order();
        }
    }
}

/// How long the body of a message is that begins like this.
fn body_length(start: &[u8; HEADER]) -> Result<usize, Failure> {
    let header = Header::parse(start).ok().flatten();
    let length = header.and_then(|header| usize::try_from(header.len()).ok());
    match length.and_then(|length| length.checked_sub(LENGTH)) {
        Some(length) => Ok(length),
        None => Err(Failure::Protocol("a message of an impossible length".to_owned())),
    }
}

/// The message with this beginning and body.
fn understand(start: &[u8; HEADER], body: &[u8]) -> Result<Message, Failure> {
    let mut whole = BytesMut::with_capacity(HEADER + body.len());
    whole.extend_from_slice(start);
    whole.extend_from_slice(body);
    match Message::parse(&mut whole) {
        Ok(Some(message)) => Ok(message),
        Ok(None) | Err(_) => {
            Err(Failure::Protocol(format!("a malformed message \"{}\"", start[0].escape_ascii())))
        }
    }
}

/// The server speaks the protocol, but not this here.
pub(super) fn strange(message: &Message) -> Failure {
    let what = match message {
        Message::AuthenticationKerberosV5 => "a login by Kerberos",
        Message::AuthenticationGss => "a login by GSSAPI",
        Message::AuthenticationSspi => "a login by SSPI",
        Message::AuthenticationScmCredential => "a login by SCM credentials",
        Message::CopyInResponse(_) | Message::CopyOutResponse(_) => "a copy instead of rows",
        _ => "a message out of turn",
    };
    Failure::Protocol(what.to_owned())
}

/// What an error means: the login is refused (class 28 of the SQLSTATEs), or something else is wrong.
fn refusal(stage: Stage, mut fields: ErrorFields<'_>, protected: bool) -> Failure {
    let (mut code, mut words) = (String::new(), Vec::new());
    while let Ok(Some(field)) = fields.next() {
        match field.type_() {
            b'C' => code = Failure::excerpt(field.value_bytes()),
            b'M' => words = field.value_bytes().to_vec(),
            _ => {}
        }
    }
    let text = Failure::excerpt(&words);
    if stage != Stage::Login || !code.starts_with("28") {
        return Failure::Error { code, text };
    }
    // The end of `no pg_hba.conf entry for host ..., no encryption`; the word before `PostgreSQL` 14.
    let for_tls = !protected && (words.ends_with(b"no encryption") || words.ends_with(b"SSL off"));
    Failure::Login(if for_tls { format!("without TLS: {text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(fields: &[&str]) -> Vec<u8> {
        let mut body: Vec<u8> = fields.iter().flat_map(|field| [field.as_bytes(), b"\0"].concat()).collect();
        body.push(0);
        body
    }

    fn meaning(stage: Stage, body: &[u8], protected: bool) -> Failure {
        let length = u32::try_from(body.len() + LENGTH).unwrap().to_be_bytes();
        let start = [b'E', length[0], length[1], length[2], length[3]];
        assert_eq!(body_length(&start).unwrap(), body.len());
        let Message::ErrorResponse(body) = understand(&start, body).unwrap() else { panic!("no error") };
        refusal(stage, body.fields(), protected)
    }

    #[test]
    fn a_refused_login_is_told_from_other_errors() {
        let wrong = error(&["SFATAL", "C28P01", "Mpassword authentication failed for user \"x\""]);
        let words = "password authentication failed for user \"x\"".to_owned();
        assert_eq!(meaning(Stage::Login, &wrong, false), Failure::Login(words.clone()));
        assert_eq!(
            meaning(Stage::Answer, &wrong, false),
            Failure::Error { code: "28P01".into(), text: words }
        );
        let starting = error(&["SFATAL", "C57P03", "Mthe database system is starting up"]);
        let failure = meaning(Stage::Login, &starting, false);
        assert_eq!(failure.to_string(), "error 57P03: the database system is starting up");
    }

    #[test]
    fn a_server_that_wants_tls_is_told() {
        let line = "Mno pg_hba.conf entry for host \"192.0.2.1\", user \"monitor\", database \"x\", no encryption";
        let body = error(&["SFATAL", "C28000", line]);
        let plain = meaning(Stage::Login, &body, false).to_string();
        assert!(plain.starts_with("login refused: without TLS: no pg_hba.conf entry"), "{plain}");
        let protected = meaning(Stage::Login, &body, true).to_string();
        assert!(protected.starts_with("login refused: no pg_hba.conf entry"), "{protected}");
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        for length in [[0; 4], [0, 0, 0, 3], [0xff; 4], [0x80, 0, 0, 0]] {
            let start = [b'E', length[0], length[1], length[2], length[3]];
            assert_eq!(body_length(&start).unwrap_err().kind(), "protocol", "{length:?}");
        }
    }
}
