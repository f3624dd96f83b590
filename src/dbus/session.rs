//! One connection, from its first message to its end.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::{sync::watch, task::JoinSet};
use zbus::{
    Connection, MessageStream,
    message::{Flags, Message, Type},
};

use crate::{
    director::{Command, Snapshot},
    inbox::Inbox,
};

use super::{
    call::{self, Answer},
    change::{Change, changes},
    error::Fault,
    manager::About,
    rights,
    view::View,
};

/// How many callers may wait for the director at once.
const WAITING: usize = 32;
/// How many signals are handed to the connection at once.
const BATCH: usize = 64;

/// Serves the tree on a connection until it ends, with its error, or until there are no more snapshots.
///
/// # Errors
/// The connection ended.
pub async fn attend(
    mut messages: MessageStream,
    about: Arc<About>,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    inbox: Inbox,
) -> zbus::Result<()> {
    let connection = Connection::from(&messages);
    let view = View::new(about, snapshots.borrow_and_update().clone(), None);
    let mut session = Session { connection, view, snapshots, inbox };
    let mut waiting: JoinSet<Reply> = JoinSet::new();
    loop {
        tokio::select! {
            // Calls first: each answer takes in what is new before it, so that a flood of calls holds back no signal.
            biased;
            message = messages.next() => {
                let call = message.transpose()?.ok_or_else(closed)?;
                if call.message_type() != Type::MethodCall {
                    continue;
                }
                session.catch_up().await?;
                match call::answer(&session.view, &call) {
                    Answer::Reply(reply) => session.send(Reply { call, reply }).await?,
                    Answer::Ask(command) if waiting.len() < WAITING => {
                        waiting.spawn(ask(session.connection.clone(), call, command, session.inbox.clone()));
                    }
                    Answer::Ask(_) => {
                        let fault = Fault::limits_exceeded("too many callers wait already");
                        let reply = fault.reply(&call.header());
                        session.send(Reply { call, reply }).await?;
                    }
                }
            }
            // Who is told that something is done can see at once that it is.
            Some(Ok(reply)) = waiting.join_next() => {
                session.catch_up().await?;
                session.send(reply).await?;
            }
            news = session.snapshots.changed() => {
                if news.is_err() {
                    return Ok(());
                }
                session.catch_up().await?;
            }
        }
    }
}

fn closed() -> zbus::Error {
    zbus::Error::Failure("the connection was closed".to_owned())
}

/// Signals and answers come from one task: whoever has heard of a change is never answered from before it.
struct Session {
    connection: Connection,
    view: View,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    inbox: Inbox,
}

/// The reply to a call.
struct Reply {
    call: Message,
    reply: zbus::Result<Message>,
}

impl Session {
    /// Takes in the latest snapshot and tells what changed. What a slow bus has missed by then is history, and never
    /// sent.
    async fn catch_up(&mut self) -> zbus::Result<()> {
        let latest = self.snapshots.borrow_and_update().clone();
        if self.view.shows(&latest) {
            return Ok(());
        }
        let new = self.view.next(latest);
        let old = std::mem::replace(&mut self.view, new);
        for batch in changes(&old, &self.view).chunks(BATCH) {
            let signals: zbus::Result<Vec<Message>> = batch.iter().map(Change::signal).collect();
            self.connection.send_all(&signals?).await?;
        }
        Ok(())
    }

    /// Sends a reply to those who want one.
    async fn send(&self, Reply { call, reply }: Reply) -> zbus::Result<()> {
        if call.primary_header().flags().contains(Flags::NO_REPLY_EXPECTED) {
            return Ok(());
        }
        self.connection.send(&reply?).await
    }
}

/// Asks the director for a caller who may; the answer comes when it has done so.
async fn ask(connection: Connection, call: Message, command: Command, inbox: Inbox) -> Reply {
    let header = call.header();
    let done = match rights::may_change(&connection, &header).await {
        Ok(()) => inbox.ask(command).await.map_err(Fault::from),
        Err(fault) => Err(fault),
    };
    let reply = match done {
        Ok(()) => call::reply(&header, &()),
        Err(fault) => fault.reply(&header),
    };
    Reply { call: call.clone(), reply }
}
