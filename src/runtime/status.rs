//! The line `systemctl status` shows.

use crate::director::Snapshot;

/// One line that says how the farm is: counts first, then what is wrong.
pub(super) fn line(snapshot: &Snapshot) -> String {
    let total: usize = snapshot.virtuals.iter().map(|v| v.reals.len()).sum();
    let up: usize = snapshot.virtuals.iter().map(|v| v.serving).sum();
    let mut parts = vec![format!("{} virtual, {up}/{total} real up", snapshot.virtuals.len())];
    let fallbacks = snapshot.virtuals.iter().filter(|v| v.fallback_active).count();
    if fallbacks > 0 {
        parts.push(format!("{fallbacks} on fallback"));
    }
    let dead = snapshot.virtuals.iter().filter(|v| v.serving == 0 && !v.fallback_active).count();
    if dead > 0 {
        parts.push(format!("{dead} without any server"));
    }
    let down = snapshot.virtuals.iter().flat_map(|v| &v.reals).find(|real| !real.state.serves());
    if let Some((real, failure)) = down.and_then(|real| Some((real, real.last_failure.as_ref()?))) {
        let more = total - up - 1;
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        parts.push(format!("{} down: {failure}{more}", real.id));
    }
    if let Some(trouble) = &snapshot.table_trouble {
        parts.push(format!("table: {trouble}"));
    }
    if let Some(first) = &snapshot.config.rejected {
        parts.push(format!("configuration rejected: {first}"));
    } else if snapshot.config.changed_on_disk {
        parts.push("configuration changed on disk, not loaded".to_owned());
    }
    parts.join("; ")
}
