//! The certificate authorities that are trusted: one file, read once, held in memory.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use openssl::{
    error::ErrorStack,
    x509::{
        X509,
        store::{X509Store, X509StoreBuilder},
        verify::X509VerifyFlags,
    },
};

use super::super::{Unready, trouble};
use crate::model::Authorities;

/// OpenSSL's variable that names the file of authorities.
const VARIABLE: &str = "SSL_CERT_FILE";

/// How a certificate begins; older ones say "X509 CERTIFICATE" or "TRUSTED CERTIFICATE".
const BEGIN: &[u8] = b"-----BEGIN ";

/// Where distributions keep theirs.
const FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch, Alpine, Gentoo
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",   // older RHEL
    "/etc/ssl/ca-bundle.pem",             // SUSE
    "/etc/ssl/cert.pem",                  // OpenSSL's own default
];

/// Certificate authorities, as the text of their file. A clone is a reference.
#[derive(Clone, Debug)]
pub struct Trust {
    source: Source,
    pem: Arc<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// What [`VARIABLE`] and [`FILES`] say, each time anew.
    System,
    File(PathBuf),
    /// What was read with the configuration. Another content is another configuration.
    Configuration,
}

impl Trust {
    /// Those of this system: the file that `SSL_CERT_FILE` names, else the distribution's. None of them there: nobody
    /// is trusted.
    ///
    /// # Errors
    /// The file cannot be read, or the one that the variable names is not there.
    pub fn system() -> Result<Self, Unready> {
        Self::read(Source::System)
    }

    /// Those in this file: certificates in PEM form (RFC 7468).
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self, Unready> {
        Self::read(Source::File(path.into()))
    }

    /// Those of a configuration (`tls-ca`).
    #[must_use]
    pub fn private(authorities: &Authorities) -> Self {
        Self { source: Source::Configuration, pem: authorities.pem().clone() }
    }

    /// Reads the file again; `None` if it is as it was.
    ///
    /// # Errors
    /// The file cannot be read now.
    pub fn changed(&self) -> Result<Option<Self>, Unready> {
        if self.source == Source::Configuration {
            return Ok(None);
        }
        let now = Self::read(self.source.clone())?;
        Ok((now.pem != self.pem).then_some(now))
    }

    /// Nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pem.is_empty()
    }

    /// The certificates' text.
    #[must_use]
    pub fn pem(&self) -> &Arc<[u8]> {
        &self.pem
    }

    /// The authorities as OpenSSL wants them: all in memory, no directory to look them up in.
    pub(super) fn store(&self) -> Result<X509Store, ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        // Whatever stands in the file is trusted for itself: an intermediate authority, or a server's own certificate.
        store.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        if !self.is_empty() {
            for certificate in X509::stack_from_pem(&self.pem)? {
                store.add_cert(certificate)?;
            }
        }
        Ok(store.build())
    }

    fn read(source: Source) -> Result<Self, Unready> {
        let pem = match &source {
            Source::File(path) => read(path)?,
            // Held already; there is nothing to read.
            Source::Configuration => Vec::new(),
            Source::System => match env::var_os(VARIABLE) {
                Some(path) => read(Path::new(&path))?,
                None => {
                    FILES.iter().map(Path::new).find(|path| path.exists()).map_or(Ok(Vec::new()), read)?
                }
            },
        };
        Ok(Self { source, pem: pem.into() })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Unready> {
    let pem = fs::read(path).map_err(|error| {
        let words = trouble::words(&error);
        Unready(format!("cannot read the certificate authorities in {}: {words}", path.display()))
    })?;
    // OpenSSL would take any text for a list of none. An empty file says so on purpose.
    if !pem.is_empty() && !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return Err(Unready(format!("{} holds no certificate in PEM form", path.display())));
    }
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_did_not_change_is_not_taken_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        fs::write(&path, "-----BEGIN one").unwrap();
        let trust = Trust::file(&path).unwrap();
        assert!(trust.changed().unwrap().is_none());
        fs::write(&path, "-----BEGIN two").unwrap();
        assert_eq!(&**trust.changed().unwrap().unwrap().pem(), b"-----BEGIN two");
        fs::write(&path, "nothing").unwrap();
        let error = trust.changed().unwrap_err().to_string();
        assert!(error.ends_with("ca.pem holds no certificate in PEM form"), "{error}");
        fs::remove_file(&path).unwrap();
        let error = trust.changed().unwrap_err().to_string();
        assert!(error.ends_with("ca.pem: No such file or directory"), "{error}");
    }
}
