//! Certificate authorities of one file (`tls-ca`), as it was when the configuration was loaded.

use std::{
    cmp::Ordering,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The authorities of a file. Two are equal when path and content are. A clone is a reference.
#[derive(Clone)]
pub struct Authorities {
    path: Arc<Path>,
    pem: Arc<[u8]>,
    /// Stands for the content where it is hashed, which happens once for each check.
    digest: u64,
}

/// Why the content of a file is no list of certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    /// There is no certificate in it.
    #[error("it holds no certificate in PEM form")]
    None,
    /// One of its certificates, counted from 1, cannot be one.
    #[error("certificate number {0} in it is damaged")]
    Damaged(usize),
}

impl Authorities {
    /// Takes the content of a file: certificates in PEM form (RFC 7468). What stands between them does not count, and
    /// what stands in them is looked at as far as their frame goes.
    ///
    /// # Errors
    /// There is none in it, or one is damaged.
    pub fn new(path: impl Into<PathBuf>, pem: Vec<u8>) -> Result<Self, AuthoritiesError> {
        let text = String::from_utf8_lossy(&pem);
        let mut lines = text.lines().map(str::trim);
        let mut count = 0;
        while lines.any(|line| BEGIN.contains(&line)) {
            count += 1;
            let mut base64 = String::new();
            let end = lines.by_ref().find(|line| {
                let ends = line.starts_with("-----");
                if !ends {
                    base64.push_str(line);
                }
                ends
            });
            let closed = end.is_some_and(|line| END.contains(&line));
            let der = decoded(&base64).filter(|der| closed && is_sequence(der));
            if der.is_none() {
                return Err(AuthoritiesError::Damaged(count));
            }
        }
        if count == 0 {
            return Err(AuthoritiesError::None);
        }
        let mut hasher = DefaultHasher::new();
        pem.hash(&mut hasher);
        Ok(Self { path: path.into().into(), pem: pem.into(), digest: hasher.finish() })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its content.
    #[must_use]
    pub fn pem(&self) -> &Arc<[u8]> {
        &self.pem
    }

    fn key(&self) -> (&Path, u64, usize) {
        (&self.path, self.digest, self.pem.len())
    }
}

/// The lines before and behind a certificate; older tools write the second form.
const BEGIN: [&str; 2] = ["-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----"];
const END: [&str; 2] = ["-----END CERTIFICATE-----", "-----END X509 CERTIFICATE-----"];

/// The bytes of a text in base 64 (RFC 4648, 4).
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// Whether bytes are one sequence in DER, all of them, as a certificate is (X.690, 8.9 and 10.1).
fn is_sequence(der: &[u8]) -> bool {
    let Some((&0x30, rest)) = der.split_first() else { return false };
    let Some((&first, rest)) = rest.split_first() else { return false };
    if first < 0x80 {
        return rest.len() == usize::from(first);
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) || rest.len() < count {
        return false;
    }
    let (length, rest) = rest.split_at(count);
    rest.len() == length.iter().fold(0, |length, &byte| length << 8 | usize::from(byte))
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pem, &other.pem) || (self.key() == other.key() && self.pem == other.pem)
    }
}

impl Eq for Authorities {}

impl PartialOrd for Authorities {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Authorities {
    fn cmp(&self, other: &Self) -> Ordering {
        if self == other {
            return Ordering::Equal;
        }
        self.key().cmp(&other.key()).then_with(|| self.pem.cmp(&other.pem))
    }
}

impl Hash for Authorities {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Authorities, AuthoritiesError> {
        Authorities::new("/ca.pem", text.as_bytes().to_vec())
    }

    /// A sequence of one number: no certificate, but framed like one.
    const FRAMED: &str = "-----BEGIN CERTIFICATE-----\r\nMAMCAQU=\r\n-----END CERTIFICATE-----\r\n";

    #[test]
    fn certificates_are_found_among_other_text() {
        let list =
            format!("# ours\n{FRAMED}\n-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n{FRAMED}");
        assert_eq!(of(&list).unwrap(), of(&list).unwrap());
        assert_ne!(of(&list).unwrap(), of(FRAMED).unwrap());
    }

    #[test]
    fn a_file_without_certificates_or_with_damaged_ones_is_none() {
        assert_eq!(of(""), Err(AuthoritiesError::None));
        assert_eq!(of("<html>"), Err(AuthoritiesError::None));
        for damaged in ["MAMCAQU", "MAMCAQ==", "MAMC*QU=", "AAAA", ""] {
            let text = format!("{FRAMED}{}", FRAMED.replace("MAMCAQU=", damaged));
            assert_eq!(of(&text), Err(AuthoritiesError::Damaged(2)), "{damaged}");
        }
        for cut in [40, 50] {
            assert_eq!(of(&FRAMED[..cut]), Err(AuthoritiesError::Damaged(1)), "{cut}");
        }
    }
}
