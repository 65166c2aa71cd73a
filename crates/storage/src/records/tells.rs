//! What a change tells the feed.

use crate::{FeedEntry, FeedRow, Moment, TooLarge};

/// What the feed hears in the same change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tells(Vec<FeedRow>);

impl Tells {
    /// Entries of one change.
    pub const MOST: usize = 100;

    /// Nothing: no process has to hear of it.
    pub const fn nothing() -> Self {
        Self(Vec::new())
    }

    /// One entry, remembered as long as the moment says.
    pub fn one(entry: FeedEntry, moment: Moment) -> Self {
        let until = moment.feed_until;
        Self(vec![FeedRow { entry, until }])
    }

    /// Several entries.
    ///
    /// # Errors
    /// [`TooLarge`] for more than [`Self::MOST`].
    pub fn several(
        entries: impl IntoIterator<Item = FeedEntry>,
        moment: Moment,
    ) -> Result<Self, TooLarge> {
        let until = moment.feed_until;
        let entries = entries.into_iter().take(Self::MOST + 1);
        let rows: Vec<_> = entries.map(|entry| FeedRow { entry, until }).collect();
        if rows.len() > Self::MOST {
            let what = "entries of the feed in one change";
            let most = Self::MOST;
            return Err(TooLarge { what, most });
        }
        Ok(Self(rows))
    }

    /// The rows, for whoever writes them.
    pub fn into_rows(self) -> Vec<FeedRow> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use model::{Timestamp, TokenId};

    use super::*;

    #[test]
    fn one_change_tells_a_hundred_things_at_most() {
        let now = Timestamp::from_seconds(0);
        let moment = Moment {
            now,
            feed_until: now,
        };
        let entries = |count| {
            let token = |number: usize| FeedEntry::Token(TokenId::from_stored(number.to_string()));
            (0..count).map(token)
        };
        assert!(Tells::several(entries(100), moment).is_ok());
        assert!(Tells::several(entries(101), moment).is_err());
    }
}
