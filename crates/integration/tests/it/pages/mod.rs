//! The hosted pages, as a browser without scripts meets them.

mod account;
mod confirm;
mod cookies;
mod delete;
mod enrol;
mod enrol_first;
mod errors;
mod export;
mod factor;
mod forged;
mod forgot;
mod hostile;
mod login;
mod reach;
mod register;
mod remembered;
mod reset;
mod sessions;
mod words;
