//! The working memory of a hashing thread.

use argon2::Block;

/// Argon2's blocks, kept from one hash to the next: fresh memory costs a page fault per 4 KiB.
#[derive(Default)]
pub(crate) struct Memory {
    blocks: Vec<Block>,
}

/// Blocks to reserve at least. glibc gives an allocation of more than 32 MiB a mapping of its own,
/// which goes back to the system when it is freed; a smaller one may stay in its arena for good.
/// Only the blocks in use are ever touched, hence resident.
const RESERVED_BLOCKS: usize = 32 * 1024 + 1;

impl Memory {
    /// `count` blocks of 1 KiB, with whatever an earlier hash left in them.
    pub(crate) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            if self.blocks.capacity() < count {
                self.blocks = Vec::with_capacity(count.max(RESERVED_BLOCKS));
            }
            self.blocks.resize(count, Block::new());
        }
        &mut self.blocks[..count]
    }

    /// Whether there is anything to give back.
    #[cfg(feature = "pool")]
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Gives the memory back if one hash made it larger than `kib` KiB.
    #[cfg(feature = "pool")]
    pub(crate) fn keep_at_most(&mut self, kib: u32) {
        if self.blocks.len() > usize::try_from(kib).unwrap_or(usize::MAX) {
            self.blocks = Vec::new();
        }
    }
}
