//! The backends on which everything is played.

use std::sync::Arc;

use model::{Clock as _, SystemClock};
use storage::Storage;
use storage_sqlite::{Options, Role, SqliteStore};
use storage_testing::memory::MemoryStore;
use tempfile::TempDir;

use crate::world::World;

/// Where worlds come from.
pub(crate) enum Stage {
    /// A new one for each play.
    Memory,
    /// One for all plays: a file takes a while to make.
    Sqlite { world: Arc<World>, _folder: TempDir },
}

impl Stage {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, Role::Server);
        Self::Sqlite {
            world: Arc::new(World::new(&store)),
            _folder: folder,
        }
    }

    /// In which guesses at a password are counted.
    pub(crate) fn sqlite_counting() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, Role::Server);
        Self::Sqlite {
            world: Arc::new(World::counting(&store)),
            _folder: folder,
        }
    }

    /// In which guesses at a password are counted, if there is none yet.
    pub(crate) fn counting_world(&self) -> Arc<World> {
        match self {
            Self::Memory => Arc::new(World::counting(&memory())),
            Self::Sqlite { world, .. } => Arc::clone(world),
        }
    }

    pub(crate) fn world(&self) -> Arc<World> {
        match self {
            Self::Memory => Arc::new(World::new(&memory())),
            Self::Sqlite { world, .. } => Arc::clone(world),
        }
    }
}

fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStore::new())
}

fn open(folder: &TempDir, role: Role) -> Arc<dyn Storage> {
    let options = Options::new(role, SystemClock.now());
    SqliteStore::open(&folder.path().join("portcullis.db"), &options).unwrap()
}
