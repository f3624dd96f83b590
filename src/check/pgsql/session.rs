//! A conversation with the server: messages in, messages out, and errors told apart.

use bytes::BytesMut;
use futures_util::FutureExt as _;
use postgres_protocol::message::{
    backend::{self, Message},
    frontend,
};

use super::message::{HEADER, Start, body_length, refusal, understand};
use crate::{
    check::{Ask, messages::Messages, stream::Stream},
    health::{Failure, Stage},
};

/// What the server said, as far as anything depends on it.
pub(super) enum Said {
    /// What columns the rows will have.
    Columns,
    /// A row, of which no more than its beginning has been looked at.
    Row,
    /// Something else.
    Message(Message),
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
    pub(super) fn new(ask: &'a Ask<'a>, messages: Messages<Stream>) -> Self {
        Self { ask, messages, rest: 0, ready: false }
    }

    /// Whether what is said goes through TLS.
    pub(super) fn is_protected(&self) -> bool {
        matches!(self.messages.get_ref(), Stream::Tls(_))
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
    pub(super) async fn next(&mut self, stage: Stage) -> Result<Said, Failure> {
        loop {
            self.messages.skip(self.ask, stage, std::mem::take(&mut self.rest)).await?;
            let start: Start = {
                let bytes = self.messages.take(self.ask, stage, HEADER).await?;
                bytes.try_into().expect("so many were asked for")
            };
            let length = body_length(&start)?;
            self.rest = length;
            self.ready = false;
            match start[0] {
                backend::NOTICE_RESPONSE_TAG
                | backend::NOTIFICATION_RESPONSE_TAG
                | backend::PARAMETER_STATUS_TAG
                | backend::BACKEND_KEY_DATA_TAG => {}
                backend::ROW_DESCRIPTION_TAG => return Ok(Said::Columns),
                backend::DATA_ROW_TAG => return Ok(Said::Row),
                _ => {
                    let body = self.messages.take(self.ask, stage, length).await?;
                    self.rest = 0;
                    let message = understand(&start, body)?;
                    if let Some(failure) = refusal(stage, &message, self.is_protected()) {
                        return Err(failure);
                    }
                    self.ready = matches!(message, Message::ReadyForQuery(_));
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

/// The server speaks the protocol, but not this here.
pub(super) fn strange(message: &Message) -> Failure {
    let what = match message {
        Message::AuthenticationKerberosV5 => "a login by Kerberos",
        Message::AuthenticationGss => "a login by GSSAPI",
        Message::AuthenticationSspi => "a login by SSPI",
        Message::AuthenticationScmCredential => "a login by SCM credentials",
        Message::CopyInResponse(_) | Message::CopyOutResponse(_) => "a copy instead of rows",
        _ => "a message out of turn",
    };
    Failure::Protocol(what.to_owned())
}
