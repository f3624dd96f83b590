//! What a service has to be told so that its check proves something: said where that is missing, with what is checked then.

use super::Lowering;
use crate::{
    config::{Resolver, Span, Spanned, draft},
    model::Service,
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Says what is missing of a service that is named, or implied, there.
    pub(super) fn remark_on_needs(&mut self, draft: &draft::Virtual, service: Service, span: Span) {
        use Service::{Agent, Ftp, Ftps, Ldap, Ldaps, Mysql, Pgsql};
        if matches!(service, Mysql | Pgsql) && draft.login.is_none() {
            self.report
                .warning(span, "without a \"login\" one with no name is tried, which servers refuse")
                .help(
                    "name a user that may do what is asked and no more; the older ldirectord counts such servers as down",
                );
        }
        // Lines may each have a request of their own.
        let each_asks =
            !draft.reals.is_empty() && draft.reals.iter().all(|real| real.value.exchange.is_some());
        let asks = each_asks || draft.request.as_ref().is_some_and(|given| query(given).is_some());
        let help = if matches!(service, Ftp | Ftps) && draft.request.is_none() {
            Some("name a file to fetch; the older ldirectord counts such servers as up without asking")
        } else if matches!(service, Mysql | Pgsql) && !asks {
            Some(
                "name a query that gives a row, as \"SELECT 1\"; the older ldirectord counts such servers as down",
            )
        } else {
            None
        };
        if let Some(help) = help {
            self.report.warning(span, "without a \"request\" only the login is checked").help(help);
        }
        if service == Agent && draft.check_port.is_none() {
            self.report
                .warning(span, "the agent is asked for at the server's own port")
                .help("name the port of the agent with \"checkport\"");
        }
        if matches!(service, Ldap | Ldaps) {
            self.remark_on_bind(draft);
        }
    }

    /// RFC 4513, 5.1.2: a bind with a name and no password is an "unauthenticated" one.
    fn remark_on_bind(&mut self, draft: &draft::Virtual) {
        let passwd = draft.passwd.as_ref();
        let is_empty = passwd.is_none_or(|given| given.value.reveal().is_empty());
        match (&draft.login, passwd) {
            (Some(login), _) if is_empty => {
                self.report
                    .warning(
                        login.span,
                        "servers take a login without a password for an anonymous one, or refuse it",
                    )
                    .help("give its \"passwd\", or leave \"login\" out");
            }
            (None, Some(passwd)) => {
                self.report.warning(passwd.span, "\"passwd\" means nothing without a \"login\"");
            }
            (Some(_) | None, _) => {}
        }
    }
}

/// A query as it is sent: without the slash that the reference puts in front of every request, and takes away again. The
/// beginning of a comment is none. Nothing is left of no query.
pub(super) fn query(given: &Spanned<String>) -> Option<String> {
    let text = given.value.as_str();
    let query = text.strip_prefix('/').filter(|rest| !rest.starts_with('*')).unwrap_or(text);
    (!query.trim().is_empty()).then(|| query.to_owned())
}
