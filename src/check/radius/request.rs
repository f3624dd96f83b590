//! An Access-Request, with the Message-Authenticator in front that keeps others from making an answer of it (`BlastRADIUS`,
//! CVE-2024-3596).

use std::net::IpAddr;

use super::{
    answer::{Asked, MESSAGE_AUTHENTICATOR},
    digest,
};
use crate::{check::random, health::Failure, model::RadiusCheck};

const ACCESS_REQUEST: u8 = 1;
const USER_NAME: u8 = 1;
const USER_PASSWORD: u8 = 2;
const NAS_IP_ADDRESS: u8 = 4;
const NAS_IDENTIFIER: u8 = 32;
const NAS_IPV6_ADDRESS: u8 = 95;

/// A request, and what its answer is known by.
pub(super) struct Request<'c> {
    pub(super) packet: Vec<u8>,
    pub(super) asked: Asked<'c>,
}

impl<'c> Request<'c> {
    /// The request of a check, which goes out from this address.
    ///
    /// # Errors
    /// Name or password are longer than can be sent.
    pub(super) fn new(check: &'c RadiusCheck, local: IpAddr) -> Result<Self, Failure> {
        let [identifier] = random::bytes()?;
        let authenticator = random::bytes()?;
        Self::with(check, local, identifier, authenticator)
    }

    fn with(
        check: &'c RadiusCheck,
        local: IpAddr,
        identifier: u8,
        authenticator: [u8; digest::LENGTH],
    ) -> Result<Self, Failure> {
        let secret = check.secret.reveal().as_bytes();
        let password = hidden(check.login.passwd.reveal().as_bytes(), secret, &authenticator)?;
        let mut attributes = Vec::new();
        add(&mut attributes, MESSAGE_AUTHENTICATOR, &[0; digest::LENGTH])?;
        add(&mut attributes, USER_NAME, check.login.name.as_bytes())?;
        add(&mut attributes, USER_PASSWORD, &password)?;
        match local {
            IpAddr::V4(local) => add(&mut attributes, NAS_IP_ADDRESS, &local.octets())?,
            IpAddr::V6(local) => add(&mut attributes, NAS_IPV6_ADDRESS, &local.octets())?,
        }
        add(&mut attributes, NAS_IDENTIFIER, b"ldirectord")?;
        let length =
            u16::try_from(4 + authenticator.len() + attributes.len()).expect("five short attributes");
        let head = [&[ACCESS_REQUEST, identifier][..], &length.to_be_bytes(), &authenticator].concat();
        let signature = digest::hmac_md5(secret, &[&head, &attributes])?;
        attributes[2..2 + digest::LENGTH].copy_from_slice(&signature);
        let asked = Asked { identifier, authenticator, secret };
        Ok(Self { packet: [head, attributes].concat(), asked })
    }
}

fn add(attributes: &mut Vec<u8>, kind: u8, value: &[u8]) -> Result<(), Failure> {
    if value.len() > RadiusCheck::LONGEST_NAME {
        return Err(Failure::Protocol("a name of more than 253 bytes cannot be sent".to_owned()));
    }
    let length = u8::try_from(value.len() + 2).expect("253 and 2 fit");
    attributes.extend([kind, length]);
    attributes.extend(value);
    Ok(())
}

/// A password as it travels (RFC 2865, 5.2): in blocks of 16 bytes, each mixed with a digest of the secret and the block
/// before it.
fn hidden(password: &[u8], secret: &[u8], authenticator: &[u8]) -> Result<Vec<u8>, Failure> {
    if password.len() > RadiusCheck::LONGEST_PASSWORD {
        return Err(Failure::Protocol("a password of more than 128 bytes cannot be sent".to_owned()));
    }
    let length = password.len().next_multiple_of(digest::LENGTH).max(digest::LENGTH);
    let mut hidden = password.to_vec();
    hidden.resize(length, 0);
    let mut before = authenticator.to_vec();
    for block in hidden.chunks_mut(digest::LENGTH) {
        let mask = digest::md5(&[secret, &before])?;
        block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        before = block.to_vec();
    }
    Ok(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Login, Secret};

    fn check(passwd: &str) -> RadiusCheck {
        let login = Login { name: "nemo".into(), passwd: Secret::new(passwd) };
        RadiusCheck { login, secret: Secret::new("xyzzy5461") }
    }

    /// The request authenticator of the example of RFC 2865, 7.1.
    const AUTHENTICATOR: [u8; 16] =
        [0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a];

    #[test]
    fn a_password_is_hidden_as_in_the_rfc() {
        let wanted =
            [0x0d, 0xbe, 0x70, 0x8d, 0x93, 0xd4, 0x13, 0xce, 0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee];
        assert_eq!(hidden(b"arctangent", b"xyzzy5461", &AUTHENTICATOR).unwrap(), wanted);
    }

    #[test]
    fn passwords_of_any_length_can_be_read_again() {
        for length in [0, 1, 15, 16, 17, 32, 33, 127, 128] {
            let password = vec![b'p'; length];
            let hidden = hidden(&password, b"secret", &AUTHENTICATOR).unwrap();
            assert_eq!(hidden.len(), length.max(1).next_multiple_of(16));
            let mut before = AUTHENTICATOR.to_vec();
            let mut read = Vec::new();
            for block in hidden.chunks(16) {
                let mask = digest::md5(&[b"secret", &before]).unwrap();
                read.extend(block.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
                before = block.to_vec();
            }
            assert_eq!(&read[..length], password);
            assert!(read[length..].iter().all(|&byte| byte == 0));
        }
        assert_eq!(hidden(&[b'p'; 129], b"secret", &AUTHENTICATOR).unwrap_err().kind(), "protocol");
    }

    #[test]
    fn a_request_is_signed_and_says_who_asks() {
        let check = check("arctangent");
        let request = Request::with(&check, "192.0.2.1".parse().unwrap(), 9, AUTHENTICATOR).unwrap();
        let packet = &request.packet;
        assert_eq!((packet[0], packet[1], usize::from(packet[3])), (1, 9, packet.len()));
        assert_eq!(packet[4..20], AUTHENTICATOR);
        assert_eq!(packet[20..22], [80, 18]);
        let mut unsigned = packet.clone();
        unsigned[22..38].fill(0);
        assert_eq!(packet[22..38], digest::hmac_md5(b"xyzzy5461", &[&unsigned]).unwrap());
        assert_eq!(packet[38..44], *b"\x01\x06nemo");
        assert_eq!(packet[44..46], [2, 18]);
        assert_eq!(packet[62..68], [4, 6, 192, 0, 2, 1]);
        assert_eq!(packet[68..], *b"\x20\x0cldirectord");
        let six = Request::with(&check, "2001:db8::1".parse().unwrap(), 9, AUTHENTICATOR).unwrap();
        assert_eq!(six.packet[62..68], [95, 18, 0x20, 1, 0xd, 0xb8]);
        assert!(!packet.windows(10).any(|bytes| bytes == b"arctangent"));
    }
}
