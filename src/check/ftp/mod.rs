//! FTP (RFC 959), also with TLS (RFC 4217): log in, fetch a file, match it.
//!
//! Passive mode always, and the data connection goes to the address that is checked, whatever the server says of its
//! own (servers behind NAT tell private ones, malicious ones tell others). IPv6 uses EPSV (RFC 2428). Binary type, so
//! that what is matched is what the file holds. Where the control connection has TLS, the data connection has it too.

mod control;
pub mod passive;

use futures_util::future::try_join;

use self::control::Control;
use super::{Ask, content, net, reply::Reply, stream::Stream, trouble};
use crate::{
    health::{Evidence, Failure, Stage},
    model::FtpCheck,
};

/// Fetches the file once.
pub(super) async fn probe(ask: &Ask<'_>, check: &FtpCheck) -> Result<Evidence, Failure> {
    let mut control = Control::open(ask, check.tls.as_deref()).await?;
    control.log_in(&check.login).await?;
    // Nothing to fetch: the login was all there is to prove, and the configuration was warned of it.
    let Some(request) = &check.request else { return Ok(control.leave()) };
    if check.tls.is_some() {
        control.protect_data().await?;
    }
    control.demand("TYPE I", Stage::Answer, 200..300).await?;
    let data = control.open_data().await?;
    let mut data = begin(ask, &mut control, data, check, request).await?;

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

/// Asks for the file. With TLS some servers shake hands before they say that they begin, most of them afterwards.
async fn begin(
    ask: &Ask<'_>,
    control: &mut Control<'_>,
    data: Stream,
    check: &FtpCheck,
    request: &str,
) -> Result<Stream, Failure> {
    control.say(&format!("RETR {request}"), Stage::Answer).await?;
    let answered = async {
        let answer = control.reply(Stage::Answer).await?;
        expect(&answer, 100..200)?;
        if check.tls.is_some() {
            ask.enter(Stage::Tls);
        }
        Ok(())
    };
    let protected = async {
        match check.tls.as_deref() {
            Some(security) => ask.secure(data, security).await.map(|(data, _)| data),
            None => Ok(data),
        }
    };
    let (data, ()) = try_join(protected, answered).await?;
    Ok(data)
}

/// Whether a reply is one of those that are good now.
fn expect(reply: &Reply, good: std::ops::Range<u16>) -> Result<(), Failure> {
    if good.contains(&reply.code) { Ok(()) } else { Err(reply.failure()) }
}
