//! What the account page says of one's data.

use crate::pages::words::Words;

/// The card, in words.
pub(super) struct Data {
    pub(super) title: String,
    pub(super) export: String,
    pub(super) export_action: String,
    pub(super) delete: String,
    pub(super) delete_action: String,
}

impl Data {
    pub(super) fn in_words(words: &Words) -> Self {
        Self {
            title: words.say("data-title"),
            export: words.say("data-export"),
            export_action: words.say("data-export-action"),
            delete: words.say("data-delete"),
            delete_action: words.say("delete-title"),
        }
    }
}
