//! What servers are told that are asked a single question: who asks, and for what.

use super::{
    Lowering,
    kinds::{database, login},
};
use crate::{
    config::{Resolver, draft},
    model::RadiusCheck,
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Who a SIP server is asked for.
    pub(super) fn sip_address(&mut self, draft: &draft::Virtual) -> Option<String> {
        let Some(given) = &draft.login else { return Some(format!("ldirectord@{}", self.names.hostname())) };
        if given.value.contains(|c: char| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
            self.report.error(given.span, "this is no address of SIP").help("login = \"USER@DOMAIN\"");
            return None;
        }
        Some(given.value.clone())
    }

    /// What a RADIUS server is asked. Nothing can be asked without a name and a secret, and the protocol knows longest ones.
    pub(super) fn radius(&mut self, draft: &draft::Virtual) -> Option<RadiusCheck> {
        let span = draft.service.as_ref().map_or(draft.at.span, |given| given.span);
        let (Some(login), Some(secret)) = (login(draft), &draft.secret) else {
            self.report
                .error(
                    span,
                    "a RADIUS server needs a \"login\", and the \"secret\" that it shares with the director",
                )
                .help("login = \"NAME\", passwd = \"PASSWORD\", secret = \"SECRET\"");
            return None;
        };
        let longest = (RadiusCheck::LONGEST_NAME, RadiusCheck::LONGEST_PASSWORD);
        if login.name.len() > longest.0 || login.passwd.reveal().len() > longest.1 {
            let (name, password) = longest;
            self.report.error(
                span,
                format!(
                    "names of at most {name} bytes and passwords of at most {password} can be sent in RADIUS"
                ),
            );
            return None;
        }
        Some(RadiusCheck { login, secret: secret.value.clone() })
    }

    /// The SID or service that the listener of an Oracle database is asked for; none is the listener itself.
    pub(super) fn oracle_database(&mut self, draft: &draft::Virtual) -> Option<String> {
        let name = database(draft);
        if let Some(given) = &draft.database
            && (name.len() > 100
                || name.contains(|c: char| c.is_control() || c.is_whitespace() || "()=\\\"'".contains(c)))
        {
            self.report.error(given.span, "this is no name of a service or SID of Oracle");
            return None;
        }
        Some(name)
    }
}
