//! gRPC: the health service (`grpc.health.v1.Health/Check`) is called over HTTP/2, in TLS or with prior knowledge.
//!
//! HTTP/2 is h2's; its connection is a future, which runs inside of the check's own and ends with it.

pub mod message;
mod sips;
pub mod status;

use std::{
    io::{self, Cursor},
    pin::pin,
};

use futures_util::{
    FutureExt as _,
    future::{Either, select},
};
use h2::client::{Builder, SendRequest};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};

use self::{message::Serving, sips::Sips};
use super::{AGENT, Ask, net::Ack, stream::Stream, trouble};
use crate::{
    health::{Evidence, Failure, Stage},
    model::GrpcCheck,
};

/// The method of the health service that answers once.
const METHOD: &str = "/grpc.health.v1.Health/Check";
/// The longest list of fields that is taken.
const FIELDS: u32 = 8 * 1024;
/// What may be on the way to us and not yet looked at: more than a whole answer.
const WINDOW: u32 = 4 * 1024;

/// The library's words for a connection that ended in the midst of a frame.
const CUT: &str = "bytes remaining on stream";

type Sender = SendRequest<Cursor<Vec<u8>>>;

/// Asks once whether the service serves.
pub(super) async fn probe(ask: &Ask<'_>, check: &GrpcCheck) -> Result<Evidence, Failure> {
    let request = request(ask, check)?;
    let stream = Stream::Plain(ask.dial(Ack::Late).await?);
    let (stream, certificate) = match &check.tls {
        Some(security) => ask.secure_for(stream, security, Some(b"h2")).await?,
        None => (stream, None),
    };
    ask.enter(Stage::Answer);
    let handshake = Builder::new()
        .enable_push(false)
        .max_header_list_size(FIELDS)
        .initial_window_size(WINDOW)
        .handshake(Sips::new(stream));
    let (sender, connection) = handshake.await.map_err(|error| failure(&error))?;
    let (exchange, connection) = (pin!(call(sender, request, &check.service)), pin!(connection));
    let serving = match select(exchange, connection).await {
        Either::Left((answer, _)) => answer?,
        // What had come before the connection ended is still there, and else why it ended is known. Where it ended while
        // something was sent, the call is not told.
        Either::Right((ended, exchange)) => match (exchange.now_or_never(), ended) {
            (None | Some(Err(Failure::Closed(_))), Err(error)) => return Err(failure(&error)),
            (None, Ok(())) => return Err(Failure::Closed(Stage::Answer)),
            (Some(answer), _) => answer?,
        },
    };
    match serving {
        Serving::Serving => Ok(Evidence { certificate, ..Evidence::default() }),
        Serving::NotServing => Err(Failure::Unavailable("NOT_SERVING".into())),
        Serving::Unknown => Err(Failure::Unavailable("UNKNOWN".into())),
        Serving::ServiceUnknown => Err(Failure::Unavailable("SERVICE_UNKNOWN".into())),
        Serving::Other(number) => Err(Failure::Unavailable(format!("status {number}"))),
    }
}

fn request(ask: &Ask<'_>, check: &GrpcCheck) -> Result<Request<()>, Failure> {
    let scheme = if check.tls.is_some() { "https" } else { "http" };
    let authority = check.virtual_host.as_deref().map_or_else(|| ask.spec.target.to_string(), str::to_owned);
    let uri = Uri::builder().scheme(scheme).authority(authority.as_str()).path_and_query(METHOD).build();
    uri.and_then(|uri| {
        Request::post(uri)
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header(header::USER_AGENT, AGENT)
            .body(())
    })
    .map_err(|error| Failure::Local(format!("cannot ask for \"{authority}\": {error}")))
}

/// The call: a message there, a message back, and a status.
async fn call(sender: Sender, request: Request<()>, service: &str) -> Result<Serving, Failure> {
    let mut sender = sender.ready().await.map_err(|error| failure(&error))?;
    let (answer, mut there) = sender.send_request(request, false).map_err(|error| failure(&error))?;
    there.send_data(Cursor::new(message::request(service)), true).map_err(|error| failure(&error))?;
    let (head, mut body) = answer.await.map_err(|error| failure(&error))?.into_parts();
    is_grpc(head.status, &head.headers)?;
    let mut framed = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(|error| failure(&error))?;
        if framed.len() + piece.len() > message::LIMIT {
            return Err(Failure::Protocol("an answer that does not end".into()));
        }
        framed.extend_from_slice(&piece);
        body.flow_control().release_capacity(piece.len()).map_err(|error| failure(&error))?;
    }
    // Where there is nothing else to say, the status stands in the head.
    let trailers = body.trailers().await.map_err(|error| failure(&error))?;
    let fields = trailers.as_ref().unwrap_or(&head.headers);
    let field = |name: &str| fields.get(name).map(HeaderValue::as_bytes);
    status::judge(field("grpc-status"), field("grpc-message"))?;
    message::response(&framed).map_err(|malformed| Failure::Protocol(malformed.to_string()))
}

/// Whether this is an answer of gRPC at all, and not what a web server says to a page that it does not know.
fn is_grpc(status: StatusCode, fields: &HeaderMap) -> Result<(), Failure> {
    if status != StatusCode::OK {
        let text = status.canonical_reason().unwrap_or_default().to_owned();
        return Err(Failure::Status { code: status.as_u16(), text });
    }
    let kind = fields.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.starts_with(b"application/grpc") {
        Ok(())
    } else {
        Err(Failure::Protocol(format!("not gRPC, its content is of type \"{}\"", Failure::excerpt(kind))))
    }
}

/// What an error of HTTP/2 means.
fn failure(error: &h2::Error) -> Failure {
    if let Some(error) = error.get_io() {
        return of_io(error);
    }
    let why = error.reason().map_or_else(|| error.to_string(), |reason| reason.description().to_owned());
    if error.is_library() {
        return Failure::Protocol(format!("not HTTP/2: {why}"));
    }
    let what = if error.is_reset() { "the call" } else { "the connection" };
    Failure::Protocol(format!("HTTP/2: the server ended {what}: {why}"))
}

/// The library keeps the kind of an error of the system, not its number.
fn of_io(error: &io::Error) -> Failure {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkUnreachable, NotConnected,
        TimedOut, UnexpectedEof,
    };
    let kind = error.kind();
    if kind == TimedOut {
        Failure::TimedOut(Stage::Answer)
    } else if [HostUnreachable, NetworkUnreachable].contains(&kind) {
        Failure::Unreachable(trouble::words(error))
    } else if [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof].contains(&kind)
        || error.to_string() == CUT
    {
        Failure::Closed(Stage::Answer)
    } else {
        Failure::Protocol(trouble::words(error))
    }
}
