//! Sends the mails that the director decides on, through a server or through the machine's own `sendmail`.
//!
//! Knows mails and how they are carried; decides nothing about when there are any. One that cannot be handed over is
//! tried again a few times; what is lost is told. Routes with different servers do not wait for each other, mails on one
//! keep their order, and all of it has an end: each attempt has a deadline, what waits is bounded.

mod message;
mod sendmail;
mod smtp;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
    time::sleep,
};

use crate::{
    director::{Fact, Mail},
    model::{MailAddress, Relay},
};

use message::Message;

/// So many mails wait in the queue; what comes then is lost, and told.
const QUEUE: usize = 64;
/// So many wait behind one that is being tried.
const WAITING: usize = 192;
/// One attempt, from looking the server up to its last word.
const DEADLINE: Duration = Duration::from_secs(30);
/// After an attempt that failed it is tried again so much later; after the last one it is lost.
const PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// What a mailer needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of this machine.
    pub host: String,
    /// Certificates in PEM form that are trusted beside the system's.
    pub authorities: Vec<Vec<u8>>,
    /// How long an attempt may take.
    pub deadline: Duration,
    /// How long after each attempt but the last the next one follows.
    pub pauses: Vec<Duration>,
    /// Nothing is sent; each mail is told to have been lost.
    pub dry_run: bool,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(dry_run: bool) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { host, authorities: Vec::new(), deadline: DEADLINE, pauses: PAUSES.to_vec(), dry_run }
    }
}

/// A queue for mails, with what takes them out.
#[must_use]
pub fn channel() -> (mpsc::Sender<Mail>, mpsc::Receiver<Mail>) {
    mpsc::channel(QUEUE)
}

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    /// In words.
    reason: String,
    /// Trying again is of no use.
    for_good: bool,
}

impl Refused {
    fn for_good(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), for_good: true }
    }

    fn for_now(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), for_good: false }
    }
}

/// Sends mails until the last sender of them is gone and all have been sent or given up. May be dropped at any time.
pub async fn serve(
    options: Options,
    mut mails: mpsc::Receiver<Mail>,
    tell: impl Fn(Fact) + Send + Sync + 'static,
) {
    let courier = Arc::new(Courier { options, tell: Box::new(tell) });
    let mut lanes = Lanes::default();
    let mut open = true;
    loop {
        tokio::select! {
            Some(ended) = lanes.under_way.join_next_with_id() => {
                // One that crashed has lost its mail, not the lane.
                let task = ended.map_or_else(|error| error.id(), |(task, ())| task);
                lanes.ended(task);
            }
            mail = mails.recv(), if open && lanes.waiting < WAITING => match mail {
                Some(mail) => lanes.put(mail),
                None => open = false,
            },
            else => return,
        }
        lanes.start(&courier);
    }
}

/// Mails in their order, one lane for each way to carry them.
#[derive(Default)]
struct Lanes {
    queues: HashMap<Relay, VecDeque<Mail>>,
    waiting: usize,
    under_way: JoinSet<()>,
    busy: HashMap<Id, Relay>,
}

impl Lanes {
    fn put(&mut self, mail: Mail) {
        self.waiting += 1;
        self.queues.entry(mail.route.relay.clone()).or_default().push_back(mail);
    }

    fn ended(&mut self, task: Id) {
        self.busy.remove(&task);
    }

    /// Starts the first of each lane in which none is under way.
    fn start(&mut self, courier: &Arc<Courier>) {
        let busy: HashSet<Relay> = self.busy.values().cloned().collect();
        for (relay, queue) in &mut self.queues {
            if !busy.contains(relay)
                && let Some(mail) = queue.pop_front()
            {
                self.waiting -= 1;
                let courier = courier.clone();
                let task = self.under_way.spawn(async move { courier.deliver(&mail).await });
                self.busy.insert(task.id(), relay.clone());
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
    }
}

/// Carries single mails.
struct Courier {
    options: Options,
    tell: Box<dyn Fn(Fact) + Send + Sync>,
}

impl Courier {
    /// Sends a mail, again and again if it must be.
    async fn deliver(&self, mail: &Mail) {
        let message = Message::of(mail, &self.options.host);
        let failed = |reason: String, retry_in| Fact::MailFailed {
            subject: mail.subject(),
            smtp: matches!(mail.route.relay, Relay::Smtp(_)),
            reason,
            retry_in,
        };
        let tell = |fact| (self.tell)(fact);
        if self.options.dry_run {
            tell(failed("not sent: this is a dry run".to_owned(), None));
            return;
        }
        let mut pauses = self.options.pauses.iter();
        loop {
            let Err(refused) = self.carry(mail, &message, &mail.route.to).await else { return };
            if refused.for_good {
                break self
                    .each_alone(mail, &message, refused)
                    .await
                    .into_iter()
                    .for_each(|r| tell(failed(r, None)));
            }
            let pause = pauses.next().copied();
            tell(failed(refused.reason, pause));
            let Some(pause) = pause else { return };
            sleep(pause).await;
        }
    }

    /// A server does not take a mail for all of these: one bad address must not keep it from the others. Gives who does
    /// not get it, and why.
    async fn each_alone(&self, mail: &Mail, message: &Message, refused: Refused) -> Vec<String> {
        let to = &mail.route.to;
        if to.len() < 2 || matches!(mail.route.relay, Relay::Sendmail) {
            return vec![refused.reason];
        }
        let mut failed = Vec::new();
        for one in to {
            if let Err(refused) = self.carry(mail, message, std::slice::from_ref(one)).await {
                failed.push(format!("{one}: {}", refused.reason));
            }
        }
        failed
    }

    /// One attempt.
    async fn carry(&self, mail: &Mail, message: &Message, to: &[MailAddress]) -> Result<(), Refused> {
        match &mail.route.relay {
            Relay::Sendmail => sendmail::send(message, &self.options).await,
            Relay::Smtp(server) => smtp::send(server, message, to, &self.options).await,
        }
    }
}

/// A time as the reference's log has it: `Tue Nov 22 08:38:00 2026`.
fn clock(at: SystemTime) -> String {
    chrono::DateTime::<chrono::Local>::from(at).format("%a %b %e %H:%M:%S %Y").to_string()
}
