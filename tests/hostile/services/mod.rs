//! The services, each with the conversations of its checks: as people configure them, and as good servers lead them.

mod files;
mod mail;
mod talk;
mod web;

use ldirectord::model::Service;

use crate::subject::Subject;

/// The checks of a service.
pub(crate) fn of(service: Service) -> Vec<Subject> {
    match service {
        Service::Agent => vec![talk::agent()],
        Service::Ftp => vec![files::ftp(), files::ftp_to_its_end(), files::ftp_upgraded()],
        Service::Ftps => vec![files::ftps()],
        Service::Grpc => vec![web::grpc(), web::grpc_in_tls()],
        Service::Http => vec![web::http(), web::http_redirected(), web::http_in_chunks()],
        Service::HttpProxy => vec![web::http_proxy()],
        Service::Https => vec![web::https()],
        Service::Imap => vec![mail::imap(), mail::imap_upgraded()],
        Service::Imaps => vec![mail::imaps()],
        Service::Nntp => vec![mail::nntp(), mail::nntp_upgraded()],
        Service::None => vec![talk::none()],
        Service::Pop => vec![mail::pop(), mail::pop_upgraded()],
        Service::Pops => vec![mail::pops()],
        Service::Redis => vec![talk::redis(), talk::redis_in_tls()],
        Service::Simpletcp => vec![talk::simpletcp(), talk::simpletcp_in_tls(), talk::dialogue()],
        Service::Smtp => vec![mail::smtp(), mail::smtp_in_tls()],
        Service::Submission => vec![mail::submission()],
        Service::Tls => vec![talk::tls()],
        Service::Udp => vec![talk::udp()],
        Service::Dns
        | Service::Ldap
        | Service::Ldaps
        | Service::Mysql
        | Service::Oracle
        | Service::Pgsql
        | Service::Radius
        | Service::Sip => Vec::new(),
    }
}
