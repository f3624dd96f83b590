//! What the command line asks over the bus.

use std::time::Duration;

use zbus::{Connection, DBusError as _, OwnedObjectPath};

use super::{
    Bus,
    error::{INVALID_CONFIG, STOPPING, own_name},
    path,
};

/// How long the service manager may take to say what it is doing with us.
const PATIENCE: Duration = Duration::from_secs(1);
const SYSTEMD: &str = "org.freedesktop.systemd1";
/// Where systemd itself listens for root.
const SYSTEMD_PRIVATE: &str = "unix:path=/run/systemd/private";

/// Why a director did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The configuration was rejected, with these diagnostics; the one before stays in force.
    #[error("{0}")]
    InvalidConfig(String),
    /// It is stopping.
    #[error("the director is stopping")]
    Stopping,
    /// No such instance is on the bus.
    #[error("there is no director '{0}' on the bus")]
    NotRunning(String),
    /// The caller may not.
    #[error("access denied: {0}")]
    Denied(String),
    /// The bus cannot be reached, or something else is wrong with it.
    #[error("{0}")]
    Bus(String),
}

/// Has an instance load its configuration again; returns when it is in force or rejected.
///
/// # Errors
/// It was not loaded, or nobody could be asked.
pub async fn reload(bus: &Bus, instance: &str) -> Result<(), CallError> {
    let connection = bus.builder().build().await.map_err(|error| CallError::Bus(error.to_string()))?;
    let (name, interface) = (path::bus_name(instance), format!("{}.Manager", path::PREFIX));
    let reply = connection.call_method(Some(name), path::ROOT, Some(interface), "Reload", &()).await;
    reply.map(drop).map_err(|error| call_error(&error, instance))
}

fn call_error(error: &zbus::Error, instance: &str) -> CallError {
    let Some((name, text)) = named(error) else { return CallError::Bus(error.to_string()) };
    match name.strip_prefix("org.freedesktop.DBus.Error.") {
        Some("ServiceUnknown" | "NameHasNoOwner") => CallError::NotRunning(instance.to_owned()),
        Some("AccessDenied") => CallError::Denied(text),
        None if name == own_name(INVALID_CONFIG) => CallError::InvalidConfig(text),
        None if name == own_name(STOPPING) => CallError::Stopping,
        Some(_) | None => CallError::Bus(error.to_string()),
    }
}

/// Name and words of an error reply.
fn named(error: &zbus::Error) -> Option<(String, String)> {
    if let zbus::Error::MethodError(name, text, _) = error {
        return Some((name.to_string(), text.clone().unwrap_or_default()));
    }
    if let zbus::Error::FDO(standard) = error {
        return Some((standard.name().to_string(), standard.description().unwrap_or_default().to_owned()));
    }
    None
}

/// The kind of job (`stop`, `restart`, ...) that systemd has for the unit of a process, usually our own: a stop that is
/// half of a restart leaves the table. `None` where there is no job.
///
/// # Errors
/// In words, why nobody could be asked; an answer is waited for for a second.
pub async fn unit_job_type(bus: &Bus, pid: u32) -> Result<Option<String>, String> {
    let asked = tokio::time::timeout(PATIENCE, ask_job_type(bus, pid)).await;
    asked.map_err(|_| "systemd does not answer".to_owned())?
}

async fn ask_job_type(bus: &Bus, pid: u32) -> Result<Option<String>, String> {
    let on_bus = async { job_type(&bus.builder().build().await?, pid).await };
    let on_bus = on_bus.await.map_err(|error| error.to_string());
    let Bus::System = bus else { return on_bus };
    // systemd's own socket as well: a restart must leave the table even while there is no bus.
    let private = zbus::connection::Builder::address(SYSTEMD_PRIVATE).p2p();
    let directly = async { job_type(&private.build().await?, pid).await };
    match on_bus {
        Err(first) => directly.await.map_err(|error| format!("{first}; {error}")),
        answer => answer,
    }
}

async fn job_type(connection: &Connection, pid: u32) -> zbus::Result<Option<String>> {
    let manager = Some("org.freedesktop.systemd1.Manager");
    let unit = connection
        .call_method(Some(SYSTEMD), "/org/freedesktop/systemd1", manager, "GetUnitByPID", &pid)
        .await?;
    let unit: OwnedObjectPath = unit.body().deserialize()?;
    let job = property(connection, &unit, "org.freedesktop.systemd1.Unit", "Job").await?;
    let (id, job): (u32, OwnedObjectPath) = job.try_into()?;
    if id == 0 {
        return Ok(None);
    }
    let kind = property(connection, &job, "org.freedesktop.systemd1.Job", "JobType").await?;
    Ok(Some(kind.try_into()?))
}

async fn property(
    connection: &Connection,
    path: &OwnedObjectPath,
    interface: &str,
    name: &str,
) -> zbus::Result<zbus::OwnedVariant> {
    let properties = Some("org.freedesktop.DBus.Properties");
    let value = connection.call_method(Some(SYSTEMD), path, properties, "Get", &(interface, name)).await?;
    value.body().deserialize()
}
