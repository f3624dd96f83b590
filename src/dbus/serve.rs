//! The place on the bus: taken when there is a bus, taken again when it comes back.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use zbus::{
    MessageStream,
    connection::Builder,
    fdo::{RequestNameFlags, RequestNameReply},
};

use crate::{
    director::{Fact, Snapshot},
    inbox::Inbox,
};

use super::{Bus, manager::About, path::bus_name, session::attend};

/// A bus that does not answer within this time is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first pause between two attempts; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Serves the tree under the instance's name for as long as there are snapshots, and returns when the director has
/// ended. Dropped, it leaves the bus.
///
/// No bus, a bus that goes away and a name that somebody else has are told once and tried on, for ever. Nothing here
/// makes the director wait: it reads the latest snapshot when it has time to.
pub async fn serve(
    bus: Bus,
    about: Arc<About>,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    inbox: Inbox,
    tell: impl Fn(Fact),
) {
    // The tree is complete before the name is there: before the first configuration there is nothing to show.
    if snapshots.wait_for(|snapshot| snapshot.config.loaded_at.is_some()).await.is_err() {
        return;
    }
    let name = bus_name(&about.instance);
    let mut told = false;
    let mut pause = FIRST_PAUSE;
    loop {
        let reason = match timeout(PATIENCE, join(&bus, &name)).await {
            Ok(Ok(messages)) => {
                tell(Fact::BusServed { name: name.clone() });
                (told, pause) = (false, FIRST_PAUSE);
                match attend(messages, about.clone(), snapshots.clone(), inbox.clone()).await {
                    Ok(()) => return,
                    Err(error) => error.to_string(),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the bus does not answer".to_owned(),
        };
        if !told {
            tell(Fact::BusLost { reason });
            told = true;
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = ended(&mut snapshots) => return,
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Connects and takes the name. Calls that come with it wait in the stream.
async fn join(bus: &Bus, name: &str) -> zbus::Result<MessageStream> {
    let connection = bus.builder().build().await?;
    let messages = MessageStream::from(&connection);
    // Nobody takes the name from us, and we take it from nobody: two directors of one configuration are a mistake.
    let flags = RequestNameFlags::DO_NOT_QUEUE;
    match connection.request_name_with_flags(name, flags).await {
        Ok(RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner) => Ok(messages),
        Ok(RequestNameReply::InQueue | RequestNameReply::Exists) | Err(zbus::Error::NameTaken) => {
            Err(zbus::Error::Failure(format!("the name {name} is taken by another process")))
        }
        Err(error) => Err(error),
    }
}

/// Resolves when there will be no more snapshots.
async fn ended(snapshots: &mut watch::Receiver<Arc<Snapshot>>) {
    while snapshots.changed().await.is_ok() {}
}

impl Bus {
    /// A connection to it, not yet made.
    pub(super) fn builder(&self) -> Builder<'_> {
        match self {
            Self::System => Builder::system(),
            Self::At(address) => Builder::address(address.as_str()),
        }
    }
}
