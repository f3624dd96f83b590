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
        services: vec![Service::connect(6379), Service::connect(6380)],
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
        services: vec![Service::connect(389), Service::connect(636)],
    }
}
