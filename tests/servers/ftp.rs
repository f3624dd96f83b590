//! Servers of files.

use crate::{server::Server, service::Service};

pub(crate) fn servers() -> Vec<Server> {
    vec![vsftpd(), proftpd()]
}

fn vsftpd() -> Server {
    Server {
        name: "vsftpd",
        package: "vsftpd",
        files: vec![
            ("vsftpd.conf", include_str!("data/vsftpd.conf").to_owned()),
            (
                "/etc/pam.d/vsftpd-test",
                "auth required pam_unix.so\naccount required pam_permit.so\n".to_owned(),
            ),
            ("empty/none", String::new()),
            ("home/file", "all is well".to_owned()),
        ],
        script: "rm empty/none
            useradd --home-dir /srv/vsftpd/home --password \"$(openssl passwd -6 secret)\" monitor
            { cat vsftpd.conf; echo implicit_ssl=YES; } | sed s/listen_port=21/listen_port=990/ >secure.conf
            sed -e s/listen_port=990/listen_port=991/ -e s/reuse=NO/reuse=YES/ secure.conf >resumed.conf
            vsftpd /srv/vsftpd/secure.conf &
            vsftpd /srv/vsftpd/resumed.conf &
            vsftpd /srv/vsftpd/vsftpd.conf",
        services: vec![
            started_later(files("ftp", 21, "logging in")),
            // Which vsftpd's own default is: nothing shows that both connections are of one client.
            files("ftps", 990, "in the TLS handshake").at_ports(&[991]).but(
                "the session of one connection wanted in the other",
                "checkport = 991\n",
                "status",
                "session reuse required",
            ),
        ],
    }
}

fn proftpd() -> Server {
    Server {
        name: "proftpd",
        package: "proftpd-core",
        files: vec![
            ("proftpd.conf", include_str!("data/proftpd.conf").to_owned()),
            ("groups", "nogroup:x:65534:\n".to_owned()),
            ("home/file", "all is well".to_owned()),
        ],
        script: "echo \"monitor:$(openssl passwd -6 secret):65534:65534::/srv/proftpd/home:/bin/sh\" >users
            chmod 600 users
            proftpd --nodaemon --config /srv/proftpd/proftpd.conf",
        services: vec![started_later(files("ftp", 2121, "logging in"))],
    }
}

fn files(name: &'static str, port: u16, stage: &'static str) -> Service {
    let lines = "login = \"monitor\"\npasswd = \"secret\"\nrequest = \"file\"\n";
    let lines = format!("service = {name}\n{lines}");
    Service::tcp(name, port, &lines, "receive = \"all is well\"\n", stage)
        .also("with no pattern", "")
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "got \"all is well\"")
        .but("wrong password", "passwd = \"secrets\"\n", "login", "ncorrect")
        .but("unknown login", "login = \"nobody-here\"\n", "login", "ncorrect")
        .but("no such file", "request = \"none\"\n", "status", "550")
}

fn started_later(service: Service) -> Service {
    service.also("in TLS", "tls = starttls\nreceive = \"all is well\"\n").named("tls = starttls\n").but(
        "in TLS, wrong password",
        "tls = starttls\npasswd = \"secrets\"\n",
        "login",
        "ncorrect",
    )
}
