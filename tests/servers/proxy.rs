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
        services: vec![proxied()],
    }
}

fn proxied() -> Service {
    let lines = "service = http_proxy\nrequest = \"http://127.0.0.1:8081/page\"\n";
    Service::tcp("http_proxy", 3128, lines, "receive = \"all is well\"\n", "waiting for the answer")
        .also("with no pattern", "")
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "got \"all is well\"")
        .but("no such page", "request = \"http://127.0.0.1:8081/none\"\n", "status", "404")
        .but("nobody behind it", "request = \"http://127.0.0.1:8082/page\"\n", "status", "503")
        .but("what is forbidden", "request = \"http://127.0.0.1:8081/inner\"\n", "status", "403")
}
