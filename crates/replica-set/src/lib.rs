//! A replica set of real MongoDB servers that fail when a test wants them to: one is killed, frozen or
//! steps down, the majority goes away, writes that were made are rolled back.
//!
//! The servers are processes of their own, started from the binary that `PORTCULLIS_TEST_MONGOD` names
//! (`scripts/mongo run` sets it), and end with the value.
//!
//! ```text
//! let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else { return };
//! let primary = set.primary().await;      // a server connects to `set.uri("accounts")`
//! set.freeze(primary);                    // SIGSTOP: it is there, and says nothing
//! set.another_primary_than(primary).await;
//! set.mend().await;                       // every member runs, and has what was written
//! ```

mod failures;
mod member;
mod watch;

use std::path::Path;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use tempfile::TempDir;

use member::Member;

/// How long the members wait for a primary that is silent before they elect another: short, for tests.
pub const SHORT_ELECTIONS: Duration = Duration::from_secs(2);

/// The same, as MongoDB has it unless it is told otherwise.
pub const USUAL_ELECTIONS: Duration = Duration::from_secs(10);

/// How long a member may take for what it is asked to become, on the busiest of machines.
const PATIENCE: Duration = Duration::from_mins(2);

/// The binary.
const VARIABLE: &str = "PORTCULLIS_TEST_MONGOD";

/// Its name to itself.
const NAME: &str = "failing";

/// A replica set whose members this value may kill, freeze and restart. Members are known by their
/// place: `0..len()`.
#[derive(Debug)]
pub struct ReplicaSet {
    members: Vec<Member>,
    /// Where their data lies. It goes after the members do.
    _folder: TempDir,
}

impl ReplicaSet {
    /// So many members, which elect another primary when theirs was silent for `election_timeout`.
    /// Nothing without a binary, which is said aloud and, in continuous integration, is a failure.
    pub async fn start(members: usize, election_timeout: Duration) -> Option<Self> {
        let binary = scratch_database::needed(VARIABLE)?;
        let folder = tempfile::tempdir().expect("a folder for the data");
        let mut started = Vec::new();
        for place in 0..members {
            let data = folder.path().join(format!("member{place}"));
            started.push(Member::start(Path::new(&binary), data).await);
        }
        let set = Self {
            members: started,
            _folder: folder,
        };
        set.initiate(election_timeout).await;
        set.until_all_have_what_is_written().await;
        Some(set)
    }

    /// How many members it has, whether they run or not.
    #[expect(clippy::len_without_is_empty, reason = "there is always a member")]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Its address with a database: `mongodb://host,host,host/DATABASE?replicaSet=…`.
    pub fn uri(&self, database: &str) -> String {
        let hosts: Vec<_> = self.members.iter().map(Member::host).collect();
        format!("mongodb://{}/{database}?replicaSet={NAME}", hosts.join(","))
    }

    /// Runs a command on one member, whatever its state.
    ///
    /// # Errors
    /// What the member answers, or that it does not answer within seconds.
    pub async fn command(
        &self,
        member: usize,
        database: &str,
        command: Document,
    ) -> mongodb::error::Result<Document> {
        self.members[member].command(database, command).await
    }

    async fn initiate(&self, election_timeout: Duration) {
        let members = self.members.iter().enumerate().map(|(place, member)| {
            let id = i32::try_from(place).expect("a few members");
            doc! { "_id": id, "host": member.host() }
        });
        let millis = |time: Duration| i64::try_from(time.as_millis()).expect("a few seconds");
        let settings = doc! {
            "electionTimeoutMillis": millis(election_timeout),
            // Several in the time that a primary may be silent.
            "heartbeatIntervalMillis": millis(election_timeout / 5),
        };
        let config = doc! {
            "_id": NAME,
            "members": members.collect::<Vec<_>>(),
            "settings": settings,
        };
        let initiate = doc! { "replSetInitiate": config };
        let initiated = self.command(0, "admin", initiate).await;
        initiated.expect("the members become a replica set");
    }
}
