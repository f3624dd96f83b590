//! FTP in TLS (RFC 4217), from the beginning or after AUTH TLS: a conversation of our own. The library dials by itself where TLS
//! begins at once, and makes words of what goes wrong in a handshake.

use futures_util::future::try_join;

use super::control::{Control, expect};
use crate::{
    check::{Ask, content, net, stream::Stream, trouble},
    health::{Evidence, Failure, Stage},
    model::{FtpCheck, Security},
};

/// Fetches the file once.
pub(super) async fn probe(ask: &Ask<'_>, check: &FtpCheck, security: &Security) -> Result<Evidence, Failure> {
    let mut control = Control::open(ask, security).await?;
    control.log_in(&check.login).await?;
    // Nothing to fetch: the login was all there is to prove, and the configuration was warned of it.
    let Some(request) = &check.request else { return Ok(control.leave()) };
    control.protect_data().await?;
    control.demand("TYPE I", Stage::Answer, 200..300).await?;
    let data = control.open_data().await?;
    let mut data = begin(ask, &mut control, data, security, request).await?;

    ask.enter(Stage::Transfer);
    let mut content = Vec::new();
    // Without a pattern the transfer must complete, so all is read and nothing kept.
    let mut keep = |bytes: &[u8]| check.expected.is_anything() || content::keep(&mut content, bytes);
    let whole = loop {
        let received = net::receive(&mut data, |bytes| (bytes.is_empty(), keep(bytes))).await;
        match received.map_err(|error| trouble::failure(&error, Stage::Transfer))? {
            (true, _) => break true,
            (false, true) => {}
            (false, false) => break false,
        }
    };
    drop(data);
    if whole {
        let end = control.reply(Stage::Transfer).await?;
        expect(&end, 200..300)?;
    }
    content::judge(&check.expected, &content)?;
    Ok(if whole { control.leave() } else { control.abandon() })
}

/// Asks for the file. Some servers shake hands before they say that they begin, most of them afterwards.
async fn begin(
    ask: &Ask<'_>,
    control: &mut Control<'_>,
    data: Stream,
    security: &Security,
    request: &str,
) -> Result<Stream, Failure> {
    control.say(&format!("RETR {request}"), Stage::Answer).await?;
    let answered = async {
        let answer = control.reply(Stage::Answer).await?;
        expect(&answer, 100..200)?;
        ask.enter(Stage::Tls);
        Ok(())
    };
    let ((data, _), ()) = try_join(ask.secure(data, security), answered).await?;
    Ok(data)
}
