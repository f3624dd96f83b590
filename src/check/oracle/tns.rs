//! Packets of TNS, as far as a listener is asked to connect. Pure. Oracle has not published the protocol; the forms are those
//! of its open client (python-oracledb).

use crate::health::Failure;

/// Kinds of packets.
const CONNECT: u8 = 1;
const ACCEPT: u8 = 2;
const REFUSE: u8 = 4;
const REDIRECT: u8 = 5;
const RESEND: u8 = 11;

/// Length, checksum, kind, flags, checksum of these.
const HEAD: usize = 8;
/// Where in a connect packet the text begins.
const TEXT: u8 = 74;
/// The longest text that can be part of it.
const LONGEST_TEXT: usize = 230;

/// The version that is wanted, and the least that is taken: those that clients of today name.
const VERSIONS: [u16; 2] = [319, 300];
/// How large packets may be. What follows the connection is not read, so that it does not matter.
const UNIT: u16 = 8192;

/// Who knows no such SID, and no such service; who was told neither; who does not tell everybody.
const UNKNOWN_SID: u32 = 12505;
const UNKNOWN_SERVICE: u32 = 12514;
const NOTHING_NAMED: u32 = 12504;
const NOT_AUTHENTICATED: u32 = 1189;

/// What a listener is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'c> {
    /// Itself.
    Listener,
    /// The database of this SID.
    Sid(&'c str),
    /// The database of this service name.
    Service(&'c str),
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The database is there.
    Accepted,
    /// The database is there, at another address.
    Redirected,
    /// It did not take the question in: it is to be sent again.
    Again,
    /// No, and why.
    Refused(Refusal),
}

/// Why a listener does not connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The number of the error, if one could be found.
    pub number: Option<u32>,
    /// The beginning of what it said.
    pub said: String,
}

/// The packet that asks for this.
///
/// # Errors
/// The name cannot be sent.
pub fn connect(target: Target<'_>) -> Result<Vec<u8>, Failure> {
    let client = "(CID=(PROGRAM=ldirectord)(HOST=ldirectord)(USER=ldirectord))";
    let wanted = match target {
        Target::Listener => "(COMMAND=ping)".to_owned(),
        Target::Sid(name) => format!("(SID={})", checked(name)?),
        Target::Service(name) => format!("(SERVICE_NAME={})", checked(name)?),
    };
    let text = format!("(DESCRIPTION=(CONNECT_DATA={wanted}{client}))");
    let length = u16::try_from(text.len()).ok().filter(|&length| usize::from(length) <= LONGEST_TEXT);
    let length = length
        .ok_or_else(|| Failure::Protocol("the name of the database is too long to be sent".to_owned()))?;
    let [version, least] = VERSIONS;
    let mut packet = Vec::new();
    packet.extend((u16::from(TEXT) + length).to_be_bytes());
    packet.extend([0, 0, CONNECT, 0, 0, 0]);
    // No service is wanted in particular; sizes of session and transport; characteristics of the network; nobody turns
    // the line around; what one is; how long the text is and where it begins.
    for word in [version, least, 1, UNIT, UNIT, 0x4f98, 0, 1, length, u16::from(TEXT)] {
        packet.extend(word.to_be_bytes());
    }
    packet.extend([0; 4]);
    // No encryption of Oracle's own.
    packet.extend([0x84, 0x84]);
    packet.extend([0; 24]);
    // The sizes again, and two sets of flags.
    for word in [UNIT.into(), UNIT.into(), 0, 0_u32] {
        packet.extend(word.to_be_bytes());
    }
    packet.extend(text.bytes());
    Ok(packet)
}

/// A name that stays within its brackets.
fn checked(name: &str) -> Result<&str, Failure> {
    if name.contains(|c: char| c.is_control() || c.is_whitespace() || "()=\\\"'".contains(c)) {
        return Err(Failure::Protocol("the name of the database has characters that none has".to_owned()));
    }
    Ok(name)
}

/// The answer at the beginning of what came; nothing while that is not there as a whole.
///
/// # Errors
/// This is no answer of a listener.
pub fn read(came: &[u8]) -> Result<Option<Answer>, Failure> {
    let Some(&[long, short, _, _, kind]) = came.first_chunk() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([long, short]));
    if ![ACCEPT, REFUSE, REDIRECT, RESEND].contains(&kind) || length < HEAD {
        return Err(Failure::Protocol(format!("\"{}\" is no answer of a listener", Failure::excerpt(came))));
    }
    let Some(packet) = came.get(..length) else { return Ok(None) };
    Ok(Some(match kind {
        ACCEPT => Answer::Accepted,
        REDIRECT => Answer::Redirected,
        RESEND => Answer::Again,
        // Two reasons and the length of the text come first.
        _ => Answer::Refused(Refusal::read(packet.get(HEAD + 4..).unwrap_or_default())),
    }))
}

