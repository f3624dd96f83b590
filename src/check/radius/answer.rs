//! An answer of RADIUS (RFC 2865, 4). Pure.

use std::ops::Range;

use openssl::memcmp;

use super::digest;
use crate::health::Failure;

const ACCESS_ACCEPT: u8 = 2;
const ACCESS_REJECT: u8 = 3;
const ACCESS_CHALLENGE: u8 = 11;
const REPLY_MESSAGE: u8 = 18;
pub(super) const MESSAGE_AUTHENTICATOR: u8 = 80;

/// Code, identifier and length; then the authenticator; then attributes.
const HEAD: usize = 4;
const ATTRIBUTES: usize = HEAD + digest::LENGTH;

/// The longest packet (RFC 2865, 3).
const LONGEST: usize = 4096;

/// What is known of the request that is answered.
#[derive(Clone, Copy)]
pub struct Asked<'c> {
    /// Its number.
    pub identifier: u8,
    /// What was new in it, and goes into the signature of the answer.
    pub authenticator: [u8; 16],
    /// What the server and the director share.
    pub secret: &'c [u8],
}

/// An answer that is signed as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub decision: Decision,
    /// In the server's words, if it has any.
    pub words: String,
}

/// What a server makes of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Come in.
    Accept,
    /// Stay out.
    Reject,
    /// Something more is asked for.
    Challenge,
}

/// What a datagram answers to a request; nothing where it answers another one, or is none that could be an answer
/// (RFC 2865, 3: such packets are discarded).
///
/// # Errors
/// It is not signed with the secret that we have.
pub fn read(datagram: &[u8], asked: &Asked<'_>) -> Result<Option<Answer>, Failure> {
    let Some((decision, packet)) = packet(datagram, asked.identifier) else { return Ok(None) };
    let (head, theirs, attributes) = (&packet[..HEAD], &packet[HEAD..ATTRIBUTES], &packet[ATTRIBUTES..]);
    let Some(found) = attributes_of(attributes) else { return Ok(None) };
    let ours = digest::md5(&[head, &asked.authenticator, attributes, asked.secret])?;
    if !memcmp::eq(theirs, &ours) {
        return Err(other_secret());
    }
    // Servers without it are many, and nobody is let in here: it must be right where it is.
    let mut words = Vec::new();
    for (kind, place) in found {
        let value = &attributes[place.clone()];
        if kind == MESSAGE_AUTHENTICATOR {
            let (before, behind) = (&attributes[..place.start], &attributes[place.end..]);
            let zeros = [0; digest::LENGTH];
            let parts = [head, &asked.authenticator, before, &zeros, behind];
            if value.len() != digest::LENGTH || !memcmp::eq(value, &digest::hmac_md5(asked.secret, &parts)?) {
                return Err(other_secret());
            }
        } else if kind == REPLY_MESSAGE {
            words.extend_from_slice(value);
        }
    }
    Ok(Some(Answer { decision, words: Failure::excerpt(&words) }))
}

/// The packet in a datagram, without what may be behind it, if it is one that answers this number.
fn packet(datagram: &[u8], identifier: u8) -> Option<(Decision, &[u8])> {
    let [code, theirs, long, short] = *datagram.first_chunk()?;
    let decision = match code {
        ACCESS_ACCEPT => Decision::Accept,
        ACCESS_REJECT => Decision::Reject,
        ACCESS_CHALLENGE => Decision::Challenge,
        _ => return None,
    };
    let length = usize::from(u16::from_be_bytes([long, short]));
    let is_one = theirs == identifier && (ATTRIBUTES..=LONGEST).contains(&length);
    Some((decision, datagram.get(..length).filter(|_| is_one)?))
}

/// The kinds of the attributes, and where their values are; nothing where they do not add up.
fn attributes_of(bytes: &[u8]) -> Option<Vec<(u8, Range<usize>)>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let [kind, length] = *bytes[at..].first_chunk()?;
        let end = at + usize::from(length);
        if length < 2 || end > bytes.len() {
            return None;
        }
        found.push((kind, at + 2..end));
        at = end;
    }
    Some(found)
}

