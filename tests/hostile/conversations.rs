//! Servers that misbehave at some place of a conversation over TCP.

use std::{fmt, future::pending, io, sync::Arc, time::Duration};

use socket2::SockRef;
use tokio::time::sleep;

use crate::{
    lab::Lab,
    loopback,
    script::{Actor, Link, listen},
    subject::{Place, Subject},
    table::{Row, Trial},
    trial::{self, Begin},
};

/// Between two bytes of a server that drips: as a second is to the usual deadline, so is this to the one here.
pub(crate) const DRIP: Duration = Duration::from_millis(50);
/// How long a huge line is.
const HUGE: usize = 1 << 20;
/// What is sent at once by a server that sends without end, before it takes a breath: enough to drown in.
const PIECE: usize = 64 << 10;

/// The checks of a subject: a row for each place.
pub(crate) fn rows(subject: &Arc<Subject>, lab: &Arc<Lab>) -> Vec<Row> {
    let places = subject.places.iter().enumerate().map(|(index, place)| {
        let trial = |(turn, behaviour): (usize, Behaviour)| -> (&'static str, Trial) {
            let (subject, lab) = (Arc::clone(subject), Arc::clone(lab));
            let trial = async move {
                let (place, enough) = (&subject.places[index], subject.memory);
                let listener = listen(loopback(turn + index)).await;
                let check = subject.check(listener.local_addr().unwrap());
                let mut actor = Actor::new(listener, lab.good.clone());
                trial::ask(&lab.probes, &check, |begin| async move {
                    let link = actor.play(&place.before).await?;
                    behaviour.act(link, place, enough, begin).await
                })
                .await
            };
            (behaviour.name(place), Box::pin(trial))
        };
        Row {
            heading: format!("{}: {}", subject.name, place.name),
            memory: subject.memory,
            trials: Behaviour::all(place).into_iter().enumerate().map(trial).collect(),
            good: place.good,
        }
    });
    places.collect()
}

/// A way to misbehave. After all but the endless ones the server says nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Behaviour {
    Silent,
    /// The good reply, byte by byte, but for its last byte.
    Drips,
    Garbage,
    /// Letters without end.
    Letters,
    HugeLine,
    Closes,
    /// Closes in the midst of the good reply.
    ClosesMidway,
    /// Resets the connection in the midst of the good reply.
    ResetsMidway,
    /// What looks like a part of an answer, without end: this one of the place's.
    Endless(usize),
}

impl Behaviour {
    /// All of them at a place.
    pub(crate) fn all(place: &Place) -> Vec<Self> {
        let mut all = vec![
            Self::Silent,
            Self::Drips,
            Self::Garbage,
            Self::Letters,
            Self::HugeLine,
            Self::Closes,
            Self::ClosesMidway,
            Self::ResetsMidway,
        ];
        all.extend((0..place.endless.len()).map(Self::Endless));
        all
    }

    /// What it is called in the tables.
    pub(crate) fn name(self, place: &Place) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Drips => "drips",
            Self::Garbage => "garbage",
            Self::Letters => "letters without end",
            Self::HugeLine => "a huge line",
            Self::Closes => "closes",
            Self::ClosesMidway => "closes midway",
            Self::ResetsMidway => "resets midway",
            Self::Endless(index) => place.endless[index].name,
        }
    }

    /// Does it. Never returns, but where the client went away, as it may.
    async fn act(self, mut link: Link, place: &Place, enough: usize, begin: Begin) -> io::Result<()> {
        begin.now();
        let half = &place.reply[..place.reply.len() / 2];
        match self {
            Self::Silent => {}
            Self::Drips => {
                for byte in &place.reply[..place.reply.len() - 1] {
                    link.say(&[*byte]).await?;
                    sleep(DRIP).await;
                }
            }
            Self::Garbage => link.say(&garbage()).await?,
            Self::Letters => endless(&mut link, b"x", enough, &begin).await?,
            Self::HugeLine => {
                let huge = [&[b'x'].repeat(HUGE)[..], b"\r\n"].concat();
                begin.at_length();
                link.say(&huge).await?;
                begin.soon();
            }
            Self::Closes => link.close().await?,
            Self::ClosesMidway => {
                link.say(half).await?;
                link.close().await?;
            }
            Self::ResetsMidway => {
                link.say(half).await?;
                SockRef::from(link.socket()).set_linger(Some(Duration::ZERO))?;
                drop(link);
            }
            Self::Endless(index) => {
                let part = &place.endless[index];
                link.say(&part.first).await?;
                endless(&mut link, &part.then, enough, &begin).await?;
            }
        }
        pending().await
    }
}

/// Says this again and again. The deadline of the check is not to pass before it has taken in so much that it must have
/// had enough, if there is an enough for it: how fast that goes is not for the server to say.
pub(crate) async fn endless(link: &mut Link, unit: &[u8], enough: usize, begin: &Begin) -> io::Result<()> {
    let piece = unit.repeat(PIECE.div_ceil(unit.len()));
    begin.at_length();
    for _ in 0..enough.div_ceil(PIECE) {
        link.say(&piece).await?;
        sleep(Duration::from_millis(1)).await;
    }
    // What is on its way still has to be taken in.
    begin.soon();
    loop {
        link.say(&piece).await?;
        sleep(DRIP).await;
    }
}

/// Bytes that mean nothing, always the same: a linear congruence (Numerical Recipes).
pub(crate) fn garbage() -> Vec<u8> {
    let mut state = 17_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(1024).collect()
}

/// What looks like a part of an answer and has no end.
#[derive(Clone)]
pub(crate) struct Endless {
    /// What it is called in the tables.
    pub(crate) name: &'static str,
    /// It begins with this.
    pub(crate) first: Vec<u8>,
    /// And goes on with this, again and again.
    pub(crate) then: Vec<u8>,
}

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
