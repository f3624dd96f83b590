//! How a password is proved: the kinds of login ("authentication plugins") that a check knows.

use openssl::{
    encrypt::Encrypter,
    error::ErrorStack,
    pkey::PKey,
    rsa::Padding,
    sha::{Sha1, Sha256, sha1, sha256},
};

use super::packet::Nonce;

/// A kind of login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plugin {
    /// `mysql_native_password`: all of `MariaDB`, and older servers of `MySQL`.
    Native,
    /// `caching_sha2_password`: `MySQL` since 8.0.
    CachingSha2,
    /// `sha256_password`.
    Sha256,
    /// `mysql_clear_password`: the server asks somebody else (PAM, LDAP).
    Clear,
}

impl Plugin {
    const ALL: [(&'static str, Self); 4] = [
        ("mysql_native_password", Self::Native),
        ("caching_sha2_password", Self::CachingSha2),
        ("sha256_password", Self::Sha256),
        ("mysql_clear_password", Self::Clear),
    ];

    /// The one with this name.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| known.as_bytes() == name).map(|(_, plugin)| plugin)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, plugin)| *plugin == self).map_or("", |(name, _)| name)
    }
}

/// SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password))). Nothing for no password.
pub(super) fn native(passwd: &[u8], nonce: &Nonce) -> Vec<u8> {
    if passwd.is_empty() {
        return Vec::new();
    }
    let once = sha1(passwd);
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(&sha1(&once));
    xor(&once, &hash.finish())
}

/// SHA256(password) XOR SHA256(SHA256(SHA256(password)), nonce). Nothing for no password.
pub(super) fn caching_sha2(passwd: &[u8], nonce: &Nonce) -> Vec<u8> {
    if passwd.is_empty() {
        return Vec::new();
    }
    let once = sha256(passwd);
    let mut hash = Sha256::new();
    hash.update(&sha256(&once));
    hash.update(nonce);
    xor(&once, &hash.finish())
}

/// The password as it is, with the NUL that ends it.
pub(super) fn clear(passwd: &[u8]) -> Vec<u8> {
    [passwd, b"\0"].concat()
}

/// The password, for nobody but who has the private key that belongs to this public one (PEM).
///
/// # Errors
/// It is no key for RSA that OpenSSL agrees to use.
pub(super) fn sealed(passwd: &[u8], nonce: &Nonce, key: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::public_key_from_pem(key)?;
    let mut encrypter = Encrypter::new(&key)?;
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
    let mixed = xor(&clear(passwd), nonce);
    let mut sealed = vec![0; encrypter.encrypt_len(&mixed)?];
    let length = encrypter.encrypt(&mixed, &mut sealed)?;
    sealed.truncate(length);
    Ok(sealed)
}

/// The bytes with a mask over them, again and again.
fn xor(bytes: &[u8], mask: &[u8]) -> Vec<u8> {
    bytes.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

#[cfg(test)]
mod tests {
    use openssl::rsa::Rsa;

    use super::*;

    const NONCE: Nonce = *b"ABCDEFGHIJKLMNOPQRST";

    /// The server knows SHA1(SHA1(password)) and the nonce, and finds SHA1(password) in what is sent.
    #[test]
    fn a_server_that_knows_the_hash_can_verify() {
        let mut hash = Sha1::new();
        hash.update(&NONCE);
        hash.update(&sha1(&sha1(b"secret")));
        assert_eq!(xor(&native(b"secret", &NONCE), &hash.finish()), sha1(b"secret"));
        let mut hash = Sha256::new();
        hash.update(&sha256(&sha256(b"secret")));
        hash.update(&NONCE);
        assert_eq!(xor(&caching_sha2(b"secret", &NONCE), &hash.finish()), sha256(b"secret"));
        assert_eq!((native(b"", &NONCE), caching_sha2(b"", &NONCE)), (vec![], vec![]));
    }

    #[test]
    fn a_sealed_password_is_for_the_server_alone() {
        let key = Rsa::generate(2048).unwrap();
        let sealed = sealed(b"secret", &NONCE, &key.public_key_to_pem().unwrap()).unwrap();
        let mut opened = vec![0; 256];
        let length = key.private_decrypt(&sealed, &mut opened, Padding::PKCS1_OAEP).unwrap();
        assert_eq!(xor(&opened[..length], &NONCE), b"secret\0");
    }

    #[test]
    fn what_is_no_key_seals_nothing() {
        assert!(
            sealed(b"secret", &NONCE, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
                .is_err()
        );
        assert!(sealed(b"secret", &NONCE, b"").is_err());
    }

    #[test]
    fn kinds_of_login_have_names() {
        for (name, plugin) in Plugin::ALL {
            assert_eq!((Plugin::of(name.as_bytes()), plugin.name()), (Some(plugin), name));
        }
        assert_eq!(Plugin::of(b"client_ed25519"), None);
    }
}
