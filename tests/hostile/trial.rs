//! One check against one server: what becomes of it, how late, and with how much memory.

use std::{future::pending, io, sync::Arc, time::Duration};

use ldirectord::{
    check::{Prober, Probes, Progress},
    health::{Failure, Verdict},
    model::CheckSpec,
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    memory::{Measured, Memory},
    subject::DEADLINE,
};

/// How much later than its deadline a check may end on a busy machine.
const SLACK: Duration = Duration::from_secs(2);
/// How long a busy machine may need for what is work: a handshake, or megabytes.
const WORK: Duration = Duration::from_secs(1);
/// A server that has not begun to misbehave by then never will: the script does not fit the check.
const NEVER: Duration = Duration::from_secs(30);
/// So many checks at once: each has a few sockets, and the usual limit is 1,024.
const AT_ONCE: usize = 64;

/// Called by a server when it begins to misbehave.
pub(crate) struct Begin(watch::Sender<Option<Instant>>);

impl Begin {
    pub(crate) fn now(&self) {
        self.0.send_replace(Some(Instant::now()));
    }

    /// There is work to do before the client can see what is wrong.
    pub(crate) fn soon(&self) {
        self.0.send_replace(Some(Instant::now() + WORK));
    }

    /// It begins now, and the end of it is told, unless the client does not care to listen.
    pub(crate) fn at_length(&self) {
        self.0.send_replace(Some(Instant::now() + NEVER / 2));
    }
}

/// What became of a check.
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// From when the server began to misbehave; nothing where it did not get so far.
    took: Option<Duration>,
    /// The most memory that the probe had.
    pub(crate) memory: usize,
}

/// Asks this server. The deadline runs from when it begins to misbehave, so that a busy machine cannot have it pass
/// earlier, in another stage.
///
/// All is one task, in which the check goes first: what the server said before the deadline is heard before the deadline.
pub(crate) async fn ask<S>(
    probes: &Probes,
    spec: &CheckSpec,
    server: impl FnOnce(Begin) -> S + Send,
) -> Outcome
where
    S: Future<Output = io::Result<()>> + Send,
{
    assert_eq!(spec.cadence.deadline, DEADLINE);
    let (sender, mut started) = watch::channel(None);
    let (progress, memory) = (Progress::new(), Memory::default());
    let serving = async {
        // It ends where the client went away, as it may.
        let _ = server(Begin(sender)).await;
        pending::<()>().await;
    };
    let mut passing = started.clone();
    let deadline = async {
        loop {
            // A server may say that it takes longer, and then that it is done.
            let at = *passing.borrow_and_update();
            tokio::select! {
                changed = passing.changed() => if changed.is_err() { pending::<()>().await },
                () = sleep_until(at.unwrap_or_else(Instant::now) + DEADLINE), if at.is_some() => return,
            }
        }
    };
    let verdict = {
        let probe = Measured::new(probes.probe(spec, &progress), &memory);
        let asked = async {
            tokio::select! {
                biased;
                verdict = probe => Some(verdict),
                () = serving => None,
                () = deadline => None,
            }
        };
        let verdict = timeout(NEVER, asked).await.ok().flatten();
        verdict.unwrap_or_else(|| Verdict::Fail(progress.timed_out()))
    };
    let took = started.borrow_and_update().map(|at| at.elapsed());
    Outcome { verdict, took, memory: memory.most() }
}

impl Outcome {
    /// In one word, with the stage where that is told.
    pub(crate) fn word(&self) -> String {
        match &self.verdict {
            Verdict::Pass(_) => "passes".to_owned(),
            Verdict::Fail(failure) => word(failure),
        }
    }

    /// What must not be, whatever the table says: that the server was not tried at all, that the check took too long or
    /// more memory than this, that it passed where it must not, or saw trouble of our own.
    pub(crate) fn faults(&self, memory: usize, good: bool) -> Vec<String> {
        let mut faults = Vec::new();
        match self.took {
            None => faults.push("ended before the server could misbehave".to_owned()),
            Some(took) if took > DEADLINE + SLACK => faults.push(format!("took {took:?}")),
            Some(_) => {}
        }
        if self.memory > memory {
            faults.push(format!("had {} bytes of memory", self.memory));
        }
        match &self.verdict {
            Verdict::Fail(failure) if good => faults.push(format!("did not pass: {failure}")),
            Verdict::Fail(failure @ Failure::Local(_)) => faults.push(failure.to_string()),
            Verdict::Pass(_) if !good => faults.push("passed".to_owned()),
            Verdict::Fail(_) | Verdict::Pass(_) => {}
        }
        faults
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others have a word of their own")]
fn word(failure: &Failure) -> String {
    match failure {
        Failure::TimedOut(stage) | Failure::Closed(stage) => {
            format!("{} {stage:?}", failure.kind()).to_lowercase()
        }
        Failure::Step { why, .. } => word(why),
        // OpenSSL's other words differ from version to version.
        Failure::Tls(words) if words.contains("certificate") => format!("tls: {words}"),
        _ => failure.kind().to_owned(),
    }
}

/// Does all of these, many at once; what came of them in their order.
pub(crate) async fn all<T: Send + 'static>(
    trials: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, trial) in trials.into_iter().enumerate() {
        let gate = Arc::clone(&gate);
        tasks.spawn(async move {
            let _place = gate.acquire().await.unwrap();
            (index, trial.await)
        });
    }
    let mut ended = tasks.join_all().await;
    ended.sort_by_key(|(index, _)| *index);
    ended.into_iter().map(|(_, outcome)| outcome).collect()
}
