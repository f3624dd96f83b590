//! A conversation with the server: packets in, packets out.

use futures_util::FutureExt as _;

use super::packet::{ServerError, is_end};
use crate::{
    check::{
        Ask,
        messages::{LONGEST, Messages},
        stream::Stream,
    },
    health::{Certificate, Failure, Stage},
    model::Security,
};

/// The commands that are sent.
const COM_QUIT: u8 = 1;
const COM_QUERY: u8 = 3;

pub(super) struct Session<'a> {
    ask: &'a Ask<'a>,
    messages: Messages<Stream>,
    /// The number of the next packet: those of both sides are counted, from 0 for each command.
    number: u8,
    /// The last packet, or its beginning.
    packet: Vec<u8>,
    /// So much of it has not been read.
    rest: usize,
}

impl<'a> Session<'a> {
    pub(super) fn new(ask: &'a Ask<'a>, stream: Stream) -> Self {
        Self { ask, messages: Messages::new(stream), number: 0, packet: Vec::new(), rest: 0 }
    }

    /// The same conversation, protected from here on.
    pub(super) async fn secured(self, security: &Security) -> Result<(Self, Option<Certificate>), Failure> {
        let (stream, certificate) = self.ask.secure(self.messages.into_inner()?, security).await?;
        Ok((Self { messages: Messages::new(stream), ..self }, certificate))
    }

    /// Whether what is said goes through TLS.
    pub(super) fn is_protected(&self) -> bool {
        matches!(self.messages.get_ref(), Stream::Tls(_))
    }

    /// The next packet; of a long one, such as a row can be, the beginning.
    pub(super) async fn receive(&mut self, stage: Stage) -> Result<&[u8], Failure> {
        self.messages.skip(self.ask, stage, std::mem::take(&mut self.rest)).await?;
        let &[low, middle, high, number] = self.messages.take(self.ask, stage, 4).await? else {
            return Err(malformed());
        };
        if number != self.number {
            return Err(malformed());
        }
        self.number = number.wrapping_add(1);
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let held = length.min(LONGEST);
        self.rest = length - held;
        self.packet.clear();
        self.packet.extend_from_slice(self.messages.take(self.ask, stage, held).await?);
        Ok(&self.packet)
    }

    /// Sends a packet.
    pub(super) async fn send(&mut self, packet: &[u8], stage: Stage) -> Result<(), Failure> {
        /// A packet of this length, or a longer one, would be several.
        const LIMIT: u32 = (1 << 24) - 1;
        let length = u32::try_from(packet.len()).ok().filter(|&length| length < LIMIT);
        let length = length.ok_or_else(|| Failure::Protocol("the request is too long".to_owned()))?;
        let [low, middle, high, _] = length.to_le_bytes();
        let header = [low, middle, high, self.number];
        self.number = self.number.wrapping_add(1);
        self.messages.send(&[&header, packet].concat(), stage).await
    }

    /// Sends a query.
    pub(super) async fn query(&mut self, text: &str) -> Result<(), Failure> {
        self.number = 0;
        self.send(&[&[COM_QUERY], text.as_bytes()].concat(), Stage::Answer).await
    }

    /// Says goodbye, if the server has said all there is (after `rows`, up to their end), and waits for nothing: what
    /// the check has found is known, and a server that hangs now must not change that.
    pub(super) fn take_leave(mut self, rows: bool) {
        let farewell = async {
            while rows && !is_end(self.receive(Stage::Answer).await?) {}
            self.number = 0;
            self.send(&[COM_QUIT], Stage::Answer).await
        };
        if let Some(Ok(())) = farewell.now_or_never() {
            self.messages.get_ref().close_in_order();
        }
    }
}

pub(super) fn malformed() -> Failure {
    Failure::Protocol("no packet of MySQL".to_owned())
}

/// What an error means.
pub(super) fn refusal(stage: Stage, error: &ServerError<'_>) -> Failure {
    let text = Failure::excerpt(error.text);
    if stage == Stage::Login && error.refuses_login() {
        return Failure::Login(text);
    }
    Failure::Error { code: error.code.to_string(), text }
}
