//! The MACs of a chain.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Timestamp, UserId};
use secret::{Secret, same};
use sha2::{Digest as _, Sha256};

use super::{EventContent, Link, Mac, Mark, NewEvent};

/// The keys that chains are made and checked with.
#[derive(Clone)]
pub struct EventKeys {
    present: Key,
    previous: Option<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; 8],
    bytes: Secret<[u8; 32]>,
}

/// Whether a MAC is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Genuine,
    Forged,
    /// Its key is none of ours.
    UnknownKey,
}

impl EventKeys {
    /// Makes links with `present`, and recognizes those of the key before it, too.
    pub fn new(present: Secret<[u8; 32]>, previous: Option<Secret<[u8; 32]>>) -> Self {
        Self {
            present: Key::new(present),
            previous: previous.map(Key::new),
        }
    }

    /// The link after `before`, which says what happened.
    pub fn link(&self, user: &UserId, before: Option<&Mark>, event: NewEvent) -> Link {
        let digest = digest(&event.content);
        let content = Some(event.content);
        self.linked(user, before, event.at, content, digest, false)
    }

    /// The link after `before`, which says that the account was deleted.
    pub fn end(&self, user: &UserId, before: Option<&Mark>, at: Timestamp) -> Link {
        self.linked(user, before, at, None, [0; 32], true)
    }

    fn linked(
        &self,
        user: &UserId,
        before: Option<&Mark>,
        at: Timestamp,
        content: Option<EventContent>,
        digest: [u8; 32],
        ends: bool,
    ) -> Link {
        let (number, tag) = before.map_or((0, [0; 32]), |mark| (mark.number, mark.tag));
        let mut link = Link {
            number: number.saturating_add(1),
            at,
            ends,
            content,
            digest,
            mac: Mac {
                key: self.present.id,
                tag: [0; 32],
            },
        };
        link.mac.tag = self.present.tag(&parts_of(user, &tag, &link));
        link
    }

    /// A note that this link is the last of its chain; without one, that the chain has none yet.
    pub fn head(&self, user: &UserId, link: Option<&Link>) -> Mark {
        self.mark(*b"head--", user, link)
    }

    /// A note that the links until this one were removed for their age.
    pub fn anchor(&self, user: &UserId, link: &Link) -> Mark {
        self.mark(*b"anchor", user, Some(link))
    }

    /// What the next link comes after, where the chain has this head and this last link.
    ///
    /// A link may be there whose head could not be noted. But links without any head are what is left after somebody has
    /// removed that, perhaps with links: a number is left out, so that it still shows when the next head is noted.
    pub fn last(&self, user: &UserId, head: Option<Mark>, last: Option<&Link>) -> Option<Mark> {
        let Some(last) = last else {
            return head;
        };
        match head {
            Some(head) if head.number >= last.number => Some(head),
            Some(_) => Some(self.head(user, Some(last))),
            None => {
                let mut after = self.head(user, Some(last));
                after.number = after.number.saturating_add(1);
                Some(after)
            }
        }
    }

    fn mark(&self, what: [u8; 6], user: &UserId, link: Option<&Link>) -> Mark {
        let (number, tag) = link.map_or((0, [0; 32]), |link| (link.number, link.mac.tag));
        let parts = parts_of_mark(what, user, number, &tag);
        Mark {
            number,
            tag,
            seal: Mac {
                key: self.present.id,
                tag: self.present.tag(&parts),
            },
        }
    }

    pub(super) fn judge_link(&self, user: &UserId, before: &[u8; 32], link: &Link) -> Verdict {
        self.judge(&link.mac, &parts_of(user, before, link))
    }

    pub(super) fn judge_head(&self, user: &UserId, mark: &Mark) -> Verdict {
        self.judge_mark(*b"head--", user, mark)
    }

    pub(super) fn judge_anchor(&self, user: &UserId, mark: &Mark) -> Verdict {
        self.judge_mark(*b"anchor", user, mark)
    }

    fn judge_mark(&self, what: [u8; 6], user: &UserId, mark: &Mark) -> Verdict {
        let parts = parts_of_mark(what, user, mark.number, &mark.tag);
        self.judge(&mark.seal, &parts)
    }

    fn judge(&self, mac: &Mac, parts: &[u8]) -> Verdict {
        let mut keys = [Some(&self.present), self.previous.as_ref()]
            .into_iter()
            .flatten();
        match keys.find(|key| key.id == mac.key) {
            None => Verdict::UnknownKey,
            Some(key) if same(&key.tag(parts), &mac.tag) => Verdict::Genuine,
            Some(_) => Verdict::Forged,
        }
    }
}

impl Default for EventKeys {
    /// Those of a store that is no server's: the key is known to everybody.
    fn default() -> Self {
        Self::new(Secret::new([0; 32]), None)
    }
}

impl fmt::Debug for EventKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventKeys").finish_non_exhaustive()
    }
}

impl Key {
    fn new(bytes: Secret<[u8; 32]>) -> Self {
        let mut named = Sha256::new();
        named.update(b"portcullis/events/");
        named.update(bytes.expose());
        let mut id = [0; 8];
        id.copy_from_slice(&named.finalize()[..8]);
        Self { id, bytes }
    }

    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    fn tag(&self, parts: &[u8]) -> [u8; 32] {
        let mac = Hmac::<Sha256>::new_from_slice(self.bytes.expose());
        let mut mac = mac.expect("a key of any length");
        mac.update(parts);
        mac.finalize().into_bytes().into()
    }
}

/// The digest of what happened. The salt has a fixed length.
pub(super) fn digest(content: &EventContent) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(content.salt);
    digest.update(content.text.as_bytes());
    digest.finalize().into()
}

/// What the MAC of a link is made of: every part but the last has a fixed length.
fn parts_of(user: &UserId, before: &[u8; 32], link: &Link) -> Vec<u8> {
    let mut parts = b"link--".to_vec();
    parts.extend(before);
    parts.extend(link.number.to_be_bytes());
    parts.extend(link.at.as_millis().to_be_bytes());
    parts.push(u8::from(link.ends));
    parts.extend(link.digest);
    parts.extend(user.as_str().as_bytes());
    parts
}

fn parts_of_mark(what: [u8; 6], user: &UserId, number: u64, tag: &[u8; 32]) -> Vec<u8> {
    let mut parts = what.to_vec();
    parts.extend(number.to_be_bytes());
    parts.extend(tag);
    parts.extend(user.as_str().as_bytes());
    parts
}
