//! The root that the servers see.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    certificates::{Pair, VALID},
    namespaces::ROOT,
};

/// The name that the certificate of all servers is made out to.
pub(crate) const HOST: &str = "www.example.com";

/// The root, with the certificate of all servers in `/srv/tls`: `authority.pem`, `server.pem`, `key.pem`.
pub(crate) struct Root {
    unavailable: Vec<String>,
}

impl Root {
    pub(crate) fn new() -> Self {
        let unavailable = fs::read_to_string(Path::new(ROOT).join("unavailable")).unwrap();
        let authority = Pair::authority();
        let server = authority.issue(HOST, VALID);
        let (certificate, key) =
            (server.certificate.to_pem().unwrap(), server.key.private_key_to_pem_pkcs8().unwrap());
        Self::write("/srv/tls/authority.pem", authority.certificate.to_pem().unwrap());
        Self::write("/srv/tls/server.pem", certificate);
        Self::write("/srv/tls/key.pem", key);
        Self { unavailable: unavailable.lines().map(str::to_owned).collect() }
    }

    /// Whether this package could be had when the root was made.
    pub(crate) fn has(&self, package: &str) -> bool {
        !self.unavailable.iter().any(|unavailable| unavailable == package)
    }

    /// A file of the root, from here.
    pub(crate) fn path(inside: &str) -> PathBuf {
        Path::new(ROOT).join(inside.trim_start_matches('/'))
    }

    pub(crate) fn write(inside: &str, content: impl AsRef<[u8]>) {
        let path = Self::path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The authority that signed the certificate of all servers.
    pub(crate) fn authority() -> PathBuf {
        Self::path("/srv/tls/authority.pem")
    }
}
