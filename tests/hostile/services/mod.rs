//! The services, each with the conversations of its checks: as people configure them, and as good servers lead them.

mod data;
mod files;
mod mail;
mod names;
mod talk;
mod web;

use ldirectord::model::Service;

use crate::subject::Subject;

/// The checks of a service.
pub(crate) fn of(service: Service) -> Vec<Subject> {
    match service {
        Service::Agent => vec![talk::agent()],
        Service::Dns => vec![names::dns(), names::dns_over_tcp()],
        Service::Ftp => vec![files::ftp(), files::ftp_to_its_end(), files::ftp_upgraded()],
        Service::Ftps => vec![files::ftps()],
        Service::Grpc => vec![web::grpc(), web::grpc_in_tls()],
        Service::Http => vec![web::http(), web::http_redirected(), web::http_in_chunks()],
        Service::HttpProxy => vec![web::http_proxy()],
        Service::Https => vec![web::https()],
        Service::Imap => vec![mail::imap(), mail::imap_upgraded()],
        Service::Imaps => vec![mail::imaps()],
        Service::Ldap => vec![data::ldap(), data::ldap_upgraded()],
        Service::Ldaps => vec![data::ldaps()],
        Service::Mysql => vec![data::mysql(), data::mysql_upgraded()],
        Service::Nntp => vec![mail::nntp(), mail::nntp_upgraded()],
        Service::None => vec![talk::none()],
        Service::Oracle => vec![data::oracle()],
        Service::Pgsql => vec![data::pgsql(), data::pgsql_upgraded()],
        Service::Pop => vec![mail::pop(), mail::pop_upgraded()],
        Service::Pops => vec![mail::pops()],
        Service::Radius => vec![names::radius()],
        Service::Redis => vec![talk::redis(), talk::redis_in_tls()],
        Service::Simpletcp => vec![talk::simpletcp(), talk::simpletcp_in_tls(), talk::dialogue()],
        Service::Sip => vec![names::sip(), names::sip_over_tcp(), names::sip_in_tls()],
        Service::Smtp => vec![mail::smtp(), mail::smtp_in_tls()],
        Service::Submission => vec![mail::submission()],
        Service::Tls => vec![talk::tls()],
        Service::Udp => vec![talk::udp()],
    }
}
