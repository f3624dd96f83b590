//! NNTP (RFC 3977): a greeting and QUIT; STARTTLS by RFC 4642.

use crate::{
    check::reply::{Language, refuses_tls},
    check::talk::Talk,
    health::{Evidence, Failure, Stage},
};

/// Posting is allowed, or it is not: both serve readers.
const GREETINGS: [u16; 2] = [200, 201];
const GO_ON_WITH_TLS: u16 = 382;

pub(super) async fn probe(mut talk: Talk<'_>) -> Result<Evidence, Failure> {
    let greeting = talk.reply(Language::Nntp, Stage::Login).await?;
    if !GREETINGS.contains(&greeting.code) {
        return Err(greeting.failure());
    }
    if talk.wants_upgrade() {
        talk.say("STARTTLS", Stage::Tls).await?;
        let answer = talk.reply(Language::Nntp, Stage::Tls).await?;
        if answer.code != GO_ON_WITH_TLS {
            return Err(refuses_tls("STARTTLS", format!("{} {}", answer.code, answer.text()).as_bytes()));
        }
        talk = talk.secure().await?;
    }
    Ok(talk.leave("QUIT"))
}
