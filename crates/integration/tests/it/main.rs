//! The server, tested through real HTTP. The folders mirror the routes.

mod api;
mod browser;
mod checks;
mod connection_string;
mod connections;
mod cors;
mod cut_off;
mod defects;
mod documents;
mod durability;
mod events;
mod flask;
mod hashes;
mod headers;
mod hostile;
mod lasting;
mod leak;
mod legacy;
mod limits;
mod nodes;
mod pages;
mod process;
mod proxies;
mod secrecy;
mod slow;
mod tls;
