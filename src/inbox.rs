//! What the loop's queue carries, and the bounded way into it.

use tokio::sync::{mpsc, oneshot};

use crate::director::{Command, Event, Refusal};

/// How many messages wait at most; a sender beyond that waits itself, so that a flood of calls slows its callers
/// and nobody else.
pub const CAPACITY: usize = 64;

/// One message to the loop.
#[derive(Debug)]
pub enum Input {
    /// Something happened.
    Event(Event),
    /// Somebody asks for something and waits for the answer.
    Ask(Command, oneshot::Sender<Result<(), Refusal>>),
}

/// A sender into the loop's queue.
#[derive(Clone, Debug)]
pub struct Inbox(mpsc::Sender<Input>);

/// A new queue: its senders and its one consumer.
#[must_use]
pub fn channel() -> (Inbox, mpsc::Receiver<Input>) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (Inbox(sender), receiver)
}

impl Inbox {
    /// Reports an event. Waits while the queue is full; a loop that has ended hears nothing, which is not an error.
    pub async fn report(&self, event: Event) {
        let _ = self.0.send(Input::Event(event)).await;
    }

    /// Asks for something and waits until it is done or refused.
    ///
    /// # Errors
    /// It was refused, or the director is stopping.
    pub async fn ask(&self, command: Command) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Input::Ask(command, reply)).await.map_err(|_| Refusal::Stopping)?;
        answer.await.map_err(|_| Refusal::Stopping)?
    }

    /// Resolves when the loop has ended.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}
