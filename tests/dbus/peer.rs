//! A director's D-Bus side and a client, joined by a socket pair.

use std::{collections::HashMap, os::unix::net::UnixStream, sync::Arc};

use futures_util::StreamExt;
use ldirectord::{
    dbus::{About, ROOT, attend},
    director::Snapshot,
    inbox::{self, Input},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use zbus::{
    Connection, Guid, MessageStream, OwnedObjectPath, OwnedVariant, connection::Builder, message::Message,
};

pub(crate) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
pub(crate) const MANAGER: &str = "org.linuxvirtualserver.Ldirectord1.Manager";
pub(crate) const VIRTUAL: &str = "org.linuxvirtualserver.Ldirectord1.VirtualServer";
pub(crate) const REAL: &str = "org.linuxvirtualserver.Ldirectord1.RealServer";

/// Interfaces with their properties, of objects by their paths.
pub(crate) type Objects = HashMap<OwnedObjectPath, HashMap<String, HashMap<String, OwnedVariant>>>;

pub(crate) struct Peer {
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(crate) inbox: mpsc::Receiver<Input>,
    pub(crate) client: Connection,
    /// Every message the client receives, in order.
    pub(crate) messages: MessageStream,
    /// Ends with the test.
    _server: JoinSet<zbus::Result<()>>,
}

pub(crate) fn about(instance: &str) -> Arc<About> {
    let config_path = format!("/etc/ha.d/{instance}.cf");
    Arc::new(About { version: "5.0.0", instance: instance.to_owned(), config_path })
}

impl Peer {
    pub(crate) async fn new(first: Arc<Snapshot>) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        for end in [&ours, &theirs] {
            end.set_nonblocking(true).unwrap();
        }
        let server = Builder::unix_stream(ours).server(Guid::generate()).p2p().build();
        let client = Builder::unix_stream(theirs).p2p().build();
        let (server, client) = tokio::try_join!(server, client).unwrap();
        let messages = MessageStream::from(&client);
        let (snapshots, watched) = watch::channel(first);
        let (sender, inbox) = inbox::channel();
        let mut task = JoinSet::new();
        task.spawn(attend(MessageStream::from(&server), about("www"), watched, sender));
        Self { snapshots, inbox, client, messages, _server: task }
    }

    /// A call and its reply.
    pub(crate) async fn call<B>(
        &self,
        path: &str,
        interface: &str,
        member: &str,
        body: &B,
    ) -> zbus::Result<Message>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let interface = (!interface.is_empty()).then_some(interface);
        self.client.call_method(None::<&str>, path, interface, member, body).await
    }

    /// The name of the error a call is answered with.
    pub(crate) async fn error<B>(&self, path: &str, interface: &str, member: &str, body: &B) -> String
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let error = self.call(path, interface, member, body).await.expect_err("the call is refused");
        if let zbus::Error::FDO(standard) = &error {
            return zbus::DBusError::name(&**standard).to_string();
        }
        let zbus::Error::MethodError(name, ..) = error else { panic!("{error}") };
        name.to_string()
    }

    pub(crate) async fn get(&self, path: &str, interface: &str, property: &str) -> OwnedVariant {
        self.call(path, PROPERTIES, "Get", &(interface, property))
            .await
            .unwrap()
            .body()
            .deserialize()
            .unwrap()
    }

    pub(crate) async fn text(&self, path: &str, interface: &str, property: &str) -> String {
        self.get(path, interface, property).await.try_into().unwrap()
    }

    pub(crate) async fn number(&self, path: &str, interface: &str, property: &str) -> u64 {
        let value = self.get(path, interface, property).await;
        u64::try_from(value.try_clone().unwrap())
            .or_else(|_| u32::try_from(value.try_clone().unwrap()).map(u64::from))
            .or_else(|_| u16::try_from(value).map(u64::from))
            .unwrap()
    }

    pub(crate) async fn introspect(&self, path: &str) -> String {
        let reply = self.call(path, "org.freedesktop.DBus.Introspectable", "Introspect", &()).await.unwrap();
        reply.body().deserialize().unwrap()
    }

    pub(crate) async fn objects(&self) -> Objects {
        let reply = self.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await;
        reply.unwrap().body().deserialize().unwrap()
    }

    /// The next message that comes.
    pub(crate) async fn next(&mut self) -> Message {
        self.messages.next().await.unwrap().unwrap()
    }

    /// All signals that were sent until now: what comes before the answer to a call.
    pub(crate) async fn signals(&mut self) -> Vec<Message> {
        let path = zbus::ObjectPath::try_from("/").unwrap();
        let ping = Message::method_call(path, "Ping").interface("org.freedesktop.DBus.Peer");
        let ping = ping.build(&()).unwrap();
        let serial = ping.primary_header().serial_num();
        self.client.send(&ping).await.unwrap();
        let mut signals = Vec::new();
        loop {
            let message = self.next().await;
            if message.message_type() == zbus::message::Type::Signal {
                signals.push(message);
            } else if message.header().reply_serial() == Some(serial) {
                return signals;
            }
        }
    }
}
