//! The command line's end. Blocking: a command does nothing else.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use super::Question;

/// What the director answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; with words, where there are any.
    Done(String),
    /// The configuration was rejected, with its diagnostics.
    Rejected(String),
    /// It cannot be done.
    Refused(String),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens: no director of this instance runs.
    #[error("no director listens")]
    Nobody,
    /// The director does not answer.
    #[error("the director does not answer: {0}")]
    Silent(io::Error),
}

/// Asks the director behind a socket and waits for its answer, at most this long.
///
/// # Errors
/// Nobody listens, or nobody answers in time.
pub fn ask(socket: &Path, question: Question, patience: Duration) -> Result<Answer, ControlError> {
    let nobody = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
    };
    let mut stream = UnixStream::connect(socket)
        .map_err(|error| if nobody(&error) { ControlError::Nobody } else { ControlError::Silent(error) })?;
    let mut exchange = || {
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(format!("{}\n", question.word()).as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = exchange().map_err(ControlError::Silent)?;
    let (word, words) = text.split_once('\n').unwrap_or((&text, ""));
    let words = words.trim_end().to_owned();
    match word {
        "ok" => Ok(Answer::Done(words)),
        "rejected" => Ok(Answer::Rejected(words)),
        // It ended before it could answer, which a director that was told to leave may.
        "" if question == Question::Leave => Ok(Answer::Done(words)),
        _ => Ok(Answer::Refused(words)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch;

    use super::*;
    use crate::{
        control::{ControlServer, serve},
        director::{Command, Refusal, Snapshot},
        inbox::{self, Input},
    };

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the blocking client needs a thread of its own")]
    fn questions_reach_the_loop_and_answers_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("www.sock");
        assert!(matches!(ask(&path, Question::Status, Duration::from_secs(5)), Err(ControlError::Nobody)));
        let server = ControlServer::bind(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (inbox, mut queue) = inbox::channel();
        let (_keep, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let asked = path.clone();
        let client = std::thread::spawn(move || {
            let ask = |question| ask(&asked, question, Duration::from_secs(5)).unwrap();
            (ask(Question::Status), ask(Question::Reload), ask(Question::Reload))
        });
        let answers = runtime.block_on(async {
            let loop_ = async {
                for answer in [Ok(()), Err(Refusal::InvalidConfig("www.cf:3: error".into()))] {
                    let Some(Input::Ask(Command::Reload, reply)) = queue.recv().await else { panic!() };
                    reply.send(answer).unwrap();
                }
                std::future::pending::<()>().await;
            };
            let joined = tokio::task::spawn_blocking(move || client.join().unwrap());
            tokio::select! {
                () = loop_ => unreachable!(),
                end = serve(server, inbox, snapshots) => panic!("{end:?}"),
                answers = joined => answers.unwrap(),
            }
        });
        assert_eq!(answers.0, Answer::Done("0 virtual, 0/0 real up".into()));
        assert_eq!(answers.1, Answer::Done(String::new()));
        assert_eq!(answers.2, Answer::Rejected("www.cf:3: error".into()));
    }
}
