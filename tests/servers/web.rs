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
        services: vec![guarded(pages(80)), secure_pages(443), handshake(443)],
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
    rows(Service::tcp("https", port, lines, WELL, "in the TLS handshake")).named("")
}

/// What else can be wanted of a page.
fn guarded(service: Service) -> Service {
    let with = |passwd| format!("request = \"/inner\"\nrequest-header = \"Authorization: Basic {passwd}\"\n");
    service
        .also("a password, which is wanted", "request = \"/inner\"\nhttpstatus = 401\n")
        .also("the password", &with("bW9uaXRvcjpzZWNyZXQ="))
        .also("a field of the head", "receive-header = \"Content-Length: ^11$\"\n")
        .but("wrong password", &with("bW9uaXRvcjpzZWNyZXRz"), "status", "401")
        .but("no password", "request = \"/inner\"\n", "status", "401")
        .but(
            "another field of the head",
            "receive-header = \"Content-Length: ^12$\"\n",
            "header",
            "got \"11\"",
        )
        .but("what must not come", "receive-not = \"well\"\n", "unwanted", "got \"all is well\"")
        .but("another status", "httpstatus = 204, 404\n", "status", "200")
        .but("what it does not take", "httpmethod = POST\nrequest-body = \"a=b\"\n", "status", "405")
}

fn handshake(port: u16) -> Service {
    Service::tcp("tls", port, "service = tls\n", "", "in the TLS handshake")
        .named("")
        .also("a certificate for a while", "tls-expiry-failure = 29d\n")
        .but("not for long enough", "tls-expiry-failure = 31d\n", "tls", "certificate ends in ")
        .but("no TLS", "checkport = 80\n", "tls", "server does not speak TLS")
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
