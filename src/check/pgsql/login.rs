//! The login: by password in clear, by MD5, or by SCRAM (RFC 5802, RFC 7677).

use postgres_protocol::{
    authentication::{
        md5_hash,
        sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    },
    message::frontend,
};

use super::{
    message::{Message, Step},
    session::{Said, Session, out_of_turn},
};
use crate::{
    health::{Failure, Stage},
    model::SqlCheck,
};

/// Logs in, up to the server being ready for a query.
pub(super) async fn log_in(session: &mut Session<'_>, check: &SqlCheck) -> Result<(), Failure> {
    let (name, passwd) = (check.login.name.as_str(), check.login.passwd.reveal());
    let mut parameters = vec![("user", name)];
    if !check.database.is_empty() {
        parameters.push(("database", &check.database));
    }
    parameters.extend([("application_name", "ldirectord"), ("client_encoding", "UTF8")]);
    session.send(Stage::Login, |buffer| frontend::startup_message(parameters, buffer)).await?;

    match step(session).await? {
        Step::Admitted => {}
        Step::Clear => {
            send_password(session, passwd).await?;
            admitted(session).await?;
        }
        Step::Md5(salt) => {
            send_password(session, &md5_hash(name.as_bytes(), passwd.as_bytes(), salt)).await?;
            admitted(session).await?;
        }
        Step::Sasl(mechanisms) => {
            // Also where it goes with TLS as SCRAM-SHA-256-PLUS.
            if !mechanisms.split(|&byte| byte == 0).any(|offered| offered == SCRAM_SHA_256.as_bytes()) {
                return Err(Failure::Protocol("no login by SCRAM-SHA-256 is offered".to_owned()));
            }
            prove(session, passwd).await?;
            admitted(session).await?;
        }
        Step::Unknown(kind) => return Err(Failure::Protocol(format!("a login by {kind}"))),
        Step::Continue(_) | Step::Final(_) => return Err(out_of_turn()),
    }
    match session.next(Stage::Login).await? {
        Said::Message(Message::Ready) => Ok(()),
        Said::Columns | Said::Row | Said::Message(_) => Err(out_of_turn()),
    }
}

/// The next step that the server takes.
async fn step<'a>(session: &'a mut Session<'_>) -> Result<Step<'a>, Failure> {
    match session.next(Stage::Login).await? {
        Said::Message(Message::Login(step)) => Ok(step),
        Said::Columns | Said::Row | Said::Message(_) => Err(out_of_turn()),
    }
}

async fn send_password(session: &mut Session<'_>, text: &str) -> Result<(), Failure> {
    session.send(Stage::Login, |buffer| frontend::password_message(text.as_bytes(), buffer)).await
}

/// Waits for the word that the login is accepted.
async fn admitted(session: &mut Session<'_>) -> Result<(), Failure> {
    match step(session).await? {
        Step::Admitted => Ok(()),
        Step::Clear
        | Step::Md5(_)
        | Step::Sasl(_)
        | Step::Continue(_)
        | Step::Final(_)
        | Step::Unknown(_) => Err(out_of_turn()),
    }
}

/// SCRAM: both sides prove that they know the password, and neither says it. How much work the server can ask for is
/// bounded by the library (100,000 rounds of hashing; 4,096 are usual).
async fn prove(session: &mut Session<'_>, passwd: &str) -> Result<(), Failure> {
    // Not bound to the TLS connection: that is a proof for whoever has secrets to tell, and we have a query.
    let mut scram = ScramSha256::new(passwd.as_bytes(), ChannelBinding::unsupported());
    session
        .send(Stage::Login, |buffer| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), buffer))
        .await?;
    let Step::Continue(data) = step(session).await? else { return Err(out_of_turn()) };
    scram.update(data).map_err(|error| Failure::Protocol(Failure::excerpt(error.to_string().as_bytes())))?;
    session.send(Stage::Login, |buffer| frontend::sasl_response(scram.message(), buffer)).await?;
    let Step::Final(data) = step(session).await? else { return Err(out_of_turn()) };
    scram
        .finish(data)
        .map_err(|_| Failure::Login("the server does not prove that it knows the password".to_owned()))
}
