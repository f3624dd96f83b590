//! An authority, the certificates of good and bad servers, and probes that trust that authority.

use ldirectord::check::{Probes, tls::Trust};
use openssl::ssl::{AlpnError, SslAcceptor, SslContext, SslMethod};

use crate::{
    certificates::{EXPIRED, NOT_YET, Pair, VALID},
    subject::NAME,
};

pub(crate) struct Lab {
    pub(crate) probes: Probes,
    pub(crate) good: SslContext,
    /// Certificates that a full verification must refuse, and in which words.
    pub(crate) bad: Vec<(&'static str, SslContext, &'static str)>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let authority = Pair::authority();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.pem");
        authority.write_pem(&file);
        let issued = |name, span| server(&authority.issue(name, span));
        let bad = vec![
            ("an expired certificate", issued(NAME, EXPIRED), "certificate has expired"),
            ("a certificate of tomorrow", issued(NAME, NOT_YET), "certificate is not yet valid"),
            (
                "another name",
                issued("other.example.com", VALID),
                "certificate is not made out to www.example.com",
            ),
            ("a self-signed certificate", server(&Pair::self_signed(NAME)), "self-signed certificate"),
            (
                "an unknown authority",
                server(&Pair::authority().issue(NAME, VALID)),
                "unable to get local issuer certificate",
            ),
        ];
        let probes = Probes::trusting(Trust::file(file).unwrap()).unwrap();
        Self { probes, good: issued(NAME, VALID), bad }
    }
}

/// A server with this certificate, which agrees to whatever protocol it is offered first (ALPN).
fn server(pair: &Pair) -> SslContext {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_certificate(&pair.certificate).unwrap();
    acceptor.set_private_key(&pair.key).unwrap();
    acceptor.set_alpn_select_callback(|_, offered| match offered.split_first() {
        Some((length, names)) => Ok(&names[..usize::from(*length)]),
        None => Err(AlpnError::NOACK),
    });
    acceptor.build().into_context()
}
