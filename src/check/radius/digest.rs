//! The signatures of RADIUS: MD5, as old as that is. A system whose policy forbids it says so.

use openssl::{
    error::ErrorStack,
    hash::{Hasher, MessageDigest},
    pkey::PKey,
    sign::Signer,
};

use crate::{check::tls::words, health::Failure};

/// As many bytes as a signature has.
pub(super) const LENGTH: usize = 16;

/// The digest of these parts, one behind the other.
pub(super) fn md5(parts: &[&[u8]]) -> Result<[u8; LENGTH], Failure> {
    let digest = || {
        let mut hasher = Hasher::new(MessageDigest::md5())?;
        parts.iter().try_for_each(|part| hasher.update(part))?;
        hasher.finish()
    };
    let digest = digest().map_err(|error| failed(&error))?;
    Ok(<[u8; LENGTH]>::try_from(&*digest).expect("MD5 has 16 bytes"))
}

/// The same, with a key (RFC 2104).
pub(super) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> Result<[u8; LENGTH], Failure> {
    let digest = || {
        let key = PKey::hmac(key)?;
        let mut signer = Signer::new(MessageDigest::md5(), &key)?;
        parts.iter().try_for_each(|part| signer.update(part))?;
        signer.sign_to_vec()
    };
    let digest = digest().map_err(|error| failed(&error))?;
    Ok(<[u8; LENGTH]>::try_from(&*digest).expect("HMAC-MD5 has 16 bytes"))
}

fn failed(error: &ErrorStack) -> Failure {
    Failure::Local(format!("OpenSSL does not work out MD5: {}", words::of_stack(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_their_rfcs() {
        // RFC 1321, A.5; RFC 2202, 2.
        let hex = |bytes: [u8; LENGTH]| format!("{:032x}", u128::from_be_bytes(bytes));
        assert_eq!(hex(md5(&[b"a", b"bc"]).unwrap()), "900150983cd24fb0d6963f7d28e17f72");
        let keyed = hmac_md5(b"Jefe", &[b"what do ya want ", b"for nothing?"]).unwrap();
        assert_eq!(hex(keyed), "750c783e6ab0b503eaa86e310a5db738");
    }
}
