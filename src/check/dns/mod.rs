//! DNS (RFC 1035): a name server is asked for the records of a name.
//!
//! hickory-proto reads the messages, the sockets are our own. Each question has a number that nobody can guess, and comes
//! from a port of the system's choice; what does not answer just this question is not looked at.

pub mod answer;

use std::time::Duration;

use self::answer::{Question, Said};
use super::{
    Ask,
    datagrams::{Datagrams, Patience},
    net::{self, Ack},
    random, trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::{DnsCheck, Transport},
};

/// As resolvers are: a lost datagram is not noticed by a client either.
const PATIENCE: Patience = Patience { first: Duration::from_secs(1), longest: Duration::from_secs(4) };

/// Asks once; in a datagram, and over a connection where the answer does not fit into one (RFC 7766, 5).
pub(super) async fn probe(ask: &Ask<'_>, check: &DnsCheck) -> Result<Evidence, Failure> {
    let id = u16::from_be_bytes(random::bytes()?);
    let question = Question::new(id, check).map_err(Failure::Local)?;
    let cut = match check.transport {
        Transport::Udp => {
            let datagrams = Datagrams::open(ask)?;
            let take = |datagram: &[u8]| question.judge(datagram, &check.expected);
            datagrams.ask(ask, question.message(), PATIENCE, take).await?? == Said::Cut
        }
        Transport::Tcp => true,
    };
    if cut {
        over_connection(ask, &question, check).await?;
    }
    Ok(Evidence::default())
}

/// Asks over a connection, where each message has its length in front (RFC 1035, 4.2.2).
async fn over_connection(ask: &Ask<'_>, question: &Question, check: &DnsCheck) -> Result<(), Failure> {
    let mut stream = ask.dial(Ack::Late).await?;
    ask.enter(Stage::Answer);
    let failure = |error| trouble::failure(&error, Stage::Answer);
    let message = question.message();
    let length = u16::try_from(message.len()).expect("a question is short").to_be_bytes();
    net::send(&mut stream, &[&length, message].concat(), Stage::Answer).await?;
    let mut came = Vec::new();
    loop {
        while let Some((message, rest)) = first(&came) {
            if let Some(said) = question.judge(message, &check.expected) {
                return match said? {
                    Said::All => Ok(()),
                    Said::Cut => Err(Failure::Protocol("an answer that is cut over a connection".to_owned())),
                };
            }
            came.drain(..came.len() - rest.len());
        }
        let more = net::receive(&mut stream, |bytes| {
            came.extend_from_slice(bytes);
            !bytes.is_empty()
        });
        if !more.await.map_err(failure)? {
            return Err(Failure::Closed(Stage::Answer));
        }
    }
}

/// The first message, if it is there as a whole, and what is behind it.
fn first(came: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = came.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}
