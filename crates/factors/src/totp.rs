//! One-time codes by time (TOTP, RFC 6238): SHA-1, six digits, 30 seconds, since some apps show nothing else.

use secret::Secret;
use totp_rs::{Algorithm, Builder};
use zeroize::Zeroizing;

use crate::typed::{DIGITS, TypedCode};

/// The bytes of a secret: as many as SHA-1 gives (RFC 4226 §4, R6).
const BYTES: usize = 20;

/// The seconds of a step.
const SECONDS: u64 = 30;

/// How many steps a clock may be off, either way.
const SKEW: u16 = 1;

/// What is shared with an authenticator app.
#[derive(Clone, Debug)]
pub struct TotpSecret(Secret<[u8; BYTES]>);

/// The step of time that a code is of: each is 30 seconds, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(pub u64);

impl TotpSecret {
    /// A new one, from 20 random bytes.
    pub fn random(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        fill(&mut *bytes);
        Self::from_bytes(*bytes)
    }

    /// A secret as it was stored.
    pub const fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, to be encrypted and stored.
    pub const fn expose(&self) -> &[u8; BYTES] {
        self.0.expose()
    }

    /// The secret for somebody to type into an app: base32 without `=` (RFC 4648 §6).
    pub fn base32(&self) -> Secret<String> {
        Secret::new(self.totp().build_noncompliant().secret().to_base32())
    }

    /// The secret for an app to read: `otpauth://totp/Issuer:account?secret=…&issuer=Issuer`. A colon would part the label,
    /// so there is none in either part.
    pub fn uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let totp = self.totp().with_issuer(Some(part(issuer)));
        let totp = totp.with_account_name(part(account)).build_noncompliant();
        // It fails on colons and on empty names, and `part` leaves neither.
        Secret::new(totp.to_url().unwrap_or_default())
    }

    /// The step of the code at a Unix time, if it is right: that of now, or the one before or after. Not when the code of
    /// that step, or of a later one, was good before.
    pub fn step_of(&self, code: &TypedCode, now: u64, last: Option<Step>) -> Option<Step> {
        let totp = self.totp().build_noncompliant();
        let step = totp.check(code.expose(), now).map(Step)?;
        last.is_none_or(|last| step > last).then_some(step)
    }

    fn totp(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW)
            .with_step_duration(SECONDS)
            .with_secret(self.0.expose().as_slice())
    }
}

/// A part of a label.
fn part(text: &str) -> String {
    let part: String = text.chars().filter(|&part| part != ':').collect();
    match part.trim() {
        "" => "-".to_owned(),
        part => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: TotpSecret = TotpSecret::from_bytes(*b"12345678901234567890");

    fn typed(text: &str) -> TypedCode {
        TypedCode::parse(text).unwrap()
    }

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(RFC.step_of(&typed(code), at, None), Some(Step(at / 30)));
        }
    }

    #[test]
    fn a_clock_may_be_a_step_off_and_no_more() {
        let (code, at) = (typed("005924"), 1_234_567_890);
        let step = Some(Step(at / 30));
        assert_eq!(at % 30, 0);
        assert_eq!(RFC.step_of(&code, at - 31, None), None);
        assert_eq!(RFC.step_of(&code, at - 30, None), step);
        assert_eq!(RFC.step_of(&code, at + 59, None), step);
        assert_eq!(RFC.step_of(&code, at + 60, None), None);
    }

    #[test]
    fn a_code_is_good_once_and_so_are_those_before_it() {
        let (code, at) = (typed("005924"), 1_234_567_890);
        let step = Step(at / 30);
        assert_eq!(RFC.step_of(&code, at, Some(Step(step.0 - 1))), Some(step));
        assert_eq!(RFC.step_of(&code, at, Some(step)), None);
        assert_eq!(RFC.step_of(&code, at, Some(Step(step.0 + 1))), None);
    }

    #[test]
    fn an_app_reads_names_with_spaces_colons_and_every_script() {
        let base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(RFC.base32().expose(), base32);
        for (issuer, account, label) in [
            ("Portcullis", "alice", "Portcullis:alice"),
            ("My Shop", "al ice", "My%20Shop:al%20ice"),
            ("A:B", "c:d", "AB:cd"),
            ("Ä", "алиса", "%C3%84:%D0%B0%D0%BB%D0%B8%D1%81%D0%B0"),
            ("R&D", "a+b?c#d", "R%26D:a%2Bb%3Fc%23d"),
            (":", "", "-:-"),
        ] {
            let uri = RFC.uri(issuer, account);
            let (before, query) = uri.expose().split_once('?').unwrap();
            assert_eq!(before, format!("otpauth://totp/{label}"));
            let (encoded, _) = label.split_once(':').unwrap();
            assert!(query.contains(&format!("secret={base32}")));
            assert!(query.contains(&format!("issuer={encoded}")), "{query}");
        }
    }

    #[test]
    fn a_secret_is_not_printed_and_no_two_are_the_same() {
        assert!(!format!("{RFC:?}").contains("49"));
        let mut next = 0;
        let mut random = || {
            TotpSecret::random(|bytes| {
                next += 1;
                bytes.fill(next);
            })
        };
        assert_ne!(random().expose(), random().expose());
    }
}
