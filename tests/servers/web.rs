//! Servers of pages.

use crate::{server::Server, service::Service};

const WELL: &str = "receive = \"all is well\"\n";

pub(crate) fn servers() -> Vec<Server> {
    vec![nginx(), apache()]
}

fn nginx() -> Server {
    Server {
        name: "nginx",
        package: "nginx-light",
        files: vec![
            ("nginx.conf", include_str!("data/nginx.conf").to_owned()),
            ("pages/page", "all is well".to_owned()),
            ("pages/inner", "all is well".to_owned()),
            ("users", "monitor:{PLAIN}secret\n".to_owned()),
        ],
        script: "nginx -c /srv/nginx/nginx.conf",
        services: vec![
            pages(80).but("with a password wanted", "request = \"/inner\"\n", "status", "401"),
            secure_pages(443),
        ],
    }
}

fn apache() -> Server {
    Server {
        name: "apache2",
        package: "apache2",
        files: vec![
            ("apache.conf", include_str!("data/apache.conf").to_owned()),
            ("pages/page", "all is well".to_owned()),
        ],
        script: "apache2 -f /srv/apache2/apache.conf -DFOREGROUND",
        services: vec![
            pages(8080).but("what is forbidden", "request = \"/inner\"\n", "status", "403"),
            secure_pages(8443),
        ],
    }
}

fn pages(port: u16) -> Service {
    rows(Service::tcp("http", port, "service = http\nrequest = \"/page\"\n", WELL, "waiting for the answer"))
}

fn secure_pages(port: u16) -> Service {
    let lines = "service = https\nvirtualhost = www.example.com\nrequest = \"/page\"\n";
    rows(Service::tcp("https", port, lines, WELL, "in the TLS handshake"))
        .also("the name verified", "tls-verify = full\n")
        .but("another name", "tls-verify = full\ntls-servername = \"other.example.com\"\n", "tls", "")
}

fn rows(service: Service) -> Service {
    service
        .also("with no pattern", "")
        .also("asked without the page", "httpmethod = HEAD\n")
        .also("after a redirect", "request = \"/old\"\n")
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "got \"all is well\"")
        .but("no such page", "request = \"/none\"\n", "status", "404")
        .but("out of order", "request = \"/broken\"\n", "status", "503")
}
