//! A letter of each kind, to try templates with.

use model::Timestamp;

use crate::letter::{ConfirmedName, Letter, MaskedAddress};

/// Every kind of letter, those with a name both with and without one.
pub(crate) fn letters() -> Vec<Letter> {
    let expires = Timestamp::from_seconds(1_800_000_000);
    let link = || "https://accounts.example/page?token=sample".into();
    let page = || "https://accounts.example/page".to_owned();
    let code = || "12345678".into();
    let mut letters = vec![
        Letter::ConfirmSignUp {
            link: link(),
            code: code(),
            expires,
        },
        Letter::AlreadyRegistered {
            sign_in: page(),
            reset: page(),
        },
        Letter::ConfirmAddress {
            link: link(),
            code: code(),
            expires,
        },
        Letter::ConfirmNewAddress {
            link: link(),
            code: code(),
            expires,
        },
        Letter::AddressTaken {},
        Letter::ResetPassword {
            link: link(),
            expires,
            deletion_due: None,
        },
        Letter::ResetPassword {
            link: link(),
            expires,
            deletion_due: Some(expires),
        },
        Letter::WayBackIn {
            link: link(),
            expires,
        },
        Letter::Invitation {
            link: link(),
            expires,
        },
        Letter::Test,
    ];
    for name in [None, Some(ConfirmedName::sample())] {
        letters.extend([
            Letter::AddressChanged {
                name: name.clone(),
                new_address: MaskedAddress::sample(),
                undo: link(),
                expires,
            },
            Letter::AddressLeft {
                name: name.clone(),
                new_address: MaskedAddress::sample(),
                is_deleted: name.is_none(),
            },
            Letter::PasswordChanged {
                name: name.clone(),
                reset: page(),
            },
            Letter::FactorAdded {
                name: name.clone(),
                reset: page(),
            },
            Letter::FactorRemoved {
                name: name.clone(),
                reset: page(),
            },
            Letter::FactorGuessed {
                name: name.clone(),
                reset: page(),
            },
            Letter::RecoveryCodesLow {
                name: name.clone(),
                left: 3,
                page: page(),
            },
            Letter::DeletionScheduled {
                name: name.clone(),
                until: expires,
                link: link(),
            },
            Letter::Kept {
                name: name.clone(),
                reset: page(),
            },
            Letter::Deleted { name },
        ]);
    }
    letters
}
