//! Whom an operator means.

use model::UserId;
use storage::{Error, LoginName};

use super::Operator;
use crate::identifier::login_name;

/// Why nobody is meant.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none.
    #[error("no account has this id, this name or this address")]
    Unknown,
    /// It is the id of one account, the name of another or the address of a third.
    #[error(
        "it is the id, the name or the address of {} accounts ({}): give what only one of them has",
        .0.len(), texts(.0)
    )]
    Ambiguous(Vec<UserId>),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl Operator {
    /// The account with this id, this name or this address, also one that can't be read.
    ///
    /// A name is meant as at a sign-in. But where a sign-in takes a name first, and an address after it, an operator is
    /// asked: to act on another account than the one that is meant can't be taken back.
    pub(super) async fn find(&self, named: &str) -> Result<UserId, FindError> {
        let mut found = Vec::new();
        if let Ok(id) = UserId::parse(named)
            && let Some(id) = met(self.storage.user(&id).await.map(|it| it.map(|it| it.id)))?
        {
            found.push(id);
        }
        let typed = login_name(named);
        let by_name = LoginName {
            email_key: None,
            ..typed.clone()
        };
        let by_address = LoginName {
            email_key: typed.email_key.clone(),
            ..LoginName::default()
        };
        for name in [by_name, by_address, typed] {
            let credentials = self.storage.credentials_by_login(&name).await;
            found.extend(met(credentials.map(|it| it.map(|it| it.user.id)))?);
        }
        found.sort();
        found.dedup();
        match found.pop() {
            None => Err(FindError::Unknown),
            Some(one) if found.is_empty() => Ok(one),
            Some(one) => {
                found.push(one);
                Err(FindError::Ambiguous(found))
            }
        }
    }
}

/// Who was met. One that can't be read is there all the same: it can be deleted, and each other use case says why not.
fn met(found: Result<Option<UserId>, Error>) -> Result<Option<UserId>, Error> {
    match found {
        Err(Error::UnreadableAccount { account, reason }) => match UserId::parse(&*account) {
            Ok(id) => Ok(Some(id)),
            Err(_) => Err(Error::UnreadableAccount { account, reason }),
        },
        found => found,
    }
}

fn texts(ids: &[UserId]) -> String {
    let texts: Vec<_> = ids.iter().map(UserId::as_str).collect();
    texts.join(", ")
}
