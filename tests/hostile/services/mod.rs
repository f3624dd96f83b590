//! The services, each with the conversations of its checks: as people configure them, and as good servers lead them.

mod files;
mod web;

use ldirectord::model::Service;

use crate::subject::Subject;

/// The checks of a service.
pub(crate) fn of(service: Service) -> Vec<Subject> {
    match service {
        // Nothing is said: whoever listens is well.
        Service::None => vec![Subject::new("connect", "service = none", Vec::new())],
        Service::Http => vec![web::http(), web::http_redirected(), web::http_in_chunks()],
        Service::Https => vec![web::https()],
        Service::HttpProxy => vec![web::http_proxy()],
        Service::Grpc => vec![web::grpc(), web::grpc_in_tls()],
        Service::Ftp => vec![files::ftp(), files::ftp_to_its_end()],
        Service::Agent
        | Service::Dns
        | Service::Ftps
        | Service::Imap
        | Service::Imaps
        | Service::Ldap
        | Service::Ldaps
        | Service::Mysql
        | Service::Nntp
        | Service::Oracle
        | Service::Pgsql
        | Service::Pop
        | Service::Pops
        | Service::Radius
        | Service::Redis
        | Service::Simpletcp
        | Service::Sip
        | Service::Smtp
        | Service::Submission
        | Service::Tls
        | Service::Udp => Vec::new(),
    }
}
