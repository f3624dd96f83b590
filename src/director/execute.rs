//! Directors of other configurations that go with this one: started once this one serves, reloaded with it, and stopped
//! with it. A restart, which leaves the table to the next process, leaves them running too.

use std::sync::Arc;

use super::{
    Director, Effect,
    hook::{Hook, Order},
};

impl Director {
    /// All of them are told.
    pub(super) fn execute_all(&self, order: Order, fx: &mut Vec<Effect>) {
        tell(&self.config.settings.execute, order, fx);
    }

    /// A new configuration is in force. Those of the one `before` run, unless this one has not been ready yet.
    pub(super) fn execute_anew(&self, before: &[Arc<str>], fx: &mut Vec<Effect>) {
        if self.life.starting() {
            return;
        }
        let now = &self.config.settings.execute;
        let gone: Vec<Arc<str>> = before.iter().filter(|name| !now.contains(name)).cloned().collect();
        let (stay, new): (Vec<_>, Vec<_>) = now.iter().cloned().partition(|name| before.contains(name));
        tell(&gone, Order::Stop, fx);
        tell(&stay, Order::Reload, fx);
        tell(&new, Order::Start, fx);
    }
}

fn tell(configurations: &[Arc<str>], order: Order, fx: &mut Vec<Effect>) {
    let hooks = configurations.iter().map(|name| Hook::Execute { configuration: name.clone(), order });
    fx.extend(hooks.map(Effect::Run));
}
