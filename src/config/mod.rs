//! From the text of a configuration file to [`model::Config`](crate::model::Config).
//!
//! ```text
//! path ─find──▶ file ─lexer──▶ lines ─parser──▶ sections ─fill──▶ draft ─lower──▶ model::Config
//!               │    └──────── classic ───────┘    │     values         defaults, inheritance, names
//!               └────toml──▶ document ──▶ keys ────┘
//!                    └──────── native ───────┘
//! ```
//!
//! Nothing after [`load()`] looks at text again. All that is wrong with a file is found in one pass and told with its
//! place: an error rejects the whole file, a warning says how something was understood.
//!
//! This room knows no task, no socket, no process and no clock. Files and names come through [`ReadFile`] and
//! [`Resolver`]; both may block, so whoever calls [`load()`] does it away from the decisions.

mod classic;
mod command_line;
mod convert;
mod diagnostic;
mod draft;
mod duration;
mod escape;
mod execute;
mod files;
mod find;
mod grammar;
mod instance;
mod load;
mod lower;
#[cfg(test)]
pub(crate) mod manual;
mod native;
mod places;
mod resolve;
mod show;
mod source;
mod suggest;
mod system;

pub use convert::{Converted, convert};
pub use diagnostic::{Diagnostic, Severity};
pub use execute::executed;
pub use files::{Fingerprint, MemoryFiles, ReadFile, SourceFile, SourceSet};
pub use find::{FindError, SEARCH_PATH, find};
pub use grammar::Grammar;
pub use instance::{DEFAULT_NAME, Instance, instance_of, pid_file};
pub use load::{Loaded, Rejected, load};
pub use resolve::{Resolver, TableResolver, Unresolved};
pub use show::Shown;
pub use source::{Position, Source, Span, Spanned};
pub use system::{SystemFiles, SystemResolver};
