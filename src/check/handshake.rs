//! TLS, and no more: the handshake ends well, with a certificate that is good enough. What is spoken inside is not asked.

use tokio::io::AsyncWriteExt as _;

use super::{Ask, net::Ack, stream::Stream};
use crate::{
    health::{Evidence, Failure},
    model::Security,
};

/// Shakes hands once.
pub(super) async fn probe(ask: &Ask<'_>, security: &Security) -> Result<Evidence, Failure> {
    let stream = Stream::Plain(ask.dial(Ack::Late).await?);
    let (mut stream, certificate) = ask.secure(stream, security).await?;
    // In order, so that the server has no handshake to complain of that was broken off.
    let farewell = stream.shutdown();
    let _ = futures_util::FutureExt::now_or_never(farewell);
    stream.close_in_order();
    Ok(Evidence { certificate, ..Evidence::default() })
}
