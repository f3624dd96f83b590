//! Proxies.

use crate::{server::Server, service::Service};

pub(crate) fn servers() -> Vec<Server> {
    vec![squid()]
}

/// It fetches from an nginx of its own, behind it.
fn squid() -> Server {
    Server {
        name: "squid",
        package: "squid",
        files: vec![
            ("squid.conf", include_str!("data/squid.conf").to_owned()),
            ("origin.conf", include_str!("data/squid-origin.conf").to_owned()),
            ("pages/page", "all is well".to_owned()),
        ],
        script: "chown proxy .
            nginx -c /srv/squid/origin.conf &
            squid -N -f /srv/squid/squid.conf",
        services: vec![Service::connect(3128)],
    }
}
