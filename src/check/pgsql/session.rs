//! A conversation with the server: messages in, messages out, and errors told apart.

use bytes::BytesMut;
use futures_util::FutureExt as _;
use postgres_protocol::message::frontend;

use super::message::{HEADER, Kind, Malformed, Message, Start, body_length};
use crate::{
    check::{Ask, messages::Messages, stream::Stream},
    health::{Failure, Stage},
};

/// What the server said, as far as anything depends on it.
pub(super) enum Said<'a> {
    /// What columns the rows will have.
    Columns,
    /// A row, of which no more than its beginning has been looked at.
    Row,
    /// Something else; no error.
    Message(Message<'a>),
}

pub(super) struct Session<'a> {
    ask: &'a Ask<'a>,
    messages: Messages<Stream>,
    /// So much of the last message has not been read.
    rest: usize,
    /// It waits for a query.
    ready: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(ask: &'a Ask<'a>, stream: Stream) -> Self {
        Self { ask, messages: Messages::new(stream), rest: 0, ready: false }
    }

    /// Sends what `write` makes.
    ///
    /// # Errors
    /// The connection failed; or there is a NUL in what the configuration says.
    pub(super) async fn send(
        &mut self,
        stage: Stage,
        write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let mut buffer = BytesMut::new();
        write(&mut buffer).map_err(|_| {
            Failure::Protocol("a login, database or request with a NUL in it cannot be sent".to_owned())
        })?;
        self.messages.send(&buffer, stage).await
    }

    /// The next thing the server says that matters. Notices, parameters and the like are passed over unread.
    ///
    /// # Errors
    /// The connection failed, the server told of an error, or what it says is no such message.
    pub(super) async fn next(&mut self, stage: Stage) -> Result<Said<'_>, Failure> {
        let protected = matches!(self.messages.get_ref(), Stream::Tls(_));
        self.ready = false;
        loop {
            self.messages.skip(self.ask, stage, std::mem::take(&mut self.rest)).await?;
            let bytes = self.messages.take(self.ask, stage, HEADER).await?;
            let start: Start = bytes.try_into().expect("so many were asked for");
            self.rest = body_length(&start).map_err(|Malformed| malformed(start[0]))?;
            match Kind::of(start[0]) {
                Kind::Aside => {}
                Kind::Columns => return Ok(Said::Columns),
                Kind::Row => return Ok(Said::Row),
                Kind::Body => {
                    let length = std::mem::take(&mut self.rest);
                    let body = self.messages.take(self.ask, stage, length).await?;
                    let message = Message::read(start[0], body).map_err(|Malformed| malformed(start[0]))?;
                    if let Message::Error(error) = &message {
                        return Err(error.meaning(stage, protected));
                    }
                    self.ready = message == Message::Ready;
                    return Ok(Said::Message(message));
                }
            }
        }
    }

    /// Says goodbye, if the server has said all there is, and waits for nothing: what the check has found is known, and a
    /// server that hangs now must not change that.
    pub(super) fn take_leave(mut self) {
        let farewell = async {
            while !self.ready {
                self.next(Stage::Answer).await?;
            }
            self.send(Stage::Answer, |buffer| {
                frontend::terminate(buffer);
                Ok(())
            })
            .await
        };
        if let Some(Ok(())) = farewell.now_or_never() {
            self.messages.get_ref().close_in_order();
        }
    }
}

fn malformed(letter: u8) -> Failure {
    Failure::Protocol(format!("a malformed message \"{}\"", letter.escape_ascii()))
}

/// The server speaks the protocol, but this comes at the wrong time.
pub(super) fn out_of_turn() -> Failure {
    Failure::Protocol("a message out of turn".to_owned())
}
