//! The live view on D-Bus: the instance, its virtual services and their real servers as objects, from the director's
//! snapshots.
//!
//! A router of our own answers the calls. There is no object behind an object path: a path is read back to an
//! identity, the identity is found in the snapshot, and the interface's table says what to show of the row. Signals
//! are the difference of two snapshots through the same tables.
//!
//! ```text
//! serve      the place on the bus, taken again and again
//! session    one connection: calls in, answers and signals out
//! call  change  xml      a call's answer; two views' difference; introspection data
//! view       the tree: paths to rows
//! manager  virtual_server  real_server      the tables: what is shown of a row
//! property  interface  wire  path  error    what tables, messages and names are made of
//! ```
//!
//! `client` is the other side, for the command line.

mod call;
mod change;
mod error;
mod interface;
mod manager;
mod path;
mod property;
mod real_server;
mod rights;
mod serve;
mod session;
mod view;
mod virtual_server;
mod wire;
mod xml;

pub mod client;

pub use manager::About;
pub use path::{PREFIX, ROOT, bus_name, real_path, virtual_path};
pub use serve::serve;
pub use session::attend;

/// Which bus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Bus {
    /// The system's, or the one that `DBUS_SYSTEM_BUS_ADDRESS` names.
    #[default]
    System,
    /// The one at this address, e.g. `unix:path=/run/dbus/system_bus_socket`.
    At(String),
}
