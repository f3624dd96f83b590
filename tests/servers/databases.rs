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
        services: vec![mysql()],
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
        services: vec![pgsql().ready_when("grep -q ready /srv/postgresql/data/postmaster.pid")],
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
        services: vec![ldap(), ldaps(), Service::connect(389)],
    }
}

/// Who logs in, to which database.
const MONITOR: &str = "login = \"monitor\"\npasswd = \"secret\"\ndatabase = \"shop\"\n";

fn mysql() -> Service {
    let lines = format!("service = mysql\n{MONITOR}");
    Service::tcp("mysql", 3306, &lines, "request = \"SELECT state FROM orders\"\n", "logging in")
        .also("with the login alone", "")
        .also("with TLS", "request = \"SELECT 1\"\ntls = starttls\n")
        .also(
            "with TLS and a name",
            "tls = starttls\ntls-verify = full\ntls-servername = \"www.example.com\"\n",
        )
        .but(
            "with TLS and another name",
            "tls = starttls\ntls-verify = full\ntls-servername = \"other.example.com\"\n",
            "tls",
            "not made out to",
        )
        .but("no row", "request = \"SELECT state FROM nothing\"\n", "absent", "no row")
        .but("no such table", "request = \"SELECT 1 FROM unknown\"\n", "error", "1146")
        .but("no query", "request = \"SELEKT 1\"\n", "error", "1064")
        .but("wrong password", "passwd = \"secrets\"\n", "login", "Access denied for user 'monitor'")
        .but("wrong password with TLS", "passwd = \"secrets\"\ntls = starttls\n", "login", "Access denied")
        .but("unknown login", "login = \"nobody-here\"\n", "login", "Access denied")
        .but("another's database", "database = \"mysql\"\n", "login", "Access denied")
}

fn pgsql() -> Service {
    let lines = format!("service = pgsql\n{MONITOR}");
    Service::tcp("pgsql", 5432, &lines, "request = \"SELECT state FROM orders\"\n", "logging in")
        .also("with the login alone", "")
        .also("with TLS", "request = \"SELECT 1\"\ntls = starttls\n")
        .but("no row", "request = \"SELECT state FROM nothing\"\n", "absent", "no row")
        .but("no such table", "request = \"SELECT 1 FROM unknown\"\n", "error", "42P01")
        .but("no query", "request = \"SELEKT 1\"\n", "error", "42601")
        .but("wrong password", "passwd = \"secrets\"\n", "login", "password authentication failed")
        .but(
            "wrong password with TLS",
            "passwd = \"secrets\"\ntls = starttls\n",
            "login",
            "password authentication failed",
        )
        .but("unknown login", "login = \"nobody-here\"\n", "login", "password authentication failed")
        .but("unknown database", "database = \"unknown\"\n", "error", "3D000")
}

fn ldap() -> Service {
    let lines = "service = ldap\nrequest = \"dc=example,dc=com\"\n";
    entry(Service::tcp("ldap", 389, lines, "receive = \"^dc=example\"\n", "logging in"))
        .also("with TLS", "tls = starttls\n")
}

fn ldaps() -> Service {
    let lines = "service = ldaps\nrequest = \"dc=example,dc=com\"\n";
    entry(Service::tcp("ldaps", 636, lines, "receive = \"^dc=example\"\n", "TLS handshake"))
}

fn entry(service: Service) -> Service {
    let login = "login = \"cn=monitor,dc=example,dc=com\"\npasswd = \"secret\"\n";
    let other = "login = \"cn=monitor,dc=example,dc=com\"\npasswd = \"secrets\"\n";
    service
        .also("with a login", login)
        .also("the server itself", "request = \"/\"\n")
        .but("wrong answer", "receive = \"^dc=other\"\n", "mismatch", "got \"dc=example,dc=com\"")
        .but("wrong password", other, "login", "49 invalidCredentials")
        .but("no such entry", "request = \"ou=unknown,dc=example,dc=com\"\n", "error", "32 noSuchObject")
        .but("another directory", "request = \"dc=org\"\n", "error", "32 noSuchObject")
        .but("no name", "request = \"example\"\n", "error", "34 invalidDNSyntax")
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
