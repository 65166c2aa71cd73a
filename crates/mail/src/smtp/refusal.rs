//! What an error of a step means.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;

use crate::error::{Reply, SendError, Step, Trouble, Undeliverable};

/// Codes of authentication, with which servers answer any step to whoever has to sign in first (RFC 4954 §6).
const WANT_AUTHENTICATION: [u16; 4] = [530, 534, 535, 538];

/// The subject of enhanced codes that concern security and policy (RFC 3463 §3.8): `5.7.1`, relaying denied.
const POLICY: u16 = 7;

/// What became of a letter by an error in `step`.
pub(super) fn judge(step: Step, error: &Error) -> SendError {
    match error.status() {
        Some(code) => by_reply(Reply {
            step,
            code: u16::from(code),
            enhanced: error.source().and_then(|text| enhanced(&text.to_string())),
        }),
        None => SendError::Unavailable(trouble(step, error)),
    }
}

fn by_reply(reply: Reply) -> SendError {
    if reply.code < 500 {
        return SendError::Unavailable(Trouble::Temporary(reply));
    }
    // A server that won't relay for us says so where the recipient is named, and the mailbox may be fine.
    let is_policy = matches!(reply.enhanced, Some((_, POLICY, _)));
    if reply.step == Step::Recipient && !is_policy && !WANT_AUTHENTICATION.contains(&reply.code) {
        SendError::Undeliverable(Undeliverable::Refused(reply))
    } else {
        SendError::Rejected(reply)
    }
}

fn trouble(step: Step, error: &Error) -> Trouble {
    if let Some(error) = tls_error(error) {
        return Trouble::Tls(error.to_string());
    }
    if error.is_response() {
        // A connection that ends within an answer reads as half an answer.
        let text = error.source().map(ToString::to_string);
        return match text.as_deref() {
            Some("incomplete response") | None => Trouble::Disconnected,
            Some(_) => Trouble::Protocol,
        };
    }
    match step {
        Step::StartTls => Trouble::Tls("the connection was lost".to_owned()),
        _ => Trouble::Disconnected,
    }
}

/// The error of TLS within an error of the network.
fn tls_error(error: &Error) -> Option<&rustls::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        let io = error.downcast_ref::<io::Error>();
        let found = io.and_then(|io| io.get_ref()?.downcast_ref::<rustls::Error>());
        if found.is_some() {
            return found;
        }
        source = error.source();
    }
    None
}

/// `5.1.1` at the beginning of a reply's text.
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let word = text.split_whitespace().next()?;
    let mut numbers = word.splitn(3, '.').map(|number| number.parse::<u16>().ok());
    let code = (numbers.next()??, numbers.next()??, numbers.next()??);
    (matches!(code.0, 2 | 4 | 5) && code.1 < 1000 && code.2 < 1000).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_reply_the_codes_are_kept_and_nothing_else() {
        assert_eq!(
            enhanced("5.1.1 <alice@example.org> unknown"),
            Some((5, 1, 1))
        );
        assert_eq!(enhanced("4.7.0"), Some((4, 7, 0)));
        for text in [
            "",
            "No such user",
            "5.1",
            "5.1.x",
            "9.1.1 x",
            "5.1.1000",
            "192.0.2.1 blocked",
        ] {
            assert_eq!(enhanced(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_concerns_the_mailbox_is_final() {
        let judged = |step, code, enhanced| {
            by_reply(Reply {
                step,
                code,
                enhanced,
            })
        };
        for (step, code, enhanced) in [
            (Step::Recipient, 550, None),
            (Step::Recipient, 550, Some((5, 1, 1))),
            (Step::Recipient, 552, Some((5, 2, 2))),
        ] {
            let error = judged(step, code, enhanced);
            assert!(matches!(error, SendError::Undeliverable(_)), "{error}");
            assert_eq!(error.code(), Some(code));
        }
        for (step, code, enhanced) in [
            (Step::Recipient, 554, Some((5, 7, 1))),
            (Step::Recipient, 530, None),
            (Step::Authentication, 535, Some((5, 7, 8))),
            (Step::Sender, 553, None),
            (Step::Content, 554, Some((5, 7, 1))),
        ] {
            let error = judged(step, code, enhanced);
            assert!(matches!(error, SendError::Rejected(_)), "{error}");
        }
        let error = judged(Step::Recipient, 450, Some((4, 2, 0)));
        assert_eq!(error.to_string(), "unavailable: 450 4.2.0 to RCPT TO");
    }
}
