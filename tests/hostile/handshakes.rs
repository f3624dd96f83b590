//! Servers that misbehave on the way to TLS: with certificates that are not good enough, in the handshake, or ahead of it.

use std::{future::pending, io, sync::Arc, time::Duration};

use openssl::ssl::SslContext;
use socket2::SockRef;
use tokio::{net::TcpListener, time::sleep};

use crate::{
    conversations::{DRIP, endless, garbage},
    lab::Lab,
    loopback,
    script::{Actor, Step, listen},
    subject::{Subject, Talk},
    table::{Row, Trial},
    trial::{self, Begin},
};

/// The checks of a subject, if it has TLS.
pub(crate) fn row(subject: &Arc<Subject>, lab: &Arc<Lab>) -> Option<Row> {
    let trial = |(turn, (name, fault)): (usize, (&'static str, Fault))| -> (&'static str, Trial) {
        let (subject, lab) = (Arc::clone(subject), Arc::clone(lab));
        let trial = async move {
            let handshake = subject.handshake.as_ref().unwrap();
            let listener = listen(loopback(turn)).await;
            let check = subject.check(listener.local_addr().unwrap());
            let context = lab.good.clone();
            trial::ask(&lab.probes, &check, |begin| handshake.act(listener, context, fault, begin)).await
        };
        (name, Box::pin(trial))
    };
    let faults = subject.handshake.as_ref()?.faults(lab);
    Some(Row {
        heading: subject.name.to_owned(),
        memory: subject.memory,
        trials: faults.into_iter().enumerate().map(trial).collect(),
        good: &[],
    })
}

/// How a check comes to TLS.
#[derive(Clone)]
pub(crate) struct Handshake {
    /// All goes well up to here: up to the client's request to begin with TLS, where there is one.
    pub(crate) before: Vec<Step>,
    pub(crate) upgrade: Option<Upgrade>,
    /// And between the agreement and what TLS begins with.
    pub(crate) between: Vec<Step>,
}

/// What the server says when it is asked to begin with TLS.
#[derive(Clone)]
pub(crate) struct Upgrade {
    pub(crate) agreed: Vec<u8>,
    pub(crate) refused: Vec<u8>,
    /// An answer that whoever is on the way puts behind the agreement, to be taken for one of the server's.
    pub(crate) injected: Vec<u8>,
}

/// What is wrong.
#[derive(Clone)]
pub(crate) enum Fault {
    Certificate(SslContext),
    /// The server does not agree to TLS.
    Stripped,
    /// The server sends more than its agreement before TLS.
    Injected,
    Silent,
    Drips,
    /// Says this, and nothing more.
    Says(Vec<u8>),
    /// Says this without end.
    Endless(&'static [u8]),
    Closes,
    ClosesMidway,
    ResetsMidway,
}

/// More than any handshake has.
const ENOUGH: usize = 256 << 10;
/// The beginning of a `ServerHello` (RFC 8446, 4.1.3), in a record that has more.
const HELLO: &[u8] = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";
/// A `HelloRequest`, which clients have to ignore in a handshake (RFC 5246, 7.4.1.1).
const HELLO_REQUEST: &[u8] = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00";
/// A `ServerHello` that says of itself that it is as long as can be.
const LONGEST_HELLO: &[u8] = b"\x16\x03\x03\x40\x00\x02\xff\xff\xff";
/// A warning.
const WARNING: &[u8] = b"\x15\x03\x03\x00\x02\x01\x5a";
/// A record of the handshake with nothing in it.
const EMPTY: &[u8] = b"\x16\x03\x03\x00\x00";
/// An alert that ends the handshake.
const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";

impl Handshake {
    pub(crate) fn at_once() -> Self {
        Self { before: Vec::new(), upgrade: None, between: Vec::new() }
    }

    /// It is asked for behind this part of a conversation.
    pub(crate) fn after(talk: &Talk, upgrade: Upgrade) -> Self {
        Self { before: talk.before().to_vec(), upgrade: Some(upgrade), between: Vec::new() }
    }

    /// All that can go wrong, with its name in the tables.
    pub(crate) fn faults(&self, lab: &Lab) -> Vec<(&'static str, Fault)> {
        let bad = lab.bad.iter().map(|(name, context, _)| (*name, Fault::Certificate(context.clone())));
        let mut faults: Vec<_> = bad.collect();
        faults.extend([
            ("silent", Fault::Silent),
            ("drips", Fault::Drips),
            ("no TLS", Fault::Says(b"220 ready\r\n".to_vec())),
            ("garbage", Fault::Says(garbage())),
            ("an alert", Fault::Says(ALERT.to_vec())),
            ("letters without end", Fault::Endless(b"x")),
            ("requests without end", Fault::Endless(HELLO_REQUEST)),
            ("warnings without end", Fault::Endless(WARNING)),
            ("empty records without end", Fault::Endless(EMPTY)),
            ("a hello without end", Fault::Endless(LONGEST_HELLO)),
            ("closes", Fault::Closes),
            ("closes midway", Fault::ClosesMidway),
            ("resets midway", Fault::ResetsMidway),
        ]);
        if self.upgrade.is_some() {
            faults.extend([("stripped", Fault::Stripped), ("injected", Fault::Injected)]);
        }
        faults
    }

    /// A server with this fault. Never returns, but where the client went away.
    pub(crate) async fn act(
        &self,
        listener: TcpListener,
        context: SslContext,
        fault: Fault,
        begin: Begin,
    ) -> io::Result<()> {
        let mut actor = Actor::new(listener, context.clone());
        let mut link = actor.play(&self.before).await?;
        if let Some(upgrade) = &self.upgrade {
            if matches!(fault, Fault::Stripped) {
                begin.now();
                link.say(&upgrade.refused).await?;
                return pending().await;
            }
            let mut agreed = upgrade.agreed.clone();
            if matches!(fault, Fault::Injected) {
                begin.now();
                agreed.extend_from_slice(&upgrade.injected);
            }
            link.say(&agreed).await?;
            link = actor.go_on(link, &self.between).await?;
        }
        if let Fault::Certificate(context) = fault {
            // The handshake is work, which takes its time.
            begin.soon();
            let _secured = link.secure(&context).await?;
            return pending().await;
        }
        // What the client begins with.
        link.hear(&mut [0; 4096]).await?;
        begin.now();
        match fault {
            Fault::Certificate(_) | Fault::Stripped | Fault::Injected | Fault::Silent => {}
            Fault::Drips => {
                for byte in HELLO {
                    link.say(&[*byte]).await?;
                    sleep(DRIP).await;
                }
            }
            Fault::Says(bytes) => link.say(&bytes).await?,
            Fault::Endless(unit) => endless(&mut link, unit, ENOUGH, &begin).await?,
            Fault::Closes => link.close().await?,
            Fault::ClosesMidway => {
                link.say(HELLO).await?;
                link.close().await?;
            }
            Fault::ResetsMidway => {
                link.say(HELLO).await?;
                SockRef::from(link.socket()).set_linger(Some(Duration::ZERO))?;
                drop(link);
            }
        }
        pending().await
    }
}
