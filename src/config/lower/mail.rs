//! Mail alerts: what of them is inherited, and what goes together.

use std::sync::Arc;

use super::{Lowering, first};
use crate::{
    config::{Resolver, draft::Mail},
    model::{Alert, DirectorStates, MailRoute, Relay, SmtpServer, SmtpTls},
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Looks at what is said about mail in one place, `outer` being where the rest is inherited from.
    pub(super) fn look_at_mail(&mut self, mail: &Mail, outer: Option<&Mail>) {
        let has_smtp = mail.smtp.is_some() || outer.is_some_and(|outer| outer.smtp.is_some());
        let about_smtp = [
            mail.smtp_tls.as_ref().map(|given| given.span),
            mail.smtp_login.as_ref().map(|given| given.span),
            mail.smtp_passwd.as_ref().map(|given| given.span),
        ];
        if !has_smtp && let Some(span) = about_smtp.into_iter().flatten().next() {
            self.report
                .error(span, "there is no \"smtp\" that this could be about")
                .help("name the server, or leave it out: without one mails go through sendmail");
        }
        match (&mail.smtp_login, &mail.smtp_passwd) {
            (Some(login), None) => {
                self.report.error(login.span, "\"smtp-login\" needs \"smtp-passwd\" beside it");
            }
            (None, Some(passwd)) => {
                self.report.error(passwd.span, "\"smtp-passwd\" needs \"smtp-login\" beside it");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let tls = mail.smtp_tls.or_else(|| outer.and_then(|outer| outer.smtp_tls));
        if let Some(login) = &mail.smtp_login
            && tls.is_none_or(|tls| tls.value == SmtpTls::No)
        {
            self.report
                .warning(login.span, "the password is sent in the clear")
                .help("write smtp-tls = starttls, or yes");
        }
    }

    /// Who is mailed about a service that says this of its own.
    pub(super) fn alert(&mut self, own: &Mail) -> Option<Alert> {
        let all = &self.globals.common.mail;
        let to = own.to.as_ref().or(all.to.as_ref())?;
        let route = MailRoute {
            to: to.value.clone(),
            from: self.globals.mail_from.as_ref().map(|from| from.value.clone()),
            relay: relay(own, all),
        };
        Some(Alert {
            repeat: first([own.repeat, all.repeat]).filter(|repeat| !repeat.is_zero()),
            states: first([own.states, all.states]).unwrap_or(DirectorStates::ALL),
            route: self.route(route),
        })
    }

    /// Nearly always all services have the same one.
    fn route(&mut self, route: MailRoute) -> Arc<MailRoute> {
        if let Some(known) = self.routes.get(&route) {
            return known.clone();
        }
        let route = Arc::new(route);
        self.routes.insert(route.clone());
        route
    }
}

/// Who carries the mails. What is said about one server is never used for another: a password goes to its own server
/// alone.
fn relay(own: &Mail, all: &Mail) -> Relay {
    let (server, outer) = match (&own.smtp, &all.smtp) {
        (Some(own), _) => (own, None),
        (None, Some(server)) => (server, Some(all)),
        (None, None) => return Relay::Sendmail,
    };
    let tls = first([own.smtp_tls, outer.and_then(|outer| outer.smtp_tls)]).unwrap_or_default();
    let login = |mail: &Mail| {
        let (login, passwd) = (mail.smtp_login.as_ref()?, mail.smtp_passwd.as_ref()?);
        Some((login.value.clone(), passwd.value.clone()))
    };
    Relay::Smtp(Arc::new(SmtpServer {
        host: server.value.host.clone(),
        port: server.value.port.unwrap_or(tls.default_port()),
        tls,
        login: login(own).or_else(|| outer.and_then(login)),
    }))
}
