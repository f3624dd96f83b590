//! Databases and directories.

use crate::{server::Server, service::Service};

pub(crate) fn servers() -> Vec<Server> {
    vec![mariadb(), postgresql(), redis(), slapd()]
}

fn mariadb() -> Server {
    Server {
        name: "mariadb",
        package: "mariadb-server",
        files: vec![("init.sql", include_str!("data/mariadb.sql").to_owned())],
        script: "install -d -o mysql -g mysql data
            mariadb-install-db --no-defaults --datadir=/srv/mariadb/data --user=mysql --skip-test-db --skip-log-bin \
                --innodb-buffer-pool-size=16M --innodb-log-file-size=4M >install.log
            mariadbd --no-defaults --datadir=/srv/mariadb/data --user=mysql --bind-address=127.0.0.1,::1 --skip-name-resolve \
                --socket=/srv/mariadb/data/socket --init-file=/srv/mariadb/init.sql --performance-schema=0 \
                --innodb-buffer-pool-size=16M --innodb-log-file-size=4M --innodb-flush-log-at-trx-commit=0 \
                --ssl-cert=/srv/tls/server.pem --ssl-key=/srv/tls/key.pem",
        services: vec![Service::connect(3306)],
    }
}

fn postgresql() -> Server {
    Server {
        name: "postgresql",
        package: "postgresql",
        files: vec![
            ("init.sql", include_str!("data/postgresql.sql").to_owned()),
            ("hba.conf", "host all all all scram-sha-256\n".to_owned()),
        ],
        script: "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
            install -m 600 -o postgres /srv/tls/key.pem key.pem
            install -d -o postgres data sockets
            as_postgres='setpriv --reuid=postgres --regid=postgres --clear-groups'
            $as_postgres initdb --pgdata=data --no-sync --locale=C --auth=trust >install.log
            echo 'CREATE DATABASE shop' | $as_postgres postgres --single -D data postgres >>install.log
            tr '\\n' ' ' <init.sql | $as_postgres postgres --single -D data shop >>install.log
            $as_postgres postgres -D data -c listen_addresses=127.0.0.1,::1 -c fsync=off -c shared_buffers=8MB \
                -c unix_socket_directories=/srv/postgresql/sockets -c hba_file=/srv/postgresql/hba.conf \
                -c ssl=on -c ssl_cert_file=/srv/tls/server.pem -c ssl_key_file=/srv/postgresql/key.pem",
        services: vec![Service::connect(5432)],
    }
}

fn redis() -> Server {
    Server {
        name: "redis",
        package: "redis-server",
        files: vec![("redis.conf", include_str!("data/redis.conf").to_owned())],
        script: "redis-server /srv/redis/redis.conf",
        services: vec![
            store("redis", 6379, "", "logging in"),
            store("redis in TLS", 6380, "tls = yes\nvirtualhost = www.example.com\n", "in the TLS handshake")
                .named(""),
            lines("simpletcp", 6379, "", "waiting for the answer"),
            lines("simpletcp in TLS", 6380, "tls = yes\n", "in the TLS handshake"),
        ],
    }
}

fn slapd() -> Server {
    Server {
        name: "slapd",
        package: "slapd",
        files: vec![
            ("slapd.conf", include_str!("data/slapd.conf").to_owned()),
            ("init.ldif", include_str!("data/slapd.ldif").to_owned()),
        ],
        script: "mkdir db
            slapadd -q -f slapd.conf -l init.ldif
            slapd -d 0 -f /srv/slapd/slapd.conf -h 'ldap:/// ldaps:///'",
        services: [389, 636].map(Service::connect).into(),
    }
}

fn store(name: &'static str, port: u16, tls: &str, stage: &'static str) -> Service {
    let lines = format!("service = redis\n{tls}");
    Service::tcp(name, port, &lines, "login = \"monitor\"\npasswd = \"secret\"\n", stage)
        .also("without a login", "")
        .also("another question", "request = \"SET state well\"\nreceive = \"OK\"\n")
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "PONG")
        .but("what it does not know", "request = \"KNOW port\"\n", "unavailable", "ERR unknown command")
        .but("what it does not allow", "request = \"CONFIG GET port\"\n", "login", "NOPERM")
        .but("wrong password", "login = \"monitor\"\npasswd = \"secrets\"\n", "login", "WRONGPASS")
        .but("unknown login", "login = \"nobody\"\npasswd = \"secret\"\n", "login", "WRONGPASS")
}

/// Redis takes questions in plain lines as well.
fn lines(name: &'static str, port: u16, tls: &str, stage: &'static str) -> Service {
    let lines = format!("service = simpletcp\n{tls}request = \"PING\\r\\n\"\n");
    Service::tcp(name, port, &lines, "receive = \"^.PONG\"\n", stage)
        .but("wrong answer", "receive = \"all is lost\"\n", "mismatch", "PONG")
        .but("what must not come", "receive-not = \"PONG\"\n", "unwanted", "PONG")
}
