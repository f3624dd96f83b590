//! Oracle: the listener is asked to connect to a database, in the words of its own protocol (TNS). Nobody logs in.
//!
//! What `database` names is asked for as a SID first, as the reference does, and as a service where the listener knows no
//! such SID. Without it the listener itself is pinged, as `tnsping` does.

pub mod tns;

use self::tns::{Answer, Target};
use super::{
    Ask,
    net::{self, Ack},
    stream::Stream,
    trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::OracleCheck,
};

/// How often a listener may want to hear the question again.
const REPEATS: usize = 3;

/// Asks once.
pub(super) async fn probe(ask: &Ask<'_>, check: &OracleCheck) -> Result<Evidence, Failure> {
    if check.database.is_empty() {
        return match connect(ask, Target::Listener).await? {
            Answer::Accepted | Answer::Redirected => Ok(Evidence::default()),
            Answer::Refused(refusal) if refusal.is_from_a_listener_that_is_well() => Ok(Evidence::default()),
            Answer::Refused(refusal) => Err(refusal.failure()),
            Answer::Again => Err(again()),
        };
    }
    let mut answer = connect(ask, Target::Sid(&check.database)).await?;
    if let Answer::Refused(refusal) = &answer
        && refusal.is_unknown_sid()
    {
        answer = connect(ask, Target::Service(&check.database)).await?;
    }
    match answer {
        Answer::Accepted | Answer::Redirected => Ok(Evidence::default()),
        Answer::Refused(refusal) => Err(refusal.failure()),
        Answer::Again => Err(again()),
    }
}

/// Asks for this on a connection of its own.
async fn connect(ask: &Ask<'_>, target: Target<'_>) -> Result<Answer, Failure> {
    let request = tns::connect(target)?;
    let mut stream = Stream::Plain(ask.dial(Ack::Late).await?);
    ask.enter(Stage::Answer);
    let mut answer = Answer::Again;
    for _ in 0..=REPEATS {
        net::send(&mut stream, &request, Stage::Answer).await?;
        answer = receive(&mut stream).await?;
        if answer != Answer::Again {
            break;
        }
    }
    // In order: behind it a process of the database may have been started.
    stream.close_in_order();
    Ok(answer)
}

async fn receive(stream: &mut Stream) -> Result<Answer, Failure> {
    let mut came = Vec::new();
    loop {
        if let Some(answer) = tns::read(&came)? {
            return Ok(answer);
        }
        let more = net::receive(stream, |bytes| {
            came.extend_from_slice(bytes);
            !bytes.is_empty()
        });
        if !more.await.map_err(|error| trouble::failure(&error, Stage::Answer))? {
            return Err(Failure::Closed(Stage::Answer));
        }
    }
}

fn again() -> Failure {
    Failure::Protocol("a listener that wants to hear the question again and again".to_owned())
}
