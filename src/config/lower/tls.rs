//! How the servers of a virtual service prove who they are.

use std::{io, path::Path};

use super::{Lowering, check::Asks, first};
use crate::{
    config::{Resolver, Spanned, draft},
    model::{Authorities, TlsVerify},
};

/// What TLS asks of a server.
pub(super) struct Tls {
    pub(super) verify: TlsVerify,
    /// The name that is asked for and verified, if it is not the virtual host's.
    pub(super) server_name: Option<String>,
    /// Those who are trusted, if it is not the system's.
    pub(super) authorities: Option<Authorities>,
}

/// Reads a file and notes that the configuration depends on it.
pub(super) type ReadSource<'r> = &'r mut dyn FnMut(&Path) -> io::Result<Vec<u8>>;

impl<R: Resolver> Lowering<'_, '_, R> {
    /// What TLS asks of the servers of a virtual service; `None` where something about it was reported.
    pub(super) fn tls(&mut self, draft: &draft::Virtual, asks: Asks) -> Option<Tls> {
        let (own, all) = (&draft.common, &self.globals.common);
        let verify = first([own.tls_verify, all.tls_verify]).unwrap_or_default();
        let name = own.tls_server_name.as_ref().or(all.tls_server_name.as_ref());
        let server_name = name.map(|given| given.value.clone());
        let authorities = match &own.tls_ca {
            Some(given) => Some(self.authorities(given)?),
            None => self.global_authorities.clone(),
        };
        if asks != (Asks::Http { tls: true }) {
            let own = [
                ("tls-ca", own.tls_ca.as_ref().map(|given| given.span)),
                ("tls-servername", own.tls_server_name.as_ref().map(|given| given.span)),
            ];
            for (name, span) in own {
                if let Some(span) = span {
                    self.report.warning(span, format!("\"{name}\" means nothing where TLS is not spoken"));
                }
            }
        } else if let Some(given) = &own.tls_ca
            && verify == TlsVerify::No
        {
            self.report.warning(given.span, "\"tls-ca\" means nothing with tls-verify = no");
        }
        let authorities = authorities.filter(|_| verify != TlsVerify::No);
        Some(Tls { verify, server_name, authorities })
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
