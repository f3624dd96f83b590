//! A conversation over TCP, bare or inside TLS: one question and its answer (`simpletcp`), or step after step
//! (`dialogue`).

pub mod answer;
pub mod heard;

use openssl::ssl::SslVersion;
use tokio::io::AsyncWriteExt as _;

use self::{answer::Answer, heard::Heard};
use super::{
    Ask,
    net::{self, Ack},
    stream::Stream,
    trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::{Expected, Pattern, Step, TcpCheck, TcpTalk},
};

/// Talks once.
pub(super) async fn probe(ask: &Ask<'_>, check: &TcpCheck) -> Result<Evidence, Failure> {
    let (mut stream, certificate) = ask.open(check.tls.as_deref(), first_word(&check.talk)).await?;
    ask.enter(Stage::Answer);
    match &check.talk {
        TcpTalk::Once { request, expected } => once(ask, &mut stream, request, expected).await?,
        TcpTalk::Steps(steps) => converse(ask, &mut stream, steps).await?,
    }
    Ok(Evidence { certificate, ..Evidence::default() })
}

/// A late acknowledgement would only delay a server that speaks first.
fn first_word(talk: &TcpTalk) -> Ack {
    let ours = match talk {
        TcpTalk::Once { request, .. } => !request.is_empty(),
        TcpTalk::Steps(steps) => matches!(steps.first(), Some(Step::Send(_))),
    };
    if ours { Ack::Late } else { Ack::Prompt }
}

/// Asks, says that this was all, and looks for the line that is wanted.
async fn once(
    ask: &Ask<'_>,
    stream: &mut Stream,
    request: &[u8],
    expected: &Expected,
) -> Result<(), Failure> {
    net::send(stream, request, Stage::Answer).await?;
    end_sending(stream).await;
    let mut answer = Answer::new(expected);
    loop {
        let stage = if answer.has_begun() { Stage::Transfer } else { Stage::Answer };
        ask.enter(stage);
        let fed = net::receive(stream, |bytes| {
            if bytes.is_empty() { answer.close().map(|()| true) } else { answer.feed(bytes) }
        });
        if fed.await.map_err(|error| trouble::failure(&error, stage))?? {
            return Ok(());
        }
        ask.progress.so_far(answer.so_far());
    }
}

/// Says that nothing more will be sent. What comes of it shows in what the server answers.
///
/// Inside TLS that is the alert `close_notify`. Before version 1.3 it would tell the server to drop what it has not sent
/// yet (RFC 5246, 7.2.1; RFC 8446, 6.1), so there it is left out.
async fn end_sending(stream: &mut Stream) {
    let may_close = match &*stream {
        Stream::Plain(_) => true,
        Stream::Tls(stream) => stream.ssl().version2() == Some(SslVersion::TLS1_3),
    };
    if may_close {
        let _ = stream.shutdown().await;
    }
}

/// Goes through the steps.
async fn converse(ask: &Ask<'_>, stream: &mut Stream, steps: &[Step]) -> Result<(), Failure> {
    let mut heard = Heard::default();
    for (number, step) in (1..).zip(steps) {
        let in_step = |why| Failure::Step { number, why: Box::new(why) };
        ask.progress.so_far(Some(in_step(Failure::TimedOut(Stage::Answer))));
        match step {
            Step::Send(bytes) => {
                heard.forget();
                net::send(stream, bytes, Stage::Answer).await.map_err(in_step)?;
            }
            Step::Expect(wanted) => expect(ask, stream, &mut heard, wanted, in_step).await?,
        }
    }
    if let Some(Step::Send(_)) = steps.last() {
        // A farewell, most likely: it is to arrive.
        stream.close_in_order();
    }
    Ok(())
}

/// Waits until what came is what is wanted.
async fn expect(
    ask: &Ask<'_>,
    stream: &mut Stream,
    heard: &mut Heard,
    wanted: &Pattern,
    in_step: impl Fn(Failure) -> Failure + Copy,
) -> Result<(), Failure> {
    while !heard.meets(wanted).map_err(in_step)? {
        if let Some(failure) = heard.so_far(wanted) {
            if heard.is_full() {
                return Err(in_step(failure));
            }
            ask.progress.so_far(Some(in_step(failure)));
        }
        let more = net::receive(stream, |bytes| {
            heard.hear(bytes);
            !bytes.is_empty()
        });
        if !more.await.map_err(|error| in_step(trouble::failure(&error, Stage::Answer)))? {
            return Err(in_step(heard.so_far(wanted).unwrap_or(Failure::Closed(Stage::Answer))));
        }
    }
    Ok(())
}
