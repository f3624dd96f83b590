//! Servers of mail and of news.

use crate::{server::Server, service::Service};

pub(crate) fn servers() -> Vec<Server> {
    vec![postfix(), dovecot(), inn()]
}

fn postfix() -> Server {
    Server {
        name: "postfix",
        package: "postfix",
        files: vec![
            ("/etc/postfix/main.cf", include_str!("data/postfix-main.cf").to_owned()),
            ("/etc/postfix/master.cf", include_str!("data/postfix-master.cf").to_owned()),
        ],
        script: "postfix start-fg",
        services: vec![greeting("smtp", 25), greeting("submission", 587), dialogue()],
    }
}

fn greeting(name: &'static str, port: u16) -> Service {
    Service::tcp(name, port, &format!("service = {name}\n"), "", "logging in")
        .at_ports(&[2525, 2526])
        .also("in TLS", "tls = starttls\n")
        .named("tls = starttls\n")
        .but("turned away", "checkport = 2525\n", "status", "554")
        .but(
            "no TLS where it is wanted",
            "checkport = 2526\ntls = starttls\n",
            "tls",
            "server refuses STARTTLS",
        )
}

fn dialogue() -> Service {
    let lines = "service = simpletcp\n";
    let well = "dialogue = \"expect ^220 ; send EHLO director\\r\\n ; expect ^250 ; send QUIT\\r\\n ; expect ^221\"\n";
    let lost = "dialogue = \"expect ^220 ; send HELP\\r\\n ; expect ^214\"\nnegotiatetimeout = 2\n";
    Service::tcp("a dialogue", 25, lines, well, "waiting for the answer").but(
        "wrong answer",
        lost,
        "mismatch",
        "",
    )
}

fn dovecot() -> Server {
    Server {
        name: "dovecot",
        package: "dovecot-imapd",
        files: vec![
            ("dovecot.conf", include_str!("data/dovecot.conf").to_owned()),
            ("users", "monitor:secret\n".to_owned()),
        ],
        script: "mkdir home mail
            chown mail:mail home mail
            dovecot -F -c /srv/dovecot/dovecot.conf",
        services: vec![
            started_later(mailbox("pop", 110, "logging in")).but(
                "another protocol",
                "checkport = 143\n",
                "protocol",
                "",
            ),
            started_later(mailbox("imap", 143, "logging in")).but(
                "another protocol",
                "checkport = 110\n",
                "protocol",
                "",
            ),
            mailbox("pops", 995, "in the TLS handshake").named(""),
            mailbox("imaps", 993, "in the TLS handshake").named(""),
        ],
    }
}

fn mailbox(name: &'static str, port: u16, stage: &'static str) -> Service {
    let login = "login = \"monitor\"\npasswd = \"secret\"\n";
    Service::tcp(name, port, &format!("service = {name}\n"), login, stage)
        .also("without a login", "")
        .but(
            "wrong password",
            "login = \"monitor\"\npasswd = \"secrets\"\n",
            "login",
            "Authentication failed",
        )
        .but("unknown login", "login = \"nobody\"\npasswd = \"secret\"\n", "login", "Authentication failed")
}

fn started_later(service: Service) -> Service {
    let login = "tls = starttls\nlogin = \"monitor\"\n";
    service
        .also("in TLS", &format!("{login}passwd = \"secret\"\n"))
        .but(
            "in TLS, wrong password",
            &format!("{login}passwd = \"secrets\"\n"),
            "login",
            "Authentication failed",
        )
        .named("tls = starttls\n")
}

/// The program for readers listens by itself too: with STARTTLS, with TLS, and for nobody.
fn inn() -> Server {
    Server {
        name: "inn2",
        package: "inn2",
        files: vec![
            ("nobody.conf", String::new()),
            ("inn.conf", "tlscertfile: /srv/tls/server.pem\ntlskeyfile: /srv/inn2/key.pem\n".to_owned()),
        ],
        script: "install -d -o news -g news /run/news
            install -m 600 -o news /srv/tls/key.pem key.pem
            touch /var/lib/news/history.dir
            cat inn.conf >>/etc/news/inn.conf
            sed -i '/^nnrpdloadlimit:/s/[0-9].*/0/' /etc/news/inn.conf
            for readers in '-p 1191' '-p 563 -S' '-p 1190 -c /srv/inn2/nobody.conf'; do
                /usr/lib/news/bin/nnrpd -D -f $readers &
            done
            /usr/lib/news/bin/innd -d",
        services: vec![
            Service::tcp("nntp", 119, "service = nntp\n", "", "logging in")
                .at_ports(&[1190, 1191])
                .named("checkport = 1191\ntls = starttls\n")
                .but("turned away", "checkport = 1190\n", "status", "502"),
            Service::tcp("nntp in TLS", 563, "service = nntp\ntls = yes\n", "", "in the TLS handshake")
                .named(""),
        ],
    }
}
