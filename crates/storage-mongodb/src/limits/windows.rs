//! Fixed windows: one document each, which the server counts up by itself while the window lasts.

use mongodb::bson::doc;
use ratelimit::{Hit, Key, Quota, Usage};
use storage::Error;

use super::{TRIES, expiry, id, micros};
use crate::Core;
use crate::document::{Fields, integer};
use crate::error::Failure;

/// A fixed window after it was charged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// What was charged to it.
    pub(super) count: u64,
    pub(super) resets: ratelimit::Timestamp,
}

impl Window {
    pub(super) fn usage(self, quota: Quota, now: ratelimit::Timestamp) -> Usage {
        Usage {
            allowed: self.count <= quota.amount(),
            remaining: quota.amount().saturating_sub(self.count),
            reset: self.resets,
            at: now,
        }
    }
}

impl Core {
    /// Charges a fixed window, which opens at its first hit: where more than `most` has been charged
    /// before, it only says what the count would be.
    pub(super) async fn charge(
        &self,
        key: Key,
        quota: Quota,
        cost: u64,
        most: Option<u64>,
        now: ratelimit::Timestamp,
    ) -> Result<Window, Error> {
        let table = &self.limits;
        let mut open = doc! { "_id": id(key), "resets": { "$gt": micros(now) } };
        if let Some(most) = most {
            open.insert("count", doc! { "$lte": integer(most) });
        }
        let more = doc! { "$inc": { "count": integer(cost) } };
        let resets = now.after(quota.window());
        let anew = doc! {
            "count": integer(cost), "resets": micros(resets), "expires_at": expiry(resets),
        };
        for _ in 0..TRIES {
            if let Some(window) = table.updated(open.clone(), more.clone()).await? {
                return read_window(&Fields::of(table.name, &window));
            }
            let Some(over) = table.first(doc! { "_id": id(key) }).await? else {
                let mut first = anew.clone();
                first.insert("_id", id(key));
                match table.insert(first).await {
                    Ok(()) => {
                        return Ok(Window {
                            count: cost,
                            resets,
                        });
                    }
                    Err(Failure::Duplicate) => continue, // someone else opened it
                    Err(Failure::Other(error)) => return Err(error),
                }
            };
            let over = read_window(&Fields::of(table.name, &over))?;
            if over.resets > now && most.is_some_and(|most| over.count > most) {
                let count = over.count.saturating_add(cost);
                return Ok(Window { count, ..over });
            }
            let filter = doc! { "_id": id(key), "resets": micros(over.resets) };
            if over.resets <= now && table.update(filter, doc! { "$set": anew.clone() }).await? {
                return Ok(Window {
                    count: cost,
                    resets,
                });
            }
        }
        Err(Error::Busy)
    }

    /// How a fixed window stands, uncharged.
    pub(super) async fn look(&self, hit: Hit) -> Result<Usage, Error> {
        let found = self.limits.first(doc! { "_id": id(hit.key) }).await?;
        let window = match &found {
            Some(found) => read_window(&Fields::of(self.limits.name, found))?,
            None => Window {
                count: 0,
                resets: hit.now,
            },
        };
        let window = if window.resets <= hit.now {
            Window {
                count: 0,
                resets: hit.now,
            }
        } else {
            window
        };
        let cost = u64::from(hit.cost);
        Ok(Usage {
            allowed: window.count.saturating_add(cost) <= hit.quota.amount(),
            ..window.usage(hit.quota, hit.now)
        })
    }
}

fn read_window(fields: &Fields<'_>) -> Result<Window, Error> {
    Ok(Window {
        count: fields.unsigned("count")?,
        resets: ratelimit::Timestamp::from_micros(fields.unsigned("resets")?),
    })
}