impl Refusal {
    /// `(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=12514)(ERROR_STACK=...))`.
    fn read(text: &[u8]) -> Self {
        const ERR: &[u8] = b"(ERR=";
        let behind = text.windows(ERR.len()).position(|window| window.eq_ignore_ascii_case(ERR));
        let digits = behind.map(|place| &text[place + ERR.len()..]).unwrap_or_default();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let number = std::str::from_utf8(&digits[..end]).ok().and_then(|digits| digits.parse().ok());
        Self { number, said: Failure::excerpt(text) }
    }

    /// It was told to connect to a SID that it does not know.
    #[must_use]
    pub fn is_unknown_sid(&self) -> bool {
        self.number == Some(UNKNOWN_SID)
    }

    /// It answers a ping, or says that it was not told to whom to connect, or that it does not talk of itself to us: so it
    /// does what listeners do.
    #[must_use]
    pub fn is_from_a_listener_that_is_well(&self) -> bool {
        [Some(0), Some(NOTHING_NAMED), Some(NOT_AUTHENTICATED)].contains(&self.number)
    }

    /// What it is where somebody wanted to connect.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let Some(number) = self.number.filter(|&number| number != 0) else {
            let said = &self.said;
            return Failure::Protocol(format!("the listener refuses, without a reason: \"{said}\""));
        };
        let words = match number {
            UNKNOWN_SID | UNKNOWN_SERVICE => "the listener knows no such database",
            12516 | 12519 | 12520 => "no handler is free",
            12518 => "the connection could not be handed over to the database",
            12526..=12528 => "the database is not open to everybody",
            12537 | 12547 => "the connection to the database was lost",
            _ => "",
        };
        Failure::Error { code: format!("TNS-{number:05}"), text: words.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(HEAD + body.len()).unwrap().to_be_bytes();
        [&length[..], &[0, 0, kind, 0, 0, 0], body].concat()
    }

    fn refusal(text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        packet(REFUSE, &[&[0x22, 0, 0, length], text.as_bytes()].concat())
    }

    #[test]
    fn a_connect_packet_says_where_its_text_is() {
        let packet = connect(Target::Service("orcl.example.com")).unwrap();
        let word = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
        assert_eq!((word(0), packet[4]), (packet.len(), CONNECT));
        assert_eq!([word(8), word(10)], [319, 300]);
        let (length, place) = (word(24), word(26));
        assert_eq!(place + length, packet.len());
        assert_eq!(
            std::str::from_utf8(&packet[place..]).unwrap(),
            "(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orcl.example.com)\
             (CID=(PROGRAM=ldirectord)(HOST=ldirectord)(USER=ldirectord))))"
        );
        for (target, part) in [(Target::Listener, "(COMMAND=ping)"), (Target::Sid("X"), "(SID=X)")] {
            let packet = connect(target).unwrap();
            assert!(packet.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
        }
    }

    #[test]
    fn a_name_stays_within_its_brackets() {
        for name in ["x)(COMMAND=stop", "a b", "a\0", &"x".repeat(200)] {
            assert_eq!(connect(Target::Sid(name)).unwrap_err().kind(), "protocol", "{name:?}");
        }
    }

    #[test]
    fn answers_are_told_apart() {
        let refused = |number, said: &str| Answer::Refused(Refusal { number, said: said.into() });
        let table = [
            (packet(ACCEPT, b"\x01\x3b"), Answer::Accepted),
            (packet(REDIRECT, b"\0\x0a(ADDRESS=)"), Answer::Redirected),
            (packet(RESEND, b""), Answer::Again),
            (refusal("(DESCRIPTION=(ERR=12514)(x))"), refused(Some(12514), "(DESCRIPTION=(ERR=12514)(x))")),
            (refusal("(err=0)"), refused(Some(0), "(err=0)")),
            (refusal("(ERR=)"), refused(None, "(ERR=)")),
            (refusal("(ERR=99999999999)"), refused(None, "(ERR=99999999999)")),
            (packet(REFUSE, b"\0"), refused(None, "")),
        ];
        for (bytes, answer) in table {
            for length in 0..bytes.len() {
                assert_eq!(read(&bytes[..length]), Ok(None), "{bytes:?}, cut at {length}");
            }
            assert_eq!(read(&[&bytes[..], b"more"].concat()), Ok(Some(answer)));
        }
        for other in [&b"HTTP/1.1 400"[..], &[0, 7, 0, 0, ACCEPT], &[0, 9, 0, 0, 6]] {
            assert_eq!(read(other).unwrap_err().kind(), "protocol", "{other:?}");
        }
    }

    #[test]
    fn refusals_have_their_number_and_words() {
        let told = |text: &str| match read(&refusal(text)) {
            Ok(Some(Answer::Refused(refusal))) => refusal.failure().to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(told("(ERR=12514)"), "error TNS-12514: the listener knows no such database");
        assert_eq!(told("(ERR=1153)"), "error TNS-01153");
        assert_eq!(told("no"), "not understood: the listener refuses, without a reason: \"no\"");
        for (number, well) in [(0, true), (12504, true), (1189, true), (12518, false)] {
            let refusal = Refusal { number: Some(number), said: String::new() };
            assert_eq!(refusal.is_from_a_listener_that_is_well(), well, "{number}");
        }
    }
}
