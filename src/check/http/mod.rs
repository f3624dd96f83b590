//! HTTP and HTTPS (RFC 9110, RFC 9112): a page is fetched and matched.
//!
//! Most checks are one small exchange of our own: the request goes out as it was written in the configuration, and
//! reading stops as soon as there is enough to tell. Redirects are followed by a full client.

pub mod answer;
pub mod chunked;
mod client;
mod follow;
pub mod head;
mod request;
mod trail;

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use self::answer::{Answer, Want};
pub(super) use self::client::Clients;
use super::{
    Progress, content,
    net::{self, Ack},
    tls::{ServerName, Tls},
    trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::{CheckSpec, HttpCheck, HttpMethod, Route},
};

/// How we name ourselves to servers.
const AGENT: &str = concat!("ldirectord/", env!("CARGO_PKG_VERSION"));

/// Fetches the page once.
pub(super) async fn probe(
    tls: &Tls,
    clients: &Clients,
    &CheckSpec { target, route, .. }: &CheckSpec,
    check: &HttpCheck,
    progress: &Progress,
) -> Result<Evidence, Failure> {
    let (answer, evidence) = ask(tls, target, route, check, progress).await?;
    if let Some(location) = answer.location() {
        // Boxed: the state of a full client is large, and few checks need it.
        Box::pin(follow::follow(clients, target, check, location, progress)).await?;
    } else {
        judge(&answer, check)?;
    }
    Ok(evidence)
}

async fn ask(
    tls: &Tls,
    target: SocketAddr,
    route: Route,
    check: &HttpCheck,
    progress: &Progress,
) -> Result<(Answer, Evidence), Failure> {
    let mut stream = net::dial(target, route, Ack::Late)
        .await
        .map_err(|error| trouble::failure(&error, Stage::Connect))?;
    let request = request::text(target, check);
    // An answer to HEAD has no content, whatever its head announces (RFC 9110, 9.3.2).
    let wants_content = check.receive.is_some() && check.method == HttpMethod::Get;
    let mut answer = Answer::new(if wants_content { Want::Content } else { Want::Status });
    let Some(verify) = check.tls else {
        exchange(&mut stream, &request, &mut answer, progress).await?;
        return Ok((answer, Evidence::default()));
    };
    progress.enter(Stage::Tls);
    let name = check.server_name.as_deref().or(check.virtual_host.as_deref()).map(ServerName::from_host);
    let (mut stream, certificate) = tls.connect(stream, target.ip(), name.as_ref(), verify).await?;
    exchange(&mut stream, &request, &mut answer, progress).await?;
    Ok((answer, Evidence { certificate }))
}

/// Sends the request and takes the answer in, as far as it is needed.
async fn exchange<S>(
    stream: &mut S,
    request: &str,
    answer: &mut Answer,
    progress: &Progress,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    progress.enter(Stage::Answer);
    stream.write_all(request.as_bytes()).await.map_err(|error| trouble::failure(&error, Stage::Answer))?;
    loop {
        let stage = if answer.has_head() { Stage::Transfer } else { Stage::Answer };
        progress.enter(stage);
        let fed = net::receive(stream, |bytes| {
            if bytes.is_empty() {
                return if answer.close() { Ok(true) } else { Err(Failure::Closed(stage)) };
            }
            answer.feed(bytes).map_err(|malformed| Failure::Protocol(malformed.to_string()))
        });
        if fed.await.map_err(|error| trouble::failure(&error, stage))?? {
            return Ok(());
        }
    }
}

/// Whether a complete answer is the one that was wanted.
fn judge(answer: &Answer, check: &HttpCheck) -> Result<(), Failure> {
    if !answer::is_success(answer.status()) {
        return Err(Failure::Status { code: answer.status(), text: answer.text().to_owned() });
    }
    match &check.receive {
        Some(wanted) => content::matches(wanted, answer.content()),
        None => Ok(()),
    }
}
