//! Who may ask for changes. The bus policy keeps others out already; this is the second lock, and the only one where
//! a policy was written too wide or there is no bus between.

use zbus::{Connection, message::Header};

use super::error::Fault;

/// Lets root pass, and the user the director runs as (who could stop it anyway).
pub(super) async fn may_change(connection: &Connection, call: &Header<'_>) -> Result<(), Fault> {
    let uid = caller(connection, call)
        .await
        .map_err(|error| Fault::access_denied(format!("the caller is not known: {error}")))?;
    if uid == Some(0) || uid == Some(rustix::process::geteuid().as_raw()) {
        Ok(())
    } else {
        Err(Fault::access_denied("only root may do this"))
    }
}

/// The user who sent a call. Unique names are never given out twice, so that nobody can become another caller while
/// the bus is asked.
async fn caller(connection: &Connection, call: &Header<'_>) -> zbus::Result<Option<u32>> {
    if !connection.is_bus() {
        let peer = connection.peer_creds().await.map_err(|error| zbus::Error::Failure(error.to_string()))?;
        return Ok(peer.unix_user_id());
    }
    let Some(sender) = call.sender() else { return Ok(None) };
    let bus = Some("org.freedesktop.DBus");
    let reply =
        connection.call_method(bus, "/org/freedesktop/DBus", bus, "GetConnectionUnixUser", &sender).await?;
    reply.body().deserialize().map(Some)
}
