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
    change::changes,
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
/// Signals and answers come from one task: whoever has heard of a change is never answered from before it.
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
    let mut view = View::new(about, snapshots.borrow_and_update().clone(), None);
    let mut waiting = JoinSet::new();
    loop {
        // The branches are tried in random order: a flood of calls cannot hold back the signals for long, nor a storm
        // of changes the answers.
        tokio::select! {
            message = messages.next() => match message.transpose()? {
                Some(message) if message.message_type() == Type::MethodCall => match call::answer(&view, &message) {
                    Answer::Reply(reply) => send(&connection, &message, reply).await?,
                    Answer::Ask(command) if waiting.len() < WAITING => {
                        waiting.spawn(ask(connection.clone(), message, command, inbox.clone()));
                    }
                    Answer::Ask(_) => {
                        let fault = Fault::limits_exceeded("too many callers wait already");
                        send(&connection, &message, fault.reply(&message.header())).await?;
                    }
                },
                Some(_) => {}
                None => return Err(zbus::Error::Failure("the connection was closed".to_owned())),
            },
            news = snapshots.changed() => {
                if news.is_err() {
                    return Ok(());
                }
                // The latest only: what a slow bus has missed by then is history, and never sent.
                let next = view.next(snapshots.borrow_and_update().clone());
                publish(&connection, &view, &next).await?;
                view = next;
            }
            Some(sent) = waiting.join_next() => sent.unwrap_or(Ok(()))?,
        }
    }
}

/// Sends a reply, to those who want one.
async fn send(connection: &Connection, call: &Message, reply: zbus::Result<Message>) -> zbus::Result<()> {
    if call.primary_header().flags().contains(Flags::NO_REPLY_EXPECTED) {
        return Ok(());
    }
    connection.send(&reply?).await
}

/// Tells what changed.
async fn publish(connection: &Connection, old: &View, new: &View) -> zbus::Result<()> {
    for batch in changes(old, new).chunks(BATCH) {
        let signals: zbus::Result<Vec<Message>> = batch.iter().map(super::change::Change::signal).collect();
        connection.send_all(&signals?).await?;
    }
    Ok(())
}

/// Asks the director for a caller who may, and answers when it has.
async fn ask(connection: Connection, call: Message, command: Command, inbox: Inbox) -> zbus::Result<()> {
    let header = call.header();
    let done = match rights::may_change(&connection, &header).await {
        Ok(()) => inbox.ask(command).await.map_err(Fault::from),
        Err(fault) => Err(fault),
    };
    let reply = match done {
        Ok(()) => call::reply(&header, &()),
        Err(fault) => fault.reply(&header),
    };
    send(&connection, &call, reply).await
}
