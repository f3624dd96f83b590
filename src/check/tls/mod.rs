//! TLS to a real server (RFC 8446, RFC 5246): one shared context, full verification in memory, and the server's
//! certificate seen whatever comes of it.
//!
//! OpenSSL's own defaults are not used where they cost: `SslConnector` searches the directory of authorities on the
//! disk in each handshake with an unknown issuer, and sessions are not resumed, since a resumed check would not see
//! the certificate. The system's policy on versions and ciphers (`openssl.cnf`) does hold.

mod name;
mod trust;
pub(super) mod words;

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    ssl::{Ssl, SslContext, SslMethod, SslMode, SslRef, SslVerifyMode},
    x509::{
        X509StoreContextRef, X509VerifyResult,
        store::{X509Store, X509StoreBuilder},
        verify::X509CheckFlags,
    },
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_openssl::SslStream;

pub use self::{name::ServerName, trust::Trust};
use super::Unready;
use crate::{
    health::{Certificate, Failure, Left},
    model::{Expiry, TlsVerify},
};

/// Whom a handshake is with, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// Its address.
    pub address: IpAddr,
    /// The name that is asked for (SNI, RFC 6066) and compared with the certificate; without one a full verification
    /// wants the certificate to be made out to the address.
    pub name: Option<ServerName<'a>>,
    /// How far the certificate is verified.
    pub verify: TlsVerify,
    /// What is made of a certificate that ends soon.
    pub expiry: Expiry,
    /// The application protocol that it must agree to (ALPN), if any.
    pub application: Option<&'static [u8]>,
}

/// The contexts every TLS check shares.
pub struct Tls {
    /// Has the authorities.
    verifying: SslContext,
    /// Has none, so that a check without verification does not pay for a search and a signature.
    blind: SslContext,
    trust: Trust,
    /// 1970, from which the ends of certificates are counted.
    epoch: Asn1Time,
}

impl Tls {
    /// Sets up the contexts.
    ///
    /// # Errors
    /// OpenSSL cannot be set up.
    pub fn new(trust: Trust) -> Result<Self, Unready> {
        let set_up = || {
            let none = X509StoreBuilder::new()?.build();
            let (verifying, blind) = (context(trust.store()?)?, context(none)?);
            Ok((verifying, blind, Asn1Time::from_unix(0)?))
        };
        let (verifying, blind, epoch) =
            set_up().map_err(|error: ErrorStack| Unready(format!("cannot set up OpenSSL: {error}")))?;
        Ok(Self { verifying, blind, trust, epoch })
    }

