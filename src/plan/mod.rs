//! From health to table: what the table should be, the changes that lead there, and the bookkeeping of getting it
//! done. Pure: no I/O, no clock; the time is handed in. Knows nothing of checks or of people.

mod desired;
mod diff;
mod outcome;
mod reconciler;
mod target;

pub use desired::{Standing, Wanted, desired, settings_of};
pub use diff::{Policy, diff};
pub use outcome::{DestChange, Failed, ForeignChange, Outcome, TableChange};
pub use reconciler::{Done, Job, Reconciler};
