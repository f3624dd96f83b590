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
            vsftpd /srv/vsftpd/vsftpd.conf",
        services: vec![files(21)],
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
        services: vec![files(2121)],
    }
}

fn files(port: u16) -> Service {
    let lines = "service = ftp\nlogin = \"monitor\"\npasswd = \"secret\"\nrequest = \"file\"\n";
    Service::tcp("ftp", port, lines, "receive = \"all is well\"\n", "logging in")
        .also("with no pattern", "")
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "got \"all is well\"")
        .but("wrong password", "passwd = \"secrets\"\n", "login", "ncorrect")
        .but("unknown login", "login = \"nobody-here\"\n", "login", "ncorrect")
        .but("no such file", "request = \"none\"\n", "status", "550")
}
