//! The jobs that have the table, one at a time.

use crate::{
    ipvs::{Ipvs, IpvsError},
    model::IpvsTimeouts,
    plan::{Done, Job},
};

/// What is to be done with the table.
#[derive(Debug)]
pub(super) enum Work {
    /// What the reconciler wants.
    Table(Job),
    /// The kernel is to keep connections so long.
    Timeouts(IpvsTimeouts),
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    Table(Done),
    /// Before and after.
    Timeouts(Result<(IpvsTimeouts, IpvsTimeouts), IpvsError>),
}

impl Work {
    /// Does it, and gives the table back.
    pub(super) async fn on<I: Ipvs>(self, mut ipvs: I) -> (I, Ended) {
        let ended = match self {
            Self::Table(job) => Ended::Table(table(&mut ipvs, job).await),
            Self::Timeouts(wanted) => Ended::Timeouts(timeouts(&mut ipvs, wanted).await),
        };
        (ipvs, ended)
    }
}

/// Writes, then reads back what was written.
async fn table(ipvs: &mut impl Ipvs, job: Job) -> Done {
    let written = match &job {
        Job::Apply(ops, _) => ipvs.apply(ops).await,
        Job::Read(_) => Ok(()),
    };
    let read = ipvs.read(job.scope()).await;
    Done { written, read }
}

/// Looks, writes where it is otherwise, and looks again.
async fn timeouts(
    ipvs: &mut impl Ipvs,
    wanted: IpvsTimeouts,
) -> Result<(IpvsTimeouts, IpvsTimeouts), IpvsError> {
    let before = ipvs.timeouts().await?;
    if wanted.over(before) == before {
        return Ok((before, before));
    }
    ipvs.set_timeouts(wanted).await?;
    Ok((before, ipvs.timeouts().await?))
}
