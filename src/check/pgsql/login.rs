//! The login: by password in clear, by MD5, or by SCRAM (RFC 5802, RFC 7677).

use fallible_iterator::FallibleIterator as _;
use postgres_protocol::{
    authentication::{
        md5_hash,
        sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    },
    message::{
        backend::{AuthenticationSaslBody, Message},
        frontend,
    },
};

use super::session::{Said, Session, strange};
use crate::{
    health::{Failure, Stage},
    model::{Login, SqlCheck},
};

/// Logs in, up to the server being ready for a query.
pub(super) async fn log_in(session: &mut Session<'_>, check: &SqlCheck) -> Result<(), Failure> {
    let login = &check.login;
    let mut parameters = vec![("user", login.name.as_str())];
    if !check.database.is_empty() {
        parameters.push(("database", &check.database));
    }
    parameters.extend([("application_name", "ldirectord"), ("client_encoding", "UTF8")]);
    session.send(Stage::Login, |buffer| frontend::startup_message(parameters, buffer)).await?;

    match message(session).await? {
        Message::AuthenticationOk => {}
        Message::AuthenticationCleartextPassword => {
            send_password(session, login.passwd.reveal()).await?;
            admitted(session).await?;
        }
        Message::AuthenticationMd5Password(body) => {
            let (name, passwd) = (login.name.as_bytes(), login.passwd.reveal().as_bytes());
            send_password(session, &md5_hash(name, passwd, body.salt())).await?;
            admitted(session).await?;
        }
        Message::AuthenticationSasl(body) => {
            prove(session, login, &body).await?;
            admitted(session).await?;
        }
        other => return Err(strange(&other)),
    }
    match message(session).await? {
        Message::ReadyForQuery(_) => Ok(()),
        other => Err(strange(&other)),
    }
}

async fn message(session: &mut Session<'_>) -> Result<Message, Failure> {
    match session.next(Stage::Login).await? {
        Said::Message(message) => Ok(message),
        Said::Columns | Said::Row => Err(Failure::Protocol("a row before the login".to_owned())),
    }
}

async fn send_password(session: &mut Session<'_>, text: &str) -> Result<(), Failure> {
    session.send(Stage::Login, |buffer| frontend::password_message(text.as_bytes(), buffer)).await
}

/// Waits for the word that the login is accepted.
async fn admitted(session: &mut Session<'_>) -> Result<(), Failure> {
    match message(session).await? {
        Message::AuthenticationOk => Ok(()),
        other => Err(strange(&other)),
    }
}

/// SCRAM: both sides prove that they know the password, and neither says it. How much work the server can ask for is
/// bounded by the library (100,000 rounds of hashing; 4,096 are usual).
async fn prove(
    session: &mut Session<'_>,
    login: &Login,
    body: &AuthenticationSaslBody,
) -> Result<(), Failure> {
    let offers = body.mechanisms().any(|mechanism| Ok(mechanism == SCRAM_SHA_256));
    if !offers.unwrap_or_default() {
        return Err(Failure::Protocol("no login by SCRAM-SHA-256 is offered".to_owned()));
    }
    // Not bound to the TLS connection: that is a proof for whoever has secrets to tell, and we have a query.
    let mut scram = ScramSha256::new(login.passwd.reveal().as_bytes(), ChannelBinding::unsupported());
    session
        .send(Stage::Login, |buffer| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), buffer))
        .await?;
    match message(session).await? {
        Message::AuthenticationSaslContinue(body) => {
            scram.update(body.data()).map_err(|error| malformed(&error))?;
        }
        other => return Err(strange(&other)),
    }
    session.send(Stage::Login, |buffer| frontend::sasl_response(scram.message(), buffer)).await?;
    match message(session).await? {
        Message::AuthenticationSaslFinal(body) => scram
            .finish(body.data())
            .map_err(|_| Failure::Login("the server does not prove that it knows the password".to_owned())),
        other => Err(strange(&other)),
    }
}

fn malformed(error: &std::io::Error) -> Failure {
    Failure::Protocol(Failure::excerpt(error.to_string().as_bytes()))
}
