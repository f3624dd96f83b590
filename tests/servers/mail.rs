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
        services: vec![Service::connect(25), Service::connect(587)],
    }
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
        services: [143, 993, 110, 995].map(Service::connect).into(),
    }
}

fn inn() -> Server {
    Server {
        name: "inn2",
        package: "inn2",
        files: Vec::new(),
        script: "install -d -o news -g news /run/news
            touch /var/lib/news/history.dir
            /usr/lib/news/bin/innd -d",
        services: vec![Service::connect(119)],
    }
}
