//! Certificates made on the spot, so that none can expire in the repository.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    ssl::{AlpnError, SslAcceptor, SslContext, SslMethod, SslVerifyMode},
    x509::{
        X509, X509NameBuilder,
        extension::{BasicConstraints, SubjectAlternativeName},
    },
};

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

/// From and to, in seconds from now.
pub(crate) type Span = (i64, i64);

pub(crate) const DAY: i64 = 24 * 60 * 60;
pub(crate) const VALID: Span = (-DAY, 30 * DAY);
pub(crate) const EXPIRED: Span = (-30 * DAY, -DAY);
pub(crate) const NOT_YET: Span = (DAY, 30 * DAY);

pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

impl Pair {
    /// An authority of its own, with a name of its own: issuers are looked for by name.
    pub(crate) fn authority() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        make(&format!("Authority {}", COUNT.fetch_add(1, Ordering::Relaxed)), VALID, None, true)
    }

    /// A server's certificate that this authority signed: for a name, or an address where it is one.
    pub(crate) fn issue(&self, name: &str, span: Span) -> Self {
        make(name, span, Some(self), false)
    }

    /// A server's certificate that nobody else signed.
    pub(crate) fn self_signed(name: &str) -> Self {
        make(name, VALID, None, false)
    }

    pub(crate) fn write_pem(&self, path: &Path) {
        std::fs::write(path, self.certificate.to_pem().unwrap()).unwrap();
    }

    /// What a server with this certificate answers handshakes with.
    pub(crate) fn server(&self) -> SslContext {
        self.builder(|_| ())
    }

    /// The same for a server that wants a certificate from its clients as well.
    pub(crate) fn demanding_server(&self) -> SslContext {
        self.builder(|acceptor| {
            acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        })
    }

    /// The same for a server that speaks only this protocol (ALPN).
    pub(crate) fn speaking_server(&self, protocol: &'static [u8]) -> SslContext {
        self.builder(|acceptor| {
            acceptor.set_alpn_select_callback(move |_, offered| {
                let is_offered = offered.windows(protocol.len()).any(|name| name == protocol);
                if is_offered { Ok(protocol) } else { Err(AlpnError::NOACK) }
            });
        })
    }

    fn builder(&self, more: impl FnOnce(&mut openssl::ssl::SslAcceptorBuilder)) -> SslContext {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate(&self.certificate).unwrap();
        acceptor.set_private_key(&self.key).unwrap();
        more(&mut acceptor);
        acceptor.build().into_context()
    }
}

fn make(name: &str, span: Span, issuer: Option<&Pair>, is_authority: bool) -> Pair {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    let subject = subject.build();
    let mut serial = BigNum::new().unwrap();
    serial.rand(64, MsbOption::MAYBE_ZERO, false).unwrap();

    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(issuer.map_or(&subject, |issuer| issuer.certificate.subject_name())).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(now() + span.0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(now() + span.1).unwrap()).unwrap();
    builder.set_pubkey(&key).unwrap();
    if is_authority {
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    } else {
        let mut names = SubjectAlternativeName::new();
        if name.parse::<std::net::IpAddr>().is_ok() {
            names.ip(name)
        } else {
            names.dns(name)
        };
        let extension = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(extension).unwrap();
    }
    builder.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256()).unwrap();
    Pair { certificate: builder.build(), key }
}
