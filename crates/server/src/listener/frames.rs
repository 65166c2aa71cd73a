//! The frames of HTTP/2, as far as their heads tell (RFC 9113 §4.1).

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;

/// The bit before a stream's number.
pub(super) const RESERVED: u32 = 1 << 31;

/// The frames in one direction.
#[derive(Default)]
pub(super) struct Frames {
    head: [u8; 9],
    /// Bytes of the head that have come.
    known: usize,
    /// Bytes of the payload that are still to come.
    pub(super) payload: usize,
    /// Whether they are of a request or an answer.
    pub(super) matters: bool,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    length: usize,
    pub(super) kind: u8,
    flags: u8,
    pub(super) stream: u32,
}

impl Frames {
    /// The next head in `bytes`, of which what lies before its end is taken away; nothing when it isn't all
    /// there yet.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<Head> {
        let skipped = self.payload.min(bytes.len());
        self.payload -= skipped;
        *bytes = &bytes[skipped..];
        let taken = (self.head.len() - self.known).min(bytes.len());
        self.head[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
        self.known += taken;
        *bytes = &bytes[taken..];
        if self.known < self.head.len() {
            return None;
        }
        self.known = 0;
        let [high, middle, low, kind, flags, stream @ ..] = self.head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        self.payload = usize::try_from(length).unwrap_or(usize::MAX);
        let head = Head {
            length: self.payload,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & !RESERVED,
        };
        self.matters = head.matters();
        Some(head)
    }
}

impl Head {
    pub(super) const fn is_request(self) -> bool {
        self.kind == HEADERS
    }

    /// Whether nothing more comes of the answer that it is of.
    pub(super) const fn ends_answer(self) -> bool {
        match self.kind {
            DATA | HEADERS => self.flags & END_STREAM != 0,
            RST_STREAM => true,
            _ => false,
        }
    }

    /// Whether it brings something of a request or an answer. The parts of a head are bounded by the
    /// implementation.
    pub(super) const fn matters(self) -> bool {
        match self.kind {
            DATA => self.length > 0 || self.flags & END_STREAM != 0,
            HEADERS | CONTINUATION => true,
            _ => false,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::listener) const PING: u8 = 6;

    pub(in crate::listener) fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags, 0, 0, 0, 1]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let all: Vec<u8> = [
            frame(HEADERS, 0, &[1; 300]),
            frame(PING, 0, &[0; 8]),
            frame(DATA, END_STREAM, b""),
            frame(DATA, 0, &vec![6; 70_000]),
        ]
        .concat();
        for size in [1, 2, 8, 9, 10, 299, 70_000, all.len()] {
            let (mut frames, mut kinds) = (Frames::default(), Vec::new());
            for mut part in all.chunks(size) {
                while let Some(head) = frames.next(&mut part) {
                    kinds.push((head.kind, head.length));
                }
            }
            assert_eq!(
                kinds,
                [(HEADERS, 300), (PING, 8), (DATA, 0), (DATA, 70_000)]
            );
        }
    }
}
