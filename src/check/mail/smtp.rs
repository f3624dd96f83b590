//! SMTP (RFC 5321), also for submission (RFC 6409): a greeting, EHLO (HELO where that is not known) and QUIT; STARTTLS by
//! RFC 3207.

use std::net::IpAddr;

use crate::{
    check::reply::{Language, Reply, refuses_tls},
    check::talk::Talk,
    health::{Evidence, Failure, Stage},
};

const READY: u16 = 220;
const DONE: u16 = 250;

pub(super) async fn probe(mut talk: Talk<'_>) -> Result<Evidence, Failure> {
    let greeting = reply(&mut talk, Stage::Login).await?;
    if greeting.code != READY {
        return Err(greeting.failure());
    }
    hello(&mut talk).await?;
    if talk.wants_upgrade() {
        talk.say("STARTTLS", Stage::Tls).await?;
        let answer = reply(&mut talk, Stage::Tls).await?;
        if answer.code != READY {
            return Err(refuses_tls("STARTTLS", format!("{} {}", answer.code, answer.text()).as_bytes()));
        }
        talk = talk.secure().await?;
        // What was said before does not count any longer (RFC 3207, 4.2).
        hello(&mut talk).await?;
    }
    Ok(talk.leave("QUIT"))
}

async fn hello(talk: &mut Talk<'_>) -> Result<(), Failure> {
    let name = literal(talk.own_address()?);
    talk.say(&format!("EHLO {name}"), Stage::Answer).await?;
    let mut answer = reply(talk, Stage::Answer).await?;
    // A server from before RFC 1869 does not know it.
    if (500..600).contains(&answer.code) {
        talk.say(&format!("HELO {name}"), Stage::Answer).await?;
        answer = reply(talk, Stage::Answer).await?;
    }
    if answer.code == DONE { Ok(()) } else { Err(answer.failure()) }
}

async fn reply(talk: &mut Talk<'_>, stage: Stage) -> Result<Reply, Failure> {
    talk.reply(Language::Smtp, stage).await
}

/// How we name ourselves: by the address that the server sees us have, which is what a client without a name of its own
/// says (RFC 5321, 4.1.3 and 4.1.4). It needs no name server, and no server can find it wrong.
fn literal(own: IpAddr) -> String {
    match own {
        IpAddr::V4(own) => format!("[{own}]"),
        IpAddr::V6(own) => format!("[IPv6:{own}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_called_by_our_address() {
        assert_eq!(literal([192, 0, 2, 1].into()), "[192.0.2.1]");
        assert_eq!(literal("2001:db8::1".parse().unwrap()), "[IPv6:2001:db8::1]");
    }
}
