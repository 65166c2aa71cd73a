use std::ops::Bound;

use model::{User, UserId};
use storage::{
    Enabled, FeedEntry, ListUsersError, Moment, UserCursor, UserFilter, UserListing, UserPage,
};

use super::{Row, State};

impl State {
    /// The next generation, with this switch; whatever was issued before is refused.
    pub(super) fn revoke(
        &mut self,
        id: &UserId,
        disabled: Option<bool>,
        moment: Moment,
    ) -> Option<User> {
        let row = self.users.get_mut(id)?;
        let minimum = row.user.generation.next();
        row.user.generation = minimum;
        row.user.keep = None;
        if let Some(disabled) = disabled {
            row.user.disabled = disabled;
            row.user.closes_at = None;
        }
        row.user.updated_at = moment.now;
        let user = row.user.clone();
        self.sessions.retain(|_, session| session.user != *id);
        let entry = FeedEntry::Generation {
            user: id.clone(),
            minimum,
            keep: None,
        };
        self.tell(moment.feed_until, [entry]);
        Some(user)
    }

    pub(super) fn enable(&mut self, id: &UserId, moment: Moment) -> Enabled {
        let Some(row) = self.users.get_mut(id) else {
            return Enabled::Gone;
        };
        row.user.disabled = false;
        row.user.closes_at = None;
        row.user.updated_at = moment.now;
        let user = row.user.clone();
        self.tell(moment.feed_until, [FeedEntry::Changed(id.clone())]);
        Enabled::Done(user)
    }

    pub(super) fn list(&self, listing: &UserListing) -> Result<UserPage, ListUsersError> {
        let after = match &listing.after {
            None => Bound::Unbounded,
            Some(UserCursor(id)) => {
                let id = UserId::parse(id).map_err(|_| ListUsersError::UnknownCursor)?;
                Bound::Excluded(id)
            }
        };
        let rows = self.users.range((after, Bound::Unbounded));
        let mut rows = rows.filter(|(_, row)| row.meets(&listing.filter));
        let limit = usize::try_from(listing.limit()).unwrap_or(usize::MAX);
        let users: Vec<_> = rows
            .by_ref()
            .take(limit)
            .map(|(_, row)| row.user.clone())
            .collect();
        let goes_on = rows.next().is_some();
        let last = users.last().filter(|_| goes_on);
        Ok(UserPage {
            next: last.map(|user| UserCursor(user.id.as_str().to_owned())),
            users,
            unreadable: Vec::new(),
        })
    }
}

impl Row {
    fn meets(&self, filter: &UserFilter) -> bool {
        let begins = filter
            .beginning
            .as_ref()
            .is_none_or(|beginning| beginning.begins(&self.username_key, &self.email_key));
        begins
            && (!filter.disabled || self.user.disabled)
            && (!filter.unverified || !self.user.email_verified)
            && (!filter.no_factor || !self.user.second_factor)
    }
}
