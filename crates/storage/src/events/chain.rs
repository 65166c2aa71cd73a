//! The MACs of a chain.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Timestamp, UserId};
use secret::{Secret, same};
use sha2::{Digest as _, Sha256};

use super::{ChainEnds, EventContent, Link, Mac, Mark, NewEvent};

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

/// Which links of a chain may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removable {
    /// The last of them; 0 where none may.
    pub until: u64,
    /// What is to be noted of it.
    pub anchor: Mark,
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

    /// What the next link comes after, where the chain has these ends and this last link; nothing where it has neither.
    ///
    /// A link may be there whose head could not be noted. But where somebody has removed or changed the head, perhaps with
    /// links, a number is left out: else the next head, which is genuine, would hide it. A head of an unknown key is taken only
    /// together with a last link, or an anchor, of one, which still shows.
    pub fn last(&self, user: &UserId, ends: &ChainEnds, last: Option<&Link>) -> Option<Mark> {
        let head = ends.head;
        let verdict = head.map(|head| self.judge_head(user, &head));
        let is_known = |link: &Link| self.knows(&link.mac);
        match (head, verdict, last) {
            (None, _, None) => None,
            (Some(head), Some(Verdict::Genuine), None) => Some(head),
            (Some(head), Some(Verdict::Genuine), Some(last)) if head.number >= last.number => {
                Some(head)
            }
            (Some(_), Some(Verdict::Genuine), Some(last)) => Some(self.head(user, Some(last))),
            (Some(head), Some(Verdict::UnknownKey), Some(last))
                if head.number == last.number && !is_known(last) =>
            {
                Some(head)
            }
            // All of it was removed for its age before the key was replaced.
            (Some(head), Some(Verdict::UnknownKey), None)
                if ends.anchor.is_some_and(|anchor| {
                    (anchor.number, anchor.tag) == (head.number, head.tag)
                        && self.judge_anchor(user, &anchor) == Verdict::UnknownKey
                }) =>
            {
                Some(head)
            }
            (_, _, last) => {
                let mut after = self.head(user, last);
                let removed = ends.anchor.map_or(0, |anchor| anchor.number);
                after.number = after.number.max(removed).saturating_add(1);
                Some(after)
            }
        }
    }

    /// A note of the last link, made anew with the present key; nothing where it is of that one, or is not genuine.
    pub fn head_anew(&self, user: &UserId, head: &Mark) -> Option<Mark> {
        self.anew(*b"head--", user, head)
    }

    /// The same for a note of where a chain begins.
    pub fn anchor_anew(&self, user: &UserId, anchor: &Mark) -> Option<Mark> {
        self.anew(*b"anchor", user, anchor)
    }

    fn anew(&self, what: [u8; 6], user: &UserId, mark: &Mark) -> Option<Mark> {
        let is_old = mark.seal.key != self.present.id;
        let is_genuine = is_old && self.judge_mark(what, user, mark) == Verdict::Genuine;
        let parts = parts_of_mark(what, user, mark.number, &mark.tag);
        is_genuine.then(|| Mark {
            seal: Mac {
                key: self.present.id,
                tag: self.present.tag(&parts),
            },
            ..*mark
        })
    }

    fn knows(&self, mac: &Mac) -> bool {
        let keys = [Some(&self.present), self.previous.as_ref()];
        keys.into_iter().flatten().any(|key| key.id == mac.key)
    }

    /// How many of a chain's first links are old enough to go and are what was written, and what is to be noted of the last of
    /// them. `None` when something before the first young one was changed: then nothing may go, since it would show no more.
    ///
    /// Links of an unknown key go with a later one that is genuine; where there is none, what is noted is of the unknown
    /// key, too, so that a check goes on saying so.
    pub fn removable(
        &self,
        user: &UserId,
        anchor: Option<&Mark>,
        links: &[Link],
        is_old: impl Fn(&Link) -> bool,
    ) -> Option<Removable> {
        let (mut number, mut tag) = (0, [0; 32]);
        if let Some(anchor) = anchor {
            if self.judge_anchor(user, anchor) == Verdict::Forged {
                return None;
            }
            (number, tag) = (anchor.number, anchor.tag);
        }
        let (mut genuine, mut unknown) = (None, None);
        for (at, link) in links.iter().enumerate() {
            if link.number <= number {
                continue; // it was noted before, and not removed yet
            }
            if !is_old(link) {
                break;
            }
            let is_next = link.number == number + 1;
            let says = link.content.as_ref();
            let is_whole = says.is_none_or(|content| digest(content) == link.digest);
            match self.judge_link(user, &tag, link) {
                Verdict::Genuine if is_next && is_whole => genuine = Some(at),
                Verdict::UnknownKey if is_next && genuine.is_none() => unknown = Some(at),
                _ => return None,
            }
            (number, tag) = (link.number, link.mac.tag);
        }
        let removable = |at: usize, is_genuine: bool| {
            let last = &links[at];
            let mut anchor = self.mark(*b"anchor", user, Some(last));
            if !is_genuine {
                anchor.seal = Mac {
                    key: last.mac.key,
                    tag: [0; 32],
                };
            }
            Removable {
                until: last.number,
                anchor,
            }
        };
        let last = genuine.map(|at| removable(at, true));
        let last = last.or_else(|| unknown.map(|at| removable(at, false)));
        let is_left = |anchor: &&Mark| links.iter().any(|link| link.number <= anchor.number);
        let left = anchor.filter(is_left).map(|anchor| Removable {
            until: anchor.number,
            anchor: *anchor,
        });
        Some(last.or(left).unwrap_or(Removable {
            until: 0,
            anchor: self.head(user, None),
        }))
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
