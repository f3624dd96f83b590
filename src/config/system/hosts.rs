//! Addresses of hosts from the system's resolver, which blocks, has time limits of its own and cannot be called off: so
//! all are asked for at the same time, each on a thread that ends with the answer, and none is waited for longer than
//! a load may take.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{config::Unresolved, model::Family};

/// How long all hosts of a configuration may take together. A name server that does not answer takes 10 s to be given
/// up by the system (5 s, twice), in its own words.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// So many are asked for at the same time.
const AT_ONCE: usize = 32;

/// A host and the family of the address that is wanted.
pub(super) type Wanted = (String, Family);
type Answer = Result<IpAddr, Unresolved>;

/// Asks for all of them. The answers are in the order of the questions, and come when the last one does or when
/// patience is at its end.
pub(super) fn ask(
    wanted: &[Wanted],
    patience: Duration,
    lookup: impl Fn(&str, Family) -> Answer + Send + Sync + 'static,
) -> Vec<Answer> {
    let round = Arc::new(Round::new(wanted));
    let lookup = Arc::new(lookup);
    let mut trouble = None;
    for _ in 0..wanted.len().min(AT_ONCE) {
        let (round, lookup) = (Arc::clone(&round), Arc::clone(&lookup));
        let thread = thread::Builder::new().name("names".to_owned());
        // Nobody waits for the thread itself: it may outlive the load by as long as the system's resolver takes.
        if let Err(error) = thread.spawn(move || round.work(&*lookup)) {
            trouble = Some(error);
            break;
        }
    }
    round.end(patience, trouble.as_ref())
}

/// One host from the system's resolver.
pub(super) fn look_up(name: &str, family: Family) -> Answer {
    let addresses = (name, 0).to_socket_addrs().map_err(|error| Unresolved::Failed(words(&error)))?;
    addresses
        .map(|address| address.ip())
        .find(|&address| Family::of(address) == family)
        .ok_or(Unresolved::NoAddress)
}

/// What the resolver says, without the words of the standard library before it.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_lowercase()
}

/// The questions of one load, and the answers that have come.
struct Round {
    wanted: Vec<Wanted>,
    state: Mutex<State>,
    complete: Condvar,
}

struct State {
    /// The question that is asked next.
    next: usize,
    answers: Vec<Option<Answer>>,
    missing: usize,
}

impl Round {
    fn new(wanted: &[Wanted]) -> Self {
        let state = State { next: 0, answers: vec![None; wanted.len()], missing: wanted.len() };
        Self { wanted: wanted.to_vec(), state: Mutex::new(state), complete: Condvar::new() }
    }

    /// Asks one question after the other, until there is none.
    fn work(&self, lookup: &(impl Fn(&str, Family) -> Answer + ?Sized)) {
        let mut state = self.state();
        while let Some((name, family)) = self.wanted.get(state.next) {
            let at = state.next;
            state.next += 1;
            drop(state);
            let answer = lookup(name, *family);
            state = self.state();
            if let Some(slot) = state.answers.get_mut(at) {
                *slot = Some(answer);
                state.missing -= 1;
            }
            if state.missing == 0 {
                self.complete.notify_all();
            }
        }
    }

    /// The answers that come in time. No question is asked any more.
    fn end(&self, patience: Duration, trouble: Option<&io::Error>) -> Vec<Answer> {
        let state = self.state();
        let waited = self.complete.wait_timeout_while(state, patience, |state| state.missing > 0);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.next = self.wanted.len();
        let late = || match trouble {
            Some(error) => Unresolved::Failed(format!("no thread to ask on: {error}")),
            None => Unresolved::Late(patience),
        };
        let answers = std::mem::take(&mut state.answers);
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(late()))).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        sync::{Barrier, mpsc},
    };

    use super::*;

    const SOON: Duration = Duration::from_secs(60);

    fn wanted(count: usize) -> Vec<Wanted> {
        (0..count).map(|n| (n.to_string(), Family::V4)).collect()
    }

    /// The address that ends in the number which is the name.
    fn numbered(name: &str) -> IpAddr {
        Ipv4Addr::from(name.parse::<u32>().unwrap()).into()
    }

    #[test]
    fn answers_come_in_the_order_of_the_questions() {
        let answers = ask(&wanted(200), SOON, |name, _| Ok(numbered(name)));
        let numbers = (0..200).map(|n| Ok(Ipv4Addr::from(n).into()));
        assert!(answers.into_iter().eq(numbers));
        assert!(ask(&[], SOON, |name, _| Ok(numbered(name))).is_empty());
    }

    #[test]
    fn slow_names_are_asked_for_at_the_same_time() {
        // Each is answered only when all are being asked for.
        let all = Barrier::new(AT_ONCE);
        let answers = ask(&wanted(AT_ONCE), SOON, move |name, _| {
            all.wait();
            Ok(numbered(name))
        });
        assert!(answers.iter().all(Result::is_ok));
    }

    #[test]
    fn a_name_without_an_answer_is_given_up_and_the_others_are_not() {
        let (release, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let patience = Duration::from_secs(1);
        let answers = ask(&wanted(100), patience, move |name, _| {
            if name == "7" {
                let _ = held.lock().unwrap().recv();
            }
            Ok(numbered(name))
        });
        assert_eq!(answers[7], Err(Unresolved::Late(patience)));
        assert!(answers.iter().enumerate().all(|(n, answer)| answer.is_ok() == (n != 7)));
        drop(release);
    }

    #[test]
    fn nothing_more_is_asked_once_the_answers_are_given() {
        let (release, held) = mpsc::channel::<()>();
        let (asked, heard) = mpsc::channel();
        let held = Mutex::new(held);
        let answers = ask(&wanted(3 * AT_ONCE), Duration::from_millis(50), move |name, _| {
            asked.send(()).unwrap();
            let _ = held.lock().unwrap().recv();
            Ok(numbered(name))
        });
        assert!(answers.iter().all(|answer| matches!(answer, Err(Unresolved::Late(_)))));
        drop(release);
        // The threads end, and with the last one the sender does.
        assert_eq!(heard.into_iter().count(), AT_ONCE);
    }
}
