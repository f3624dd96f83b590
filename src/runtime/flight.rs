//! One check from its start to its end.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::{
    check::{Prober, Progress},
    health::Verdict,
    model::CheckSpec,
};

/// A deadline that is noticed so much later than it passed, or by a tenth of it, was not missed by the server alone.
const STALL: Duration = Duration::from_millis(10);

/// What a check came to.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) verdict: Verdict,
    /// How long it took.
    pub(super) took: Duration,
    /// How long after it was due it began.
    pub(super) late_by: Duration,
}

/// Asks once, under the check's one deadline.
///
/// Where that is noticed long after it has passed, this process stood still: it was stopped, or its machine was. Then
/// answers may have come in time that nobody took, and the server is asked once more.
pub(super) async fn fly<P: Prober>(prober: &P, spec: &CheckSpec, due: Instant) -> Flight {
    let late_by = due.elapsed();
    let longest = spec.longest();
    let mut stalled = false;
    loop {
        let started = Instant::now();
        let progress = Progress::default();
        let verdict = timeout(longest, prober.probe(spec, &progress)).await;
        let took = started.elapsed();
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(_) if !stalled && took > longest + STALL.max(longest / 10) => {
                stalled = true;
                continue;
            }
            Err(_) => Verdict::Fail(progress.timed_out()),
        };
        return Flight { verdict, took, late_by };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::{
        health::{Evidence, Failure, Stage},
        model::{Cadence, CheckKind, Route},
    };

    const SECOND: Duration = Duration::from_secs(1);

    /// Servers that do not answer the first so many times.
    #[derive(Clone)]
    struct Silent {
        times: u32,
        asked: Arc<AtomicU32>,
    }

    impl Prober for Silent {
        async fn probe(&self, _: &CheckSpec, _: &Progress) -> Verdict {
            if self.asked.fetch_add(1, Ordering::Relaxed) < self.times {
                std::future::pending::<()>().await;
            }
            Verdict::Pass(Evidence::default())
        }
    }

    /// A check of a second for which the process stands still for a while, and how often it asked.
    fn stand_still(times: u32, still: Duration) -> (Flight, u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let asked = Arc::default();
            let prober = Silent { times, asked: Arc::clone(&asked) };
            let spec = CheckSpec {
                target: "10.0.0.1:80".parse().unwrap(),
                kind: CheckKind::Connect,
                connects: None,
                route: Route::default(),
                cadence: Cadence::steady(SECOND, SECOND),
            };
            let (due, world) = (Instant::now(), async {
                tokio::task::yield_now().await;
                tokio::time::advance(still).await;
            });
            let (flight, ()) = tokio::join!(fly(&prober, &spec, due), world);
            (flight, asked.load(Ordering::Relaxed))
        })
    }

    #[test]
    fn a_server_that_does_not_answer_is_asked_once() {
        let (flight, asked) = stand_still(1, SECOND / 2);
        assert_eq!((flight.verdict, asked), (Verdict::Fail(Failure::TimedOut(Stage::Connect)), 1));
        assert_eq!(flight.took, SECOND);
    }

    #[test]
    fn who_stood_still_asks_once_more() {
        let (flight, asked) = stand_still(1, 5 * SECOND);
        assert_eq!((flight.verdict, asked), (Verdict::Pass(Evidence::default()), 2));
        let (flight, asked) = stand_still(2, 5 * SECOND);
        assert_eq!((flight.verdict, asked), (Verdict::Fail(Failure::TimedOut(Stage::Connect)), 2));
        assert_eq!(flight.took, SECOND);
    }
}
