//! An HTTP answer, taken in as it comes from the network. Pure: it is fed bytes, and says when it has enough.

use std::mem;

use super::{
    chunked::Decoder,
    head::{self, Framing, Malformed},
    want::Want,
};
use crate::{check::content, health::Failure};

/// An answer, as far as it has come.
#[derive(Debug)]
pub struct Answer<'a> {
    want: Want<'a>,
    state: State,
    status: u16,
    refused: Option<Failure>,
    location: Option<String>,
    content: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// Of the head, `bytes` have come; `interim` bytes of answers before it (1xx).
    Head {
        bytes: Vec<u8>,
        interim: usize,
    },
    /// So many bytes of content are still to come.
    Length(u64),
    Chunked(Decoder),
    /// All that comes is content.
    Close,
    /// There is enough.
    Complete,
}

impl<'a> Answer<'a> {
    /// An answer of which nothing has come.
    #[must_use]
    pub fn new(want: Want<'a>) -> Self {
        Self {
            want,
            state: State::Head { bytes: Vec::new(), interim: 0 },
            status: 0,
            refused: None,
            location: None,
            content: Vec::new(),
        }
    }

    /// Takes the next bytes; true when there is enough, and the rest needs not be waited for.
    ///
    /// # Errors
    /// This is no HTTP.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        if let State::Head { bytes: head, interim } = &mut self.state {
            let seen = head.len();
            head.extend_from_slice(bytes);
            let (head, interim) = (mem::take(head), *interim);
            return self.head(head, seen, interim);
        }
        self.body(bytes)
    }

    /// The connection was closed: whether there is enough.
    #[must_use]
    pub fn close(&mut self) -> bool {
        if matches!(self.state, State::Close) {
            self.state = State::Complete;
        }
        matches!(self.state, State::Complete)
    }

    /// The head has come.
    #[must_use]
    pub fn has_head(&self) -> bool {
        !matches!(self.state, State::Head { .. })
    }

    /// The status code; 0 before it has come.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What is wrong with the head, if anything is.
    #[must_use]
    pub fn refused(&self) -> Option<&Failure> {
        self.refused.as_ref()
    }

    /// Where a redirect leads.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The content that has come.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Looks for a head in `bytes`, of which `seen` were looked at before, and goes on with what stands behind it.
    fn head(&mut self, mut bytes: Vec<u8>, mut seen: usize, mut interim: usize) -> Result<bool, Malformed> {
        loop {
            let Some(end) = head::end(&bytes, seen)? else {
                // Interim answers without end count like one head without end.
                if interim + bytes.len() >= head::LIMIT {
                    return Err(Malformed::TooLong);
                }
                self.state = State::Head { bytes, interim };
                return Ok(false);
            };
            interim += end;
            if interim > head::LIMIT {
                return Err(Malformed::TooLong);
            }
            let mut fields = head::room();
            let head = head::parse(&bytes[..end], &mut fields)?;
            // 101 is final: nobody asked for another protocol.
            if matches!(head.status, 100 | 102..=199) {
                bytes.drain(..end);
                seen = 0;
                continue;
            }
            self.state = self.after(&head);
            return self.body(&bytes[end..]);
        }
    }

    fn after(&mut self, head: &head::Head<'_, '_>) -> State {
        self.status = head.status;
        if !self.want.is_good(head.status) {
            let text = Failure::excerpt(head.reason.as_bytes());
            self.refused = Some(Failure::Status { code: head.status, text });
            if is_redirect(head.status) {
                let location = head.values("Location").next();
                self.location = location.map(|location| String::from_utf8_lossy(location).into_owned());
            }
            return State::Complete;
        }
        self.refused = self.want.has_fields(|name| head.values(name)).err();
        if self.refused.is_some() || !self.want.content {
            return State::Complete;
        }
        match head.framing {
            Framing::Empty | Framing::Length(0) => State::Complete,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Decoder::new()),
            Framing::Close => State::Close,
        }
    }

    fn body(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        let content = &mut self.content;
        let complete = match &mut self.state {
            State::Head { .. } => false,
            State::Complete => true,
            State::Close => !content::keep(content, bytes),
            State::Length(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= here as u64;
                !content::keep(content, &bytes[..here]) || *left == 0
            }
            State::Chunked(decoder) => {
                let mut room = true;
                let last = decoder.feed(bytes, |stretch| room = room && content::keep(content, stretch));
                // What is broken behind the limit is not looked at, wherever the pieces end.
                !room || last?
            }
        };
        if complete {
            self.state = State::Complete;
        }
        Ok(complete)
    }
}

/// A status whose Location is followed (RFC 9110, 15.4).
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
