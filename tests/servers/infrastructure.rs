//! Servers of names, logins and calls.

use crate::{server::Server, service::Service};

const NAME: &str = "service = dns\nrequest = \"www.example.com\"\n";
const MONITOR: &str = "login = \"monitor@www.example.com\"\n";

pub(crate) fn servers() -> Vec<Server> {
    vec![nsd(), freeradius(), kamailio(), grpc(), agent()]
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
        services: vec![
            names(Service::udp("dns", 53, NAME, "receive = \"192.0.2.80\"\n", "waiting for the answer")),
            names(Service::tcp(
                "dns over TCP",
                53,
                NAME,
                "receive = \"192.0.2.80\"\n",
                "waiting for the answer",
            )),
            datagram(),
        ],
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
        services: vec![logins()],
    }
}

fn kamailio() -> Server {
    Server {
        name: "kamailio",
        package: "kamailio",
        files: vec![("kamailio.cfg", include_str!("data/kamailio.cfg").to_owned())],
        script: "kamailio -DD -E -m 32 -M 4 -f /srv/kamailio/kamailio.cfg",
        services: vec![
            calls(Service::udp("sip", 5060, "service = sip\n", MONITOR, "waiting for the answer")),
            calls(Service::tcp("sip over TCP", 5060, "service = sip\n", MONITOR, "waiting for the answer")),
            calls(Service::tcp(
                "sip in TLS",
                5061,
                "service = sip\ntls = yes\n",
                MONITOR,
                "in the TLS handshake",
            ))
            .named(""),
        ],
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

/// Agents are programs of whoever runs the servers; this one is of Python, which gRPC brings along.
fn agent() -> Server {
    let lines = "service = agent\ncheckport = 7777\n";
    Server {
        name: "agent",
        package: "python3-grpcio",
        files: vec![("agent.py", include_str!("data/agent.py").to_owned())],
        script: "python3 agent.py",
        services: vec![
            Service::tcp("agent", 7777, lines, "", "waiting for the answer")
                .but("one that says down", "checkport = 7778\n", "unavailable", "agent says down: disk full")
                .but("no agent", "checkport = 7779\n", "protocol", "is no answer of an agent"),
        ],
    }
}

fn names(service: Service) -> Service {
    service
        .also("with no pattern", "")
        .also("AAAA", "querytype = AAAA\nreceive = \"2001:db8::80\"\n")
        .also("CNAME", "request = \"web.example.com\"\nquerytype = CNAME\nreceive = \"www.example.com\"\n")
        .also("by its other name", "request = \"web.example.com\"\nreceive = \"192.0.2.80\"\n")
        .also("MX", "request = \"example.com\"\nquerytype = MX\nreceive = \"mail.example.com\"\n")
        .also("NS", "request = \"example.com\"\nquerytype = NS\nreceive = \"ns.example.com\"\n")
        .also("TXT", "request = \"example.com\"\nquerytype = TXT\nreceive = \"all is well\"\n")
        .also("SOA", "request = \"example.com\"\nquerytype = SOA\nreceive = \"admin.example.com\"\n")
        .also("SRV", "request = \"_http._tcp.example.com\"\nquerytype = SRV\nreceive = \"www.example.com\"\n")
        .also("PTR", "request = \"192.0.2.80\"\nreceive = \"www.example.com\"\n")
        .but("wrong answer", "receive = \"192.0.2.81\"\n", "mismatch", "192.0.2.80")
        .but("no such name", "request = \"none.example.com\"\n", "error", "NXDOMAIN")
        .also(
            "no such record, and no pattern",
            "request = \"mail.example.com\"
querytype = AAAA
",
        )
        .but(
            "no such record",
            "request = \"mail.example.com\"
querytype = AAAA
receive = \".\"
",
            "mismatch",
            "no AAAA record",
        )
        .but("no zone of its", "request = \"www.example.org\"\n", "error", "REFUSED")
}

/// A question to the name server, in bytes: which text is there for example.com?
fn datagram() -> Service {
    let lines = "service = udp
request = \"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x07example\\x03com\\0\\0\\x10\\0\\x01\"
";
    Service::udp("udp", 53, lines, "receive = \"all is well\"\n", "waiting for the answer")
        .also("with no pattern", "")
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "example.com")
        .but(
            "what must not come",
            "receive-not = \"all is well\"\n",
            "unwanted",
            "answer matches /all is well/",
        )
}

fn logins() -> Service {
    const SHARED: &str = "service = radius\nlogin = \"monitor\"\nsecret = \"shared\"\n";
    Service::udp("radius", 1812, SHARED, "passwd = \"secret\"\n", "waiting for the answer")
        .but("wrong password", "passwd = \"wrong\"\n", "login", "login refused: Access-Reject")
        .but(
            "a long wrong password",
            &format!("passwd = \"{}\"\n", "wrong".repeat(20)),
            "login",
            "Access-Reject",
        )
        .but("unknown", "login = \"nobody\"\npasswd = \"secret\"\n", "login", "Access-Reject")
        // Servers do not answer whom they do not know.
        .but(
            "wrong secret",
            "passwd = \"secret\"\nsecret = \"other\"\nnegotiatetimeout = 2\n",
            "timed-out",
            "waiting for the answer",
        )
}

fn calls(service: Service) -> Service {
    service.but("turned away", "login = \"nobody@www.example.com\"\n", "status", "403 Nobody May Not")
}

fn health(service: Service) -> Service {
    service
        .also("a service", "request = \"shop\"\n")
        .but("one that is broken", "request = \"broken\"\n", "unavailable", "NOT_SERVING")
        .but("one that is unknown", "request = \"unknown\"\n", "error", "NOT_FOUND: unknown service")
}
