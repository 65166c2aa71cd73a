//! What Portcullis is about: people's accounts, the sessions they open, and the pairs of tokens that
//! prove a session. No HTTP, no storage, no configuration.

mod authentication;
mod clock;
mod email;
mod id;
mod rng;
mod session;
mod timestamp;
mod unicode;
mod user;
mod username;

pub use authentication::{Authentication, AuthenticationContext, Level, Method, Methods};
pub use clock::{Clock, SystemClock};
pub use email::{EmailAddress, EmailFault};
pub use id::{AddressNumber, Generation, SessionId, TokenId, UnreadableId, UserId};
pub use rng::{Rng, SystemRng};
pub use session::{BrowserCookie, ClientInfo, Session, TokenPair};
pub use timestamp::{Timestamp, UnreadableTime};
pub use user::{Credentials, User};
pub use username::{Username, UsernameFault, UsernameKey};

#[cfg(feature = "testing")]
pub use {clock::ManualClock, rng::SeededRng};
