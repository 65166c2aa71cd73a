//! What the tests of the server are written with: an application on a port of its own, a client, a
//! clock that stands still until it is moved.
//!
//! A test names one behaviour, and runs on every backend ([`every_backend!`]).

mod answer;
mod app;
mod authenticator;
pub mod browser;
pub mod chromium;
pub mod failover;
pub mod flask;
pub mod floods;
mod foreign;
mod mailed;
mod person;
pub mod process;
mod random;
pub mod raw;
mod request;
mod stored;
mod tampering;

pub use answer::Answer;
pub use app::{Backend, TestApp};
pub use authenticator::Authenticator;
pub use browser::Browser;
pub use mailed::{Confirmed, Mailed};
pub use person::{PASSWORD, Person};
pub use request::Request;

/// Runs a test once on every storage backend.
///
/// ```text
/// every_backend! {
///     async fn a_logged_out_token_is_refused(app: TestApp) { … }
/// }
/// ```
#[macro_export]
macro_rules! every_backend {
    ($($(#[$attribute:meta])* async fn $name:ident($app:ident: $type:ty) $body:block)+) => {
        mod sqlite {
            use super::*;
            $(
                $(#[$attribute])*
                #[tokio::test]
                async fn $name() {
                    let $app = <$type>::start($crate::Backend::Sqlite).await;
                    $body
                }
            )+
        }

        mod mongodb {
            use super::*;
            $(
                $(#[$attribute])*
                #[tokio::test]
                async fn $name() {
                    let Some(backend) = $crate::Backend::mongodb().await else {
                        return;
                    };
                    let $app = <$type>::start(backend).await;
                    $body
                }
            )+
        }
    };
}
