//! The control connection of a conversation in TLS: commands, and the replies to them.

use std::{net::SocketAddr, ops::Range};

use super::{data_failure, passive};
use crate::{
    check::{
        Ask,
        net::{self, Ack},
        reply::{Language, Reply, refuses_tls, strange},
        stream::Stream,
        talk::Talk,
        trouble,
    },
    health::{Evidence, Failure, Stage},
    model::{Login, Security},
};

/// A control connection whose server has greeted, in TLS.
pub(super) struct Control<'a> {
    ask: &'a Ask<'a>,
    talk: Talk<'a>,
}

impl<'a> Control<'a> {
    /// Opens it.
    pub(super) async fn open(ask: &'a Ask<'a>, security: &'a Security) -> Result<Self, Failure> {
        let mut control = Self { ask, talk: Talk::open(ask, Some(security)).await? };
        control.wait(Stage::Login, 200..300).await?;
        if control.talk.wants_upgrade() {
            control.talk.say("AUTH TLS", Stage::Tls).await?;
            let answer = control.reply(Stage::Tls).await?;
            if answer.code != 234 {
                return Err(refuses_tls("AUTH TLS", format!("{} {}", answer.code, answer.text()).as_bytes()));
            }
            control.talk = control.talk.secure().await?;
        }
        Ok(control)
    }

    /// Logs in; the server may do without a password.
    pub(super) async fn log_in(&mut self, login: &Login) -> Result<(), Failure> {
        self.say(&format!("USER {}", login.name), Stage::Login).await?;
        let mut answer = self.reply(Stage::Login).await?;
        if answer.code == 331 {
            self.say(&format!("PASS {}", login.passwd.reveal()), Stage::Login).await?;
            answer = self.reply(Stage::Login).await?;
        }
        match answer.code {
            200..300 => Ok(()),
            // It is going down or is full, whoever asks (RFC 959, 5.4).
            421 => Err(answer.failure()),
            _ => Err(Failure::Login(answer.text())),
        }
    }

    /// Data connections from here on have TLS (RFC 4217, 9 and 10).
    pub(super) async fn protect_data(&mut self) -> Result<(), Failure> {
        self.demand("PBSZ 0", Stage::Answer, 200..300).await?;
        self.demand("PROT P", Stage::Answer, 200..300).await
    }

    /// Opens a data connection, bare as yet.
    pub(super) async fn open_data(&mut self) -> Result<Stream, Failure> {
        let target = self.ask.spec.target;
        let (command, code) = if target.is_ipv4() { ("PASV", 227) } else { ("EPSV", 229) };
        self.say(command, Stage::Answer).await?;
        let answer = self.reply(Stage::Answer).await?;
        expect(&answer, code..code + 1)?;
        let port = if target.is_ipv4() { passive::port } else { passive::extended_port };
        let port = port(&answer.words).ok_or_else(|| strange("FTP", &answer.words))?;
        let address = SocketAddr::new(target.ip(), port);
        let data = net::dial(address, self.ask.spec.route, Ack::Prompt).await;
        data.map(Stream::Plain).map_err(|error| data_failure(trouble::failure(&error, Stage::Answer)))
    }

    /// Gives a command, and waits for one of these replies.
    pub(super) async fn demand(
        &mut self,
        command: &str,
        stage: Stage,
        good: Range<u16>,
    ) -> Result<(), Failure> {
        self.say(command, stage).await?;
        self.wait(stage, good).await
    }

    pub(super) async fn say(&mut self, command: &str, stage: Stage) -> Result<(), Failure> {
        self.talk.say(command, stage).await
    }

    async fn wait(&mut self, stage: Stage, good: Range<u16>) -> Result<(), Failure> {
        let answer = self.reply(stage).await?;
        expect(&answer, good)
    }

    pub(super) async fn reply(&mut self, stage: Stage) -> Result<Reply, Failure> {
        self.talk.reply(Language::Ftp, stage).await
    }

    /// The check has passed: says farewell and closes.
    pub(super) fn leave(self) -> Evidence {
        self.talk.leave("QUIT")
    }

    /// The check has passed, and the server is still busy with what nobody wants any more.
    pub(super) fn abandon(self) -> Evidence {
        self.talk.abandon()
    }
}

/// Whether a reply is one of those that are good now.
pub(super) fn expect(reply: &Reply, good: std::ops::Range<u16>) -> Result<(), Failure> {
    if good.contains(&reply.code) { Ok(()) } else { Err(reply.failure()) }
}