fn other_secret() -> Failure {
    Failure::Protocol("an answer that is not signed with our secret (is it the server's?)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked<'static> = Asked { identifier: 7, authenticator: [3; 16], secret: b"s3cret" };

    /// An answer that is signed with this secret.
    fn answer(code: u8, secret: &[u8], attributes: &[(u8, &[u8])], signed: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, value) in attributes {
            bytes.extend([*kind, u8::try_from(value.len() + 2).unwrap()]);
            bytes.extend(*value);
        }
        let place = bytes.len() + 2;
        if signed {
            bytes.extend([MESSAGE_AUTHENTICATOR, 18]);
            bytes.extend([0; 16]);
        }
        let length = u16::try_from(ATTRIBUTES + bytes.len()).unwrap().to_be_bytes();
        let head = [code, ASKED.identifier, length[0], length[1]];
        if signed {
            let signature = digest::hmac_md5(secret, &[&head, &ASKED.authenticator, &bytes]).unwrap();
            bytes[place..].copy_from_slice(&signature);
        }
        let authenticator = digest::md5(&[&head, &ASKED.authenticator, &bytes, secret]).unwrap();
        [&head[..], &authenticator, &bytes].concat()
    }

    #[test]
    fn an_answer_says_what_the_server_makes_of_the_login() {
        let table = [
            (2, Decision::Accept, &[][..], ""),
            (3, Decision::Reject, &[(18, &b"go "[..]), (25, b"x"), (18, b"away\0")], "go away."),
            (11, Decision::Challenge, &[(18, b"code?"), (24, b"state")], "code?"),
        ];
        for (code, decision, attributes, words) in table {
            for signed in [true, false] {
                let packet = answer(code, ASKED.secret, attributes, signed);
                let wanted = Answer { decision, words: words.into() };
                assert_eq!(read(&packet, &ASKED), Ok(Some(wanted.clone())), "{code}");
                // What is behind it is none of it.
                assert_eq!(read(&[&packet[..], b"padding"].concat(), &ASKED), Ok(Some(wanted)));
            }
        }
    }

    #[test]
    fn what_is_signed_with_another_secret_is_told() {
        for signed in [true, false] {
            let failure = read(&answer(2, b"other", &[(18, b"hi")], signed), &ASKED).unwrap_err();
            assert_eq!(
                failure.to_string(),
                "not understood: an answer that is not signed with our secret (is it the server's?)"
            );
        }
        // Somebody who can only make the older signature.
        let mut forged = answer(2, ASKED.secret, &[(MESSAGE_AUTHENTICATOR, &[1; 16])], false);
        assert!(read(&forged, &ASKED).is_err());
        forged = answer(2, ASKED.secret, &[(MESSAGE_AUTHENTICATOR, &[1; 3])], false);
        assert!(read(&forged, &ASKED).is_err());
    }

    #[test]
    fn a_changed_or_cut_off_answer_lets_nobody_in() {
        let good = answer(2, ASKED.secret, &[(18, b"welcome")], true);
        for length in 0..good.len() {
            assert_eq!(read(&good[..length], &ASKED), Ok(None), "{length}");
        }
        for place in 0..good.len() {
            for bit in [1, 0x80] {
                let mut other = good.clone();
                other[place] ^= bit;
                assert!(!matches!(read(&other, &ASKED), Ok(Some(_))), "{place}");
            }
        }
        // Requests, other numbers, attributes that do not add up.
        assert_eq!(read(&answer(1, ASKED.secret, &[], false), &ASKED), Ok(None));
        assert_eq!(read(&good, &Asked { identifier: 8, ..ASKED }), Ok(None));
        for attributes in [&[18, 1][..], &[18, 3], &[18]] {
            let length = u8::try_from(ATTRIBUTES + attributes.len()).unwrap();
            let packet = [&[2, 7, 0, length][..], &[0; 16], attributes].concat();
            assert_eq!(read(&packet, &ASKED), Ok(None), "{attributes:?}");
        }
    }
}
