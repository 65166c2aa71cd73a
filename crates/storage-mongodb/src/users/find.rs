//! Who is meant.

use model::{Credentials, EmailAddress, UserId, UsernameKey};
use mongodb::bson::{Bson, Document, doc};
use storage::{Error, LoginName};

use crate::Core;
use crate::document::Fields;
use crate::documents::Documents;
use crate::ids;
use crate::table::Query;
use crate::users::document::{Account, address_in, is_closing, name_in, read, unreadable};

/// Accounts that one typed name can be found by: more share it only where a foreign application has
/// no unique index.
const ALIKE: u32 = 50;

/// An `_id` that none has, looked up when nobody is meant, so that it takes the same time.
const NOBODY: &str = "-";

/// Whether the account is there that something goes with, if it goes with one. One that is being deleted is not.
pub(crate) async fn has_owner(
    users: &impl Documents,
    owner: Option<&UserId>,
) -> Result<bool, Error> {
    let Some(owner) = owner else {
        return Ok(true);
    };
    let query = Query::new(ids::any_of(owner)).only(doc! { "portcullis_closing": 1 });
    let found = ids::meant(owner, users.all(query).await?);
    Ok(found.is_some_and(|account| !is_closing(&account)))
}

impl Core {
    /// The account with this id.
    pub(crate) async fn account(&self, id: &UserId) -> Result<Option<Account>, Error> {
        match self.account_document(id).await? {
            Some(document) if !is_closing(&document) => read(self.users.name, document).map(Some),
            _ => Ok(None),
        }
    }

    /// Its document, also of one that is being deleted.
    pub(crate) async fn account_document(&self, id: &UserId) -> Result<Option<Document>, Error> {
        let found = self.users.all(Query::new(ids::any_of(id))).await?;
        Ok(ids::meant(id, found))
    }

    /// The account that is meant by what was typed. Two look-ups, whatever was typed and whoever is
    /// found.
    pub(crate) async fn account_by_login(
        &self,
        name: &LoginName,
    ) -> Result<Option<Credentials>, Error> {
        let found = self.alike(name).await?;
        for document in &found {
            if has_old_keys(document) {
                self.renew_keys(document).await?;
            }
        }
        let chosen = choose(name, &found);
        let id = chosen.map(|document| {
            let id = ids::user_id(&Fields::of(self.users.name, document));
            id.map_err(|error| unreadable(document, error))
        });
        let account = if let Some(Ok(id)) = &id {
            self.account(id).await?
        } else {
            let nobody = UserId::parse(NOBODY).map_err(|_| Error::Busy)?;
            self.account(&nobody).await?
        };
        let (Some(chosen), Some(id)) = (chosen, id.transpose()?) else {
            return Ok(None);
        };
        match account {
            Some(account) if Some(&account.id) == chosen.get("_id") => {
                Ok(Some(account.credentials))
            }
            // Its text belongs to another account, whose tokens it must not get.
            Some(_) => {
                tracing::error!(account = %id, "another account's _id has the same text, and wins: refused");
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// What a choice is made from.
    async fn alike(&self, name: &LoginName) -> Result<Vec<Document>, Error> {
        let mut forms = Vec::new();
        // Accounts without a name are not meant, and there may be many.
        if !name.exact.is_empty() || (name.username_key.is_none() && name.email_key.is_none()) {
            forms.push(doc! { "username": exactly(&name.exact) });
        }
        if let Some(key) = &name.username_key {
            forms.push(doc! { "username_key": key });
        }
        if let Some(key) = &name.email_key {
            forms.push(doc! { "email_key": key });
            if !name.exact.is_empty() {
                forms.push(doc! { "email": &name.exact });
            }
        }
        let fields = doc! {
            "username": 1, "username_key": 1, "email": 1, "email_key": 1, "key_clash": 1,
            "portcullis_closing": 1,
        };
        let query = Query::new(doc! { "$or": forms }).limit(ALIKE).only(fields);
        self.users.all(query).await
    }
}

/// The one with exactly this name; else the one with its key; else the one with this address, by its key or, where
/// nobody has that, as it was typed. A key counts only while it is the key of what stands beside it: another
/// application may have changed the name, and leaves the key.
fn choose<'a>(name: &LoginName, found: &'a [Document]) -> Option<&'a Document> {
    let present = || found.iter().filter(|document| !is_closing(document));
    let text = |document: &'a Document, field: &str| document.get_str(field).unwrap_or_default();
    let named = |document: &'a Document| name_in(document).unwrap_or_default();
    let free = |document: &Document, field: &str| {
        let clash = document.get_document("key_clash");
        !clash.is_ok_and(|clash| clash.contains_key(field))
    };
    let exact =
        only(present().filter(|document| !name.exact.is_empty() && named(document) == name.exact));
    let by_name = || {
        let key = name.username_key.as_deref()?;
        only(present().filter(|document| {
            text(document, "username_key") == key
                && username_key(&named(document)).as_deref() == Some(key)
                && free(document, "username")
        }))
    };
    let by_address = || {
        let key = name.email_key.as_deref()?;
        only(present().filter(|document| {
            text(document, "email_key") == key
                && email_key(text(document, "email")).as_deref() == Some(key)
                && free(document, "email")
        }))
    };
    let by_exact_address = || {
        let key = name.email_key.as_deref()?;
        only(present().filter(|document| {
            text(document, "email") == name.exact
                && email_key(text(document, "email")).as_deref() == Some(key)
                && free(document, "email")
        }))
    };
    exact
        .or_else(by_name)
        .or_else(by_address)
        .or_else(by_exact_address)
}

/// Whether another application has changed the name or the address, and left the key of the one before.
pub(crate) fn has_old_keys(document: &Document) -> bool {
    let text = |field: &str| document.get_str(field).ok();
    let differs =
        |key: &str, now: Option<String>| text(key).is_some_and(|key| now.as_deref() != Some(key));
    let name = name_in(document);
    differs("username_key", name.as_deref().and_then(username_key))
        || differs("email_key", address_in(document).and_then(email_key))
}

/// The only one: of several none is meant.
fn only<'a>(mut found: impl Iterator<Item = &'a Document>) -> Option<&'a Document> {
    found.next().filter(|_| found.next().is_none())
}

/// What a name is that is exactly `name`: the text, or the number of which it is the text.
pub(crate) fn exactly(name: &str) -> Bson {
    match name.parse::<i64>() {
        Ok(number) if number.to_string() == name => {
            Bson::Document(doc! { "$in": [name, Bson::Int64(number)] })
        }
        _ => Bson::from(name),
    }
}

/// The key of a stored name; nothing when it can't be a name of ours.
pub(crate) fn username_key(name: &str) -> Option<String> {
    UsernameKey::of_login(name).map(|key| key.as_str().to_owned())
}

/// The key of a stored address.
pub(crate) fn email_key(address: &str) -> Option<String> {
    EmailAddress::parse(address).ok().map(|email| email.key())
}
