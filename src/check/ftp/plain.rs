//! FTP in the clear, spoken by suppaftp.

use std::io;

use futures_util::FutureExt as _;
use socket2::SockRef;
use suppaftp::{
    FtpError, Mode,
    tokio::AsyncFtpStream,
    types::{FileType, Response},
};

use super::data_failure;
use crate::{
    check::{
        Ask, content,
        net::{self, Ack},
        trouble,
    },
    health::{Evidence, Failure, Stage},
    model::FtpCheck,
};

/// Fetches the file once.
pub(super) async fn probe(ask: &Ask<'_>, check: &FtpCheck) -> Result<Evidence, Failure> {
    let mut ftp = log_in(ask, check).await?;
    // Nothing to fetch: the login was all there is to prove, and the configuration was warned of it.
    let Some(request) = &check.request else {
        take_leave(&mut ftp).await;
        return Ok(Evidence::default());
    };
    ask.enter(Stage::Answer);
    let answer = |error| failure(error, Stage::Answer);
    ftp.transfer_type(FileType::Binary).await.map_err(answer)?;
    let mut file = ftp.retr_as_stream(request).await.map_err(answer)?;

    ask.enter(Stage::Transfer);
    let transfer = |error: io::Error| trouble::failure(&error, Stage::Transfer);
    let mut content = Vec::new();
    // Without a pattern the transfer must complete, so all is read and nothing kept.
    let mut keep = |bytes: &[u8]| check.expected.is_anything() || content::keep(&mut content, bytes);
    let whole = loop {
        match net::receive(&mut file, |bytes| (bytes.is_empty(), keep(bytes))).await.map_err(transfer)? {
            (true, _) => break true,
            (false, true) => {}
            (false, false) => break false,
        }
    };
    if whole {
        file.finish().await.map_err(|error| failure(error, Stage::Transfer))?;
    }
    content::judge(&check.expected, &content)?;
    if whole {
        take_leave(&mut ftp).await;
    }
    Ok(Evidence::default())
}

async fn log_in(ask: &Ask<'_>, check: &FtpCheck) -> Result<AsyncFtpStream, Failure> {
    let (target, route) = (ask.spec.target, ask.spec.route);
    // The server speaks first: a late acknowledgement would only delay it.
    let stream = ask.dial(Ack::Prompt).await?;
    ask.enter(Stage::Login);
    let mut ftp = AsyncFtpStream::connect_with_stream(stream)
        .await
        .map_err(|error| failure(error, Stage::Login))?
        .passive_stream_builder(move |address| {
            Box::pin(async move {
                net::dial(address, route, Ack::Prompt).await.map_err(FtpError::ConnectionError)
            })
        });
    ftp.set_passive_nat_workaround(true);
    if target.is_ipv6() {
        ftp.set_mode(Mode::ExtendedPassive);
    }
    ftp.login(check.login.name.as_str(), check.login.passwd.reveal()).await.map_err(|error| match error {
        FtpError::UnexpectedResponse(reply) => refused(&reply),
        FtpError::ConnectionError(_)
        | FtpError::BadResponse
        | FtpError::InvalidAddress(_)
        | FtpError::DataConnectionAlreadyOpen => failure(error, Stage::Login),
    })?;
    Ok(ftp)
}

/// Says goodbye and does not wait for the answer: the check has passed, and a server that hangs now must not change
/// that. The connection is closed in the ordinary way, so that the server still reads the goodbye.
async fn take_leave(ftp: &mut AsyncFtpStream) {
    {
        let socket = ftp.get_ref().await;
        // Without this the connection is reset, which is as well.
        let _ = SockRef::from(&*socket).set_linger(None);
    }
    let _ = ftp.quit().now_or_never();
}

/// A login that was refused; but 421 says that the server is going down or is full, whoever asks (RFC 959, 5.4).
fn refused(reply: &Response) -> Failure {
    match code(reply) {
        421 => status(reply),
        _ => Failure::Login(text(reply)),
    }
}

fn status(reply: &Response) -> Failure {
    Failure::Status { code: code(reply), text: text(reply) }
}

/// What the library's errors mean in this stage.
fn failure(error: FtpError, stage: Stage) -> Failure {
    match error {
        FtpError::ConnectionError(error) => io_failure(&error, stage),
        FtpError::UnexpectedResponse(reply) => status(&reply),
        FtpError::BadResponse => Failure::Protocol("malformed FTP reply".to_owned()),
        FtpError::InvalidAddress(_) | FtpError::DataConnectionAlreadyOpen => {
            Failure::Protocol(error.to_string())
        }
    }
}

fn io_failure(error: &io::Error, stage: Stage) -> Failure {
    // An endless reply; or a line end in our own command, of which only the configuration can be the cause.
    if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) {
        return Failure::Protocol(trouble::words(error));
    }
    data_failure(trouble::failure(error, stage))
}

/// The number of a reply. The library forgets those it does not know.
fn code(reply: &Response) -> u16 {
    let digits = reply.body.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// The server's words, without the number.
fn text(reply: &Response) -> String {
    Failure::excerpt(reply.body.get(4..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use suppaftp::Status;

    use super::*;

    #[test]
    fn replies_keep_their_number_and_words() {
        let reply = Response::new(Status::Unknown, b"534-Policy\r\n534 requires TLS\r\n".to_vec());
        assert_eq!(code(&reply), 534);
        assert_eq!(text(&reply), "Policy..534 requires TLS");
        let nothing = Response::new(Status::Unknown, Vec::new());
        assert_eq!((code(&nothing), text(&nothing)), (0, String::new()));
    }
}
