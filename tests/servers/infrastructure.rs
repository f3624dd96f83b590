//! Servers of names, logins and calls.

use crate::{server::Server, service::Service};

pub(crate) fn servers() -> Vec<Server> {
    vec![nsd(), freeradius(), kamailio(), grpc()]
}

fn nsd() -> Server {
    Server {
        name: "nsd",
        package: "nsd",
        files: vec![
            ("nsd.conf", include_str!("data/nsd.conf").to_owned()),
            ("example.com.zone", include_str!("data/example.com.zone").to_owned()),
            ("192.0.2.zone", include_str!("data/192.0.2.zone").to_owned()),
        ],
        script: "chown nsd .
            nsd -d -c /srv/nsd/nsd.conf",
        services: vec![Service::connect(53)],
    }
}

fn freeradius() -> Server {
    Server {
        name: "freeradius",
        package: "freeradius",
        files: vec![
            ("radiusd.conf", include_str!("data/radiusd.conf").to_owned()),
            ("users", "monitor Cleartext-Password := \"secret\"\n".to_owned()),
        ],
        script: "freeradius -f -l stdout -d /srv/freeradius -n radiusd",
        services: vec![],
    }
}

fn kamailio() -> Server {
    Server {
        name: "kamailio",
        package: "kamailio",
        files: vec![("kamailio.cfg", include_str!("data/kamailio.cfg").to_owned())],
        script: "kamailio -DD -E -m 32 -M 4 -f /srv/kamailio/kamailio.cfg",
        services: vec![Service::connect(5060), Service::connect(5061)],
    }
}

fn grpc() -> Server {
    Server {
        name: "grpc",
        package: "python3-grpcio",
        files: vec![("health.py", include_str!("data/health.py").to_owned())],
        script: "python3 health.py",
        services: vec![
            health(Service::tcp("grpc", 50051, "service = grpc\n", "", "waiting for the answer")),
            health(Service::tcp(
                "grpc in TLS",
                50052,
                "service = grpc\ntls = yes\n",
                "",
                "in the TLS handshake",
            ))
            .named(""),
        ],
    }
}

fn health(service: Service) -> Service {
    service
        .also("a service", "request = \"shop\"\n")
        .but("one that is broken", "request = \"broken\"\n", "unavailable", "NOT_SERVING")
        .but("one that is unknown", "request = \"unknown\"\n", "error", "NOT_FOUND: unknown service")
}