    /// The authorities that are trusted.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The handshake.
    ///
    /// # Errors
    /// The handshake failed or the certificate is not good enough, in words for a pager.
    pub async fn connect<S>(
        &self,
        stream: S,
        peer: &Peer<'_>,
    ) -> Result<(SslStream<S>, Option<Certificate>), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let other_name = Arc::new(AtomicBool::new(false));
        let mut stream = self
            .session(peer, Arc::clone(&other_name))
            .and_then(|ssl| SslStream::new(ssl, stream))
            .map_err(|error| Failure::Local(words::of_stack(&error)))?;
        if let Err(error) = Pin::new(&mut stream).connect().await {
            let refusal = stream.ssl().verify_result();
            return Err(self.refused(&error, refusal, peer.name.as_ref()));
        }
        if let Some(wanted) = peer.application
            && stream.ssl().selected_alpn_protocol() != Some(wanted)
        {
            let wanted = String::from_utf8_lossy(wanted);
            return Err(Failure::Tls(format!("server does not agree to speak {wanted} (ALPN)")));
        }
        let certificate = self.certificate(stream.ssl(), !other_name.load(Ordering::Relaxed), peer.expiry)?;
        Ok((stream, certificate))
    }

    fn session(
        &self,
        &Peer { address, name, verify, application, .. }: &Peer<'_>,
        other_name: Arc<AtomicBool>,
    ) -> Result<Ssl, ErrorStack> {
        let context = if verify == TlsVerify::No { &self.blind } else { &self.verifying };
        let mut ssl = Ssl::new(context)?;
        match name {
            Some(ServerName::Dns(name)) => {
                ssl.set_hostname(name)?;
                ssl.param_mut().set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
                ssl.param_mut().set_host(name)?;
            }
            // RFC 6066, 3: an address is no server name.
            Some(ServerName::Ip(name)) => ssl.param_mut().set_ip(name)?,
            None if verify == TlsVerify::Full => ssl.param_mut().set_ip(address)?,
            None => {}
        }
        if let Some(application) = application {
            let length = u8::try_from(application.len()).unwrap_or(u8::MAX);
            ssl.set_alpn_protos(&[&[length], application].concat())?;
        }
        ssl.set_verify_callback(SslVerifyMode::PEER, move |good, context| {
            good || forgiven(verify, &other_name, context)
        });
        Ok(ssl)
    }

    fn refused(
        &self,
        error: &openssl::ssl::Error,
        verdict: X509VerifyResult,
        name: Option<&ServerName<'_>>,
    ) -> Failure {
        if !words::is_verification(error) {
            return words::of_handshake(error);
        }
        Failure::Tls(if is_other_name(verdict) {
            match name {
                Some(name) => format!("certificate is not made out to {name}"),
                None => "certificate is not made out to the server's address".to_owned(),
            }
        } else if self.trust.is_empty() {
            format!(
                "{} (no file of certificate authorities was found on the director)",
                verdict.error_string()
            )
        } else {
            verdict.error_string().to_owned()
        })
    }

    fn certificate(
        &self,
        ssl: &SslRef,
        name_matches: bool,
        expiry: Expiry,
    ) -> Result<Option<Certificate>, Failure> {
        let Some(certificate) = ssl.peer_certificate() else { return Ok(None) };
        let end = certificate.not_after();
        // One that has ended has no time left, whether that is forgiven or not.
        let left = Asn1Time::days_from_now(0).and_then(|now| seconds_between(&now, end));
        let (Ok(left), Ok(not_after)) = (left, seconds_between(&self.epoch, end)) else { return Ok(None) };
        let left = Left(Duration::from_secs(left.try_into().unwrap_or_default()));
        if left.0 < expiry.failure {
            return Err(Failure::Tls(format!("certificate ends in {left}")));
        }
        Ok(Some(Certificate { name_matches, not_after, ends_soon: left.0 < expiry.warning }))
    }
}

/// From one time to another.
fn seconds_between(from: &Asn1TimeRef, to: &Asn1TimeRef) -> Result<i64, ErrorStack> {
    const DAY: i64 = 24 * 60 * 60;
    let between = from.diff(to)?;
    Ok(i64::from(between.days) * DAY + i64::from(between.secs))
}

fn context(store: X509Store) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_cert_store(store);
    // Three reads a handshake instead of eighteen.
    builder.set_read_ahead(true);
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    Ok(builder.build())
}

/// Called for each thing that is wrong with a certificate: whether to go on regardless. Notes a wrong name.
fn forgiven(verify: TlsVerify, other_name: &AtomicBool, context: &X509StoreContextRef) -> bool {
    let is_name = is_other_name(context.error());
    if is_name {
        other_name.store(true, Ordering::Relaxed);
    }
    match verify {
        TlsVerify::No => true,
        TlsVerify::Chain => is_name,
        TlsVerify::Full => false,
    }
}

fn is_other_name(result: X509VerifyResult) -> bool {
    /// `X509_V_ERR_HOSTNAME_MISMATCH` and `X509_V_ERR_IP_ADDRESS_MISMATCH` of `openssl/x509_vfy.h`.
    const OTHER_NAME: [i32; 2] = [62, 64];
    OTHER_NAME.contains(&result.as_raw())
}
