//! Whether the connection to a server is protected, and how the server proves who it is.

use std::{io, path::Path, sync::Arc, time::Duration};

use super::{Lowering, Reported, asks::over, first};
use crate::{
    config::{
        Resolver, Spanned,
        draft::{self, TlsUse},
    },
    model::{Authorities, Expiry, Protocol, Security, Service, TlsStart, TlsVerify, VirtualId},
};

/// With less time left than this a certificate is warned of, if nothing else is said: what renews certificates has had
/// weeks by then.
const EXPIRY_WARNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Reads a file and notes that the configuration depends on it.
pub(super) type ReadSource<'r> = &'r mut dyn FnMut(&Path) -> io::Result<Vec<u8>>;

impl<R: Resolver> Lowering<'_, '_, R> {
    /// How connections to the servers of a virtual service are protected, if at all. `name` is what is asked for if nothing
    /// else is said.
    pub(super) fn security(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        service: Service,
        name: Option<&str>,
    ) -> Result<Option<Arc<Security>>, Reported> {
        let (own, all) = (&draft.common, &self.globals.common);
        let start = match start(id, draft.tls.map(|given| given.value), service) {
            Ok(Some(start)) => start,
            Ok(None) => return Ok(None),
            Err(help) => {
                let span = draft.tls.map_or(draft.at.span, |given| given.span);
                self.report
                    .error(span, format!("service {} cannot be asked with this \"tls\"", service.name()))
                    .help(help);
                return Err(Reported);
            }
        };
        let authorities = match &own.tls_ca {
            Some(given) => Some(self.authorities(given).ok_or(Reported)?),
            None => self.global_authorities.clone(),
        };
        let verify = first([own.tls_verify, all.tls_verify]).unwrap_or_default();
        let given = own.tls_server_name.as_ref().or(all.tls_server_name.as_ref());
        let name = given.map(|given| given.value.as_str()).or(name);
        Ok(Some(Arc::new(Security {
            start,
            verify,
            server_name: name.map(Arc::from),
            authorities: authorities.filter(|_| verify != TlsVerify::No),
            expiry: Expiry {
                warning: first([own.tls_expiry_warning, all.tls_expiry_warning]).unwrap_or(EXPIRY_WARNING),
                failure: first([own.tls_expiry_failure, all.tls_expiry_failure]).unwrap_or_default(),
            },
        })))
    }

    /// The authorities of a file, read once for all who name it; reports where there are none.
    pub(super) fn authorities(&mut self, given: &Spanned<String>) -> Option<Authorities> {
        if let Some(known) = self.authorities.get(&given.value) {
            return Some(known.clone());
        }
        let path = Path::new(&given.value);
        let read = (self.read)(path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
        let authorities = read.and_then(|pem| {
            Authorities::new(path, pem)
                .map_err(|error| format!("{} is no file of authorities: {error}", path.display()))
        });
        match authorities {
            Ok(authorities) => {
                self.authorities.insert(given.value.clone(), authorities.clone());
                Some(authorities)
            }
            Err(wrong) => {
                self.report.error(given.span, wrong);
                None
            }
        }
    }
}

/// Whether a service is TLS from its beginning, whatever is said.
pub(super) fn is_protected(service: Service) -> bool {
    use Service::{Ftps, Https, Imaps, Ldaps, Pops, Tls};
    matches!(service, Https | Ftps | Imaps | Ldaps | Pops | Tls)
}

/// When TLS begins, if it does; where the service cannot do what is wanted, what to do about it.
fn start(id: VirtualId, wanted: Option<TlsUse>, service: Service) -> Result<Option<TlsStart>, &'static str> {
    use Service::{
        Ftp, Grpc, Http, HttpProxy, Imap, Ldap, Mysql, Nntp, Pgsql, Pop, Redis, Simpletcp, Sip, Smtp,
        Submission,
    };
    if is_protected(service) {
        return match wanted {
            None | Some(TlsUse::Yes) => Ok(Some(TlsStart::AtOnce)),
            Some(TlsUse::No | TlsUse::StartTls) => {
                Err("leave it out: this service is TLS from its beginning")
            }
        };
    }
    let upgrades = matches!(service, Ftp | Imap | Ldap | Nntp | Pop | Smtp | Submission | Mysql | Pgsql);
    // PostgreSQL can begin with TLS since its version 17.
    let begins = matches!(
        service,
        Ftp | Grpc | HttpProxy | Imap | Ldap | Nntp | Pgsql | Pop | Redis | Simpletcp | Smtp | Submission
    ) || (service == Sip && over(id, Protocol::Tcp));
    match wanted {
        None | Some(TlsUse::No) => Ok(None),
        Some(TlsUse::Yes) if begins => Ok(Some(TlsStart::AtOnce)),
        Some(TlsUse::StartTls) if upgrades => Ok(Some(TlsStart::Upgrade)),
        Some(TlsUse::Yes) if upgrades => {
            Err("this protocol begins without: tls = starttls has it go on with TLS")
        }
        Some(TlsUse::StartTls) if begins => Err("with this protocol TLS begins at once: tls = yes"),
        Some(_) if service == Http => Err("give the service as https"),
        Some(_) if service == Sip => Err("SIP with TLS goes over TCP: tls = yes, with protocol = tcp"),
        Some(_) => Err("leave it out: there is no TLS for this service"),
    }
}
