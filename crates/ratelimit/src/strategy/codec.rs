//! States as bytes, for stores that keep them outside memory.

use std::collections::VecDeque;

use super::{
    Counts, FixedWindow, MovingWindow, SlidingWindowCounter, State, moving_window::Admitted,
    sliding_window_counter::KEPT,
};
use crate::Timestamp;

const FIXED: u8 = 1;
const MOVING: u8 = 2;
const SLIDING: u8 = 3;

impl State {
    /// The state as bytes: 17 for a fixed window, 33 for a sliding one, 1 and 12 for each logged hit
    /// of a moving one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match &self.0 {
            Counts::Fixed(window) => {
                bytes.push(FIXED);
                bytes.extend(window.count.to_le_bytes());
                bytes.extend(window.resets.as_micros().to_le_bytes());
            }
            Counts::Moving(window) => {
                bytes.push(MOVING);
                for hits in &window.log {
                    bytes.extend(hits.at().as_micros().to_le_bytes());
                    bytes.extend(hits.sum.to_le_bytes());
                }
            }
            Counts::Sliding(window) => {
                bytes.push(SLIDING);
                bytes.extend(window.newest.to_le_bytes());
                bytes.extend(window.counts.iter().flat_map(|count| count.to_le_bytes()));
            }
        }
        bytes
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote, `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tag, mut rest) = bytes.split_first()?;
        let counts = match *tag {
            FIXED => {
                let count = take_u64(&mut rest)?;
                let resets = Timestamp::from_micros(take_u64(&mut rest)?);
                Counts::Fixed(FixedWindow { count, resets })
            }
            MOVING => {
                let mut log = VecDeque::with_capacity(rest.len() / 12);
                while !rest.is_empty() {
                    let at = Timestamp::from_micros(take_u64(&mut rest)?);
                    log.push_back(Admitted::new(at, take_u32(&mut rest)?));
                }
                let in_order = log
                    .iter()
                    .zip(log.iter().skip(1))
                    .all(|(a, b)| a.at() < b.at());
                in_order.then_some(Counts::Moving(MovingWindow { log }))?
            }
            SLIDING => {
                let newest = take_u64(&mut rest)?;
                let mut counts = [0; KEPT];
                for count in &mut counts {
                    *count = take_u64(&mut rest)?;
                }
                Counts::Sliding(SlidingWindowCounter { newest, counts })
            }
            _ => return None,
        };
        rest.is_empty().then_some(Self(counts))
    }
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*number))
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_le_bytes(*number))
}
