//! Messages of the server, and what its errors mean.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::{Header, Message};

use crate::health::{Failure, Stage};

/// Bytes of a message before its body: a letter and a length that counts itself.
pub const HEADER: usize = 5;
/// The length's own part of itself.
const LENGTH: usize = 4;

/// How a message begins.
pub type Start = [u8; HEADER];

/// How long the body of a message is that begins like this.
///
/// # Errors
/// It cannot be so long, or so short.
pub fn body_length(start: &Start) -> Result<usize, Failure> {
    let header = Header::parse(start).ok().flatten();
    let length = header.and_then(|header| usize::try_from(header.len()).ok());
    match length.and_then(|length| length.checked_sub(LENGTH)) {
        Some(length) => Ok(length),
        None => Err(Failure::Protocol("a message of an impossible length".to_owned())),
    }
}

/// The message with this beginning and body.
///
/// # Errors
/// It is none of the protocol.
pub fn understand(start: &Start, body: &[u8]) -> Result<Message, Failure> {
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

/// What a message means that is an error: the login is refused, or something else is wrong. `protected` is whether it came
/// through TLS.
#[must_use]
pub fn refusal(stage: Stage, message: &Message, protected: bool) -> Option<Failure> {
    /// The class of "invalid authorization" among the SQLSTATEs.
    const LOGIN: &str = "28";
    let Message::ErrorResponse(body) = message else { return None };
    let mut fields = body.fields();
    let (mut code, mut words) = (String::new(), Vec::new());
    while let Ok(Some(field)) = fields.next() {
        match field.type_() {
            b'C' => code = Failure::excerpt(field.value_bytes()),
            b'M' => words = field.value_bytes().to_vec(),
            _ => {}
        }
    }
    let text = Failure::excerpt(&words);
    if stage != Stage::Login || !code.starts_with(LOGIN) {
        return Some(Failure::Error { code, text });
    }
    // The end of `no pg_hba.conf entry for host ..., no encryption`; the word before `PostgreSQL` 14.
    let for_tls = !protected && (words.ends_with(b"no encryption") || words.ends_with(b"SSL off"));
    Some(Failure::Login(if for_tls { format!("without TLS: {text}") } else { text }))
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
        refusal(stage, &understand(&start, body).unwrap(), protected).unwrap()
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
        let line =
            "Mno pg_hba.conf entry for host \"192.0.2.1\", user \"monitor\", database \"x\", no encryption";
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
