//! What a server says, as far as a check depends on it.

use crate::health::{Failure, Stage};

/// Bytes of a message before its body: a letter and a length that counts itself.
pub const HEADER: usize = 5;

/// How a message begins.
pub type Start = [u8; HEADER];

/// What is no message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What a message is about, by its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What columns the rows will have.
    Columns,
    /// A row.
    Row,
    /// A notice, a parameter, and others on which nothing depends.
    Aside,
    /// It takes the body to tell: see [`Message::read`].
    Body,
}

/// A message whose body matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A step of the login.
    Login(Step<'a>),
    /// A command is carried out; whether rows were changed by it.
    Complete(bool),
    /// There was no command.
    Empty,
    /// Data in another form than rows is wanted, or comes.
    Copy,
    /// A query is waited for.
    Ready,
    /// Something is wrong.
    Error(ServerError<'a>),
}

/// A step of the login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It is accepted.
    Admitted,
    /// The password is wanted as it is.
    Clear,
    /// A hash of it is wanted, with this salt.
    Md5([u8; 4]),
    /// A login of several steps is wanted, of one of these kinds, each with a NUL behind it.
    Sasl(&'a [u8]),
    /// Its next step.
    Continue(&'a [u8]),
    /// Its last one.
    Final(&'a [u8]),
    /// A login of this kind is wanted, which is not known here.
    Unknown(&'static str),
}

/// An error that the server tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError<'a> {
    /// The SQLSTATE.
    pub code: &'a [u8],
    /// The server's words.
    pub text: &'a [u8],
}

/// How long the body of a message is that begins like this.
///
/// # Errors
/// It cannot be so short.
pub fn body_length(&[_, a, b, c, d]: &Start) -> Result<usize, Malformed> {
    /// The length's own part of itself.
    const LENGTH: usize = 4;
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| Malformed)?;
    length.checked_sub(LENGTH).ok_or(Malformed)
}

impl Kind {
    /// What a message is about that begins with this letter.
    #[must_use]
    pub fn of(letter: u8) -> Self {
        match letter {
            b'T' => Self::Columns,
            b'D' => Self::Row,
            b'A' | b'K' | b'N' | b'S' => Self::Aside,
            _ => Self::Body,
        }
    }
}

impl<'a> Message<'a> {
    /// Reads the body of a message that begins with this letter.
    ///
    /// # Errors
    /// It is none of the protocol.
    pub fn read(letter: u8, body: &'a [u8]) -> Result<Self, Malformed> {
        match letter {
            b'R' => Step::read(body).map(Self::Login),
            b'C' => {
                let tag = body.strip_suffix(&[0]).ok_or(Malformed)?;
                Ok(Self::Complete(has_changed(&String::from_utf8_lossy(tag))))
            }
            b'I' => Ok(Self::Empty),
            b'G' | b'H' => Ok(Self::Copy),
            b'Z' if body.len() == 1 => Ok(Self::Ready),
            b'E' => ServerError::read(body).map(Self::Error),
            _ => Err(Malformed),
        }
    }
}

impl<'a> Step<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let (kind, data) = body.split_first_chunk().ok_or(Malformed)?;
        Ok(match i32::from_be_bytes(*kind) {
            0 => Self::Admitted,
            2 => Self::Unknown("Kerberos"),
            3 => Self::Clear,
            5 => Self::Md5(data.try_into().map_err(|_| Malformed)?),
            6 => Self::Unknown("SCM credentials"),
            7 => Self::Unknown("GSSAPI"),
            9 => Self::Unknown("SSPI"),
            10 => Self::Sasl(data),
            11 => Self::Continue(data),
            12 => Self::Final(data),
            _ => return Err(Malformed),
        })
    }
}

impl<'a> ServerError<'a> {
    /// Fields, each a letter and a text that a NUL ends.
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let field = |wanted| {
            let mut fields = body.split(|&byte| byte == 0);
            fields.find_map(|field| field.strip_prefix(&[wanted]))
        };
        Ok(Self { code: field(b'C').ok_or(Malformed)?, text: field(b'M').unwrap_or_default() })
    }

    /// What it means: the login is refused, or something else is wrong. `protected` is whether it came through TLS.
    #[must_use]
    pub fn meaning(&self, stage: Stage, protected: bool) -> Failure {
        /// The class of "invalid authorization" among the SQLSTATEs.
        const LOGIN: &[u8] = b"28";
        let text = Failure::excerpt(self.text);
        if stage != Stage::Login || !self.code.starts_with(LOGIN) {
            return Failure::Error { code: Failure::excerpt(self.code), text };
        }
        // The end of `no pg_hba.conf entry for host ..., no encryption`; the word before `PostgreSQL` 14.
        let for_tls =
            !protected && (self.text.ends_with(b"no encryption") || self.text.ends_with(b"SSL off"));
        Failure::Login(if for_tls { format!("without TLS: {text}") } else { text })
    }
}

/// Whether a command that gives no rows has had some to change: `INSERT 0 1`, `UPDATE 3`.
fn has_changed(tag: &str) -> bool {
    let (command, count) = tag.rsplit_once(' ').unwrap_or((tag, ""));
    !command.starts_with("SELECT") && count.parse::<u64>().is_ok_and(|count| count > 0)
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
        let Ok(Message::Error(error)) = Message::read(b'E', body) else { panic!("no error") };
        error.meaning(stage, protected)
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
        assert_eq!(Message::read(b'E', b"SFATAL\0\0"), Err(Malformed), "without a code");
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
        for (length, body) in
            [(0_u32, Err(Malformed)), (3, Err(Malformed)), (4, Ok(0)), (u32::MAX, Ok(u32::MAX as usize - 4))]
        {
            let [a, b, c, d] = length.to_be_bytes();
            assert_eq!(body_length(&[b'E', a, b, c, d]), body, "{length}");
        }
    }

    #[test]
    fn messages_are_told_apart_and_the_rest_is_malformed() {
        assert_eq!(Message::read(b'R', &[0; 4]), Ok(Message::Login(Step::Admitted)));
        assert_eq!(Message::read(b'R', b"\0\0\0\x05salt"), Ok(Message::Login(Step::Md5(*b"salt"))));
        assert_eq!(Message::read(b'R', b"\0\0\0\x0bdata"), Ok(Message::Login(Step::Continue(b"data"))));
        assert_eq!(Message::read(b'Z', b"I"), Ok(Message::Ready));
        for (letter, body) in [(b'R', &b"\0\0\0"[..]), (b'R', b"\0\0\0\x05sal"), (b'R', &[9; 4])] {
            assert_eq!(Message::read(letter, body), Err(Malformed), "{body:?}");
        }
        for (letter, body) in [(b'Z', &b""[..]), (b'C', b"SELECT 1"), (b'?', b"")] {
            assert_eq!(Message::read(letter, body), Err(Malformed), "{body:?}");
        }
    }

    #[test]
    fn rows_that_were_changed_count_as_rows() {
        for (tag, changed) in [
            ("INSERT 0 1", true),
            ("INSERT 0 0", false),
            ("UPDATE 3", true),
            ("UPDATE 0", false),
            ("SELECT 1", false),
            ("SET", false),
            ("", false),
        ] {
            assert_eq!(has_changed(tag), changed, "{tag}");
        }
    }
}
