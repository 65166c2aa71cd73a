//! Second factors: what somebody has besides a password.
//!
//! - [`TotpSecret`] is shared with an authenticator app: it checks the app's one-time codes (TOTP, RFC 6238), and is given to
//!   the app as a QR code ([`TotpSecret::uri`], [`qr_svg`]).
//! - [`RecoveryCode`] is for whoever has lost the app: each is good once.
//!
//! The caller keeps the step of the last code that was good, and refuses what is not later
//! ([`TotpSecret::step_of`]): a code would be good for 90 seconds otherwise (RFC 6238 §5.2). It encrypts the secret at
//! rest, and bounds guessing: six digits are a million.
//!
//! ```
//! use factors::{TotpSecret, TypedCode};
//!
//! let secret = TotpSecret::from_bytes(*b"12345678901234567890"); // of RFC 6238, appendix B
//! let typed = TypedCode::parse("287 082").unwrap();
//! let step = secret.step_of(&typed, 59, None).unwrap();
//! assert_eq!(secret.step_of(&typed, 59, Some(step)), None); // good once
//! ```

mod qr;
mod recovery;
mod totp;
mod typed;

pub use qr::{TooLong, qr_svg};
pub use recovery::{RECOVERY_CODES, RecoveryCode};
pub use totp::{Step, TotpSecret};
pub use typed::TypedCode;
