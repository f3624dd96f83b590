//! Handing a mail to a server (RFC 5321).

use std::error::Error as _;

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use crate::model::{MailAddress, SmtpServer, SmtpTls};

use super::{Options, Refused, message::Message};

/// What servers say is kept up to so many characters.
const LONGEST: usize = 200;

/// Sends a mail to these recipients in one go, within one deadline.
pub(super) async fn send(
    server: &SmtpServer,
    message: &Message,
    to: &[MailAddress],
    options: &Options,
) -> Result<(), Refused> {
    let recipients = to.iter().map(|to| message.whole(to)).collect::<Result<_, _>>()?;
    let envelope = Envelope::new(Some(message.from()?), recipients)
        .map_err(|error| Refused::for_good(error.to_string()))?;
    let bytes = message.bytes()?;
    // The end of the last line is part of the mark behind it.
    let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(&bytes);
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .hello_name(ClientId::Domain(options.host.clone()))
        .timeout(Some(options.deadline))
        .tls(tls(server, options).map_err(|error| refused(&error))?);
    if let Some((name, password)) = &server.login {
        builder = builder.credentials(Credentials::new(name.clone(), password.reveal().to_owned()));
    }
    let transport = builder.build::<Tokio1Executor>();
    match timeout(options.deadline, transport.send_raw(&envelope, bytes)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(Refused::for_now(format!("no answer within {:?}", options.deadline))),
    }
    .map_err(|refused| Refused { reason: format!("{}: {}", server.host, refused.reason), ..refused })
}

fn tls(server: &SmtpServer, options: &Options) -> Result<Tls, Error> {
    if server.tls == SmtpTls::No {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(server.host.clone());
    for authority in &options.authorities {
        parameters = parameters.add_root_certificate(Certificate::from_pem(authority)?);
    }
    let parameters = parameters.build_native()?;
    Ok(match server.tls {
        SmtpTls::Yes => Tls::Wrapper(parameters),
        SmtpTls::StartTls | SmtpTls::No => Tls::Required(parameters),
    })
}

/// What a server answers with a 5xx is for good (RFC 5321, 4.2.1); anything else may be better next time.
fn refused(error: &Error) -> Refused {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        source = inner.source();
    }
    Refused { reason: presentable(&words), for_good: error.is_permanent() }
}

/// Words of others, fit to show: one line, and not a long one.
pub(super) fn presentable(words: &str) -> String {
    let mut shown: String =
        words.trim().chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if words.trim().chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
