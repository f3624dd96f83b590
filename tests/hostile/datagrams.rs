//! Servers of datagrams that misbehave.

use std::{future::pending, io, net::IpAddr, sync::Arc, time::Duration};

use tokio::{net::UdpSocket, time::sleep};

use crate::{
    conversations::garbage,
    lab::Lab,
    loopback,
    subject::Subject,
    table::{Row, Trial},
    trial::{self, Begin},
};

/// The largest datagram over IPv4 (RFC 768, RFC 791).
const LARGEST: usize = 65_535 - 20 - 8;
/// So many are sent at once by a server that sends without end.
const FLOOD: usize = 32;

/// The checks of a subject, if it asks in datagrams.
pub(crate) fn row(subject: &Arc<Subject>, lab: &Arc<Lab>) -> Option<Row> {
    let answers = subject.answers?;
    let trial = |(turn, (name, behaviour)): (usize, (&'static str, Behaviour))| -> (&'static str, Trial) {
        let (subject, lab) = (Arc::clone(subject), Arc::clone(lab));
        let trial = async move {
            let ip = loopback(turn);
            let socket = UdpSocket::bind((ip, 0)).await.unwrap();
            let check = subject.check(socket.local_addr().unwrap());
            trial::ask(&lab.probes, &check, |begin| behaviour.act(socket, ip, answers, begin)).await
        };
        (name, Box::pin(trial))
    };
    Some(Row {
        heading: subject.name.to_owned(),
        memory: subject.memory,
        trials: Behaviour::ALL.into_iter().enumerate().map(trial).collect(),
        good: answers.passes,
    })
}

/// What a server answers to a question.
#[derive(Clone, Copy)]
pub(crate) struct Answers {
    /// What is right.
    pub(crate) good: fn(&[u8]) -> Vec<u8>,
    /// What would be right for another question.
    pub(crate) other: fn(&[u8]) -> Vec<u8>,
    /// What passes, by name: that it answers, and perhaps that there is more behind the answer.
    pub(crate) passes: &'static [&'static str],
}

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Answers, as it should: that is how the answer is known to be good.
    Answers,
    /// There is no server.
    Nobody,
    Silent,
    Nothing,
    Garbage,
    /// Half of the good answer.
    Half,
    Oversized,
    /// The good answer and so much more that the datagram is as large as can be.
    Padded,
    OtherQuestion,
    /// The good answer, from another port.
    OtherPort,
    /// Garbage without end.
    Flood,
}

impl Behaviour {
    /// All of them, with their names in the tables.
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("answers", Self::Answers),
        ("nobody listens", Self::Nobody),
        ("silent", Self::Silent),
        ("an empty datagram", Self::Nothing),
        ("garbage", Self::Garbage),
        ("half an answer", Self::Half),
        ("an oversized datagram", Self::Oversized),
        ("an answer with much behind it", Self::Padded),
        ("an answer to another question", Self::OtherQuestion),
        ("an answer from another port", Self::OtherPort),
        ("garbage without end", Self::Flood),
    ];

    /// Does it, at whatever is asked. Never returns.
    pub(crate) async fn act(
        self,
        socket: UdpSocket,
        ip: IpAddr,
        answers: Answers,
        begin: Begin,
    ) -> io::Result<()> {
        if self == Self::Nobody {
            drop(socket);
            begin.now();
            return pending().await;
        }
        let elsewhere = UdpSocket::bind((ip, 0)).await?;
        loop {
            let mut question = [0; 4096];
            let (length, client) = socket.recv_from(&mut question).await?;
            begin.now();
            let question = &question[..length];
            let good = (answers.good)(question);
            match self {
                Self::Nobody | Self::Silent => {}
                Self::Answers => drop(socket.send_to(&good, client).await?),
                Self::Nothing => drop(socket.send_to(b"", client).await?),
                Self::Garbage => drop(socket.send_to(&garbage(), client).await?),
                Self::Half => drop(socket.send_to(&good[..good.len() / 2], client).await?),
                Self::Oversized => drop(socket.send_to(&vec![b'x'; LARGEST], client).await?),
                Self::Padded => {
                    let mut padded = good;
                    padded.resize(LARGEST, 0);
                    socket.send_to(&padded, client).await?;
                }
                Self::OtherQuestion => drop(socket.send_to(&(answers.other)(question), client).await?),
                Self::OtherPort => drop(elsewhere.send_to(&good, client).await?),
                Self::Flood => loop {
                    for _ in 0..FLOOD {
                        socket.send_to(&garbage(), client).await?;
                    }
                    sleep(Duration::from_millis(1)).await;
                },
            }
        }
    }
}
