//! What a group of operations gives when something in it, or the disk under it, fails.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Timestamp, TokenId};
use rusqlite::Connection;
use storage::{Error, FeedEntry, FeedRow, FeedSink, Sinks};
use tempfile::TempDir;
use tokio::sync::watch;

use super::{Change, Health, WAITING, Writer, WriterThread};
use crate::migrate::{MIGRATIONS, migrate};
use crate::query::execute;
use crate::queue::Queue;
use crate::{connect, files};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Short, so that a lock that is held is noticed soon.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

/// A writer on a file of its own.
struct Bench {
    writer: Writer,
    heard: Arc<Heard>,
    /// Whether the file can be opened once more.
    opens: Arc<AtomicBool>,
    path: std::path::PathBuf,
    thread: JoinHandle<()>,
    _folder: TempDir,
}

/// The groups that a listener was told of.
#[derive(Default)]
struct Heard {
    groups: Mutex<Vec<Vec<String>>>,
    panics: AtomicBool,
}

impl FeedSink for Heard {
    fn apply(&self, rows: &[FeedRow]) {
        assert!(!self.panics.load(Ordering::SeqCst), "as the test wants it");
        let tokens = rows.iter().map(|row| match &row.entry {
            FeedEntry::Token(token) => token.to_string(),
            other => panic!("{other:?}"),
        });
        self.groups.lock().unwrap().push(tokens.collect());
    }

    fn asked(&self) -> u64 {
        0
    }

    fn heard(&self, _: u64) {}
}

impl Bench {
    fn new() -> Self {
        Self::with_max_pages(None)
    }

    fn with_max_pages(max_pages: Option<u32>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portcullis.db");
        files::create(&path).unwrap();
        let open = move |path: &std::path::Path| {
            let connection = connect::writing(path, max_pages)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok::<_, rusqlite::Error>(connection)
        };
        let mut connection = open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        migrate(&mut connection, &path, MIGRATIONS, NOW).unwrap();

        let (sinks, health) = (Sinks::default(), Health::default());
        let heard = Arc::new(Heard::default());
        sinks.add(Arc::clone(&heard) as Arc<dyn FeedSink>);
        let opens = Arc::new(AtomicBool::new(true));
        let reopen = {
            let (opens, path) = (Arc::clone(&opens), path.clone());
            move || {
                if opens.load(Ordering::SeqCst) {
                    open(&path)
                } else {
                    Err(rusqlite::Error::InvalidQuery)
                }
            }
        };
        let (queue, operations) = Queue::new(WAITING);
        let thread = WriterThread {
            reopen: Box::new(reopen),
            connection: Some(connection),
            sinks,
            health: health.clone(),
            readers: Vec::new(),
            lock: None,
            ended: watch::Sender::new(()),
        };
        let thread = std::thread::spawn(move || thread.run(&operations));
        let writer = Writer::new(queue, health);
        Self {
            writer,
            heard,
            opens,
            path,
            thread,
            _folder: folder,
        }
    }

    /// Holds the thread back until the sender is dropped, so that what is pushed meanwhile becomes one
    /// group, after that of the call that is held.
    async fn hold(&self) -> (Calling<'_>, mpsc::Sender<()>) {
        let (release, released) = mpsc::channel::<()>();
        let (start, has_started) = tokio::sync::oneshot::channel();
        let mut call = self.call(move |_| {
            let _ = start.send(());
            let _ = released.recv();
            Ok(())
        });
        push(&mut call).await;
        has_started.await.unwrap();
        (call, release)
    }

    fn call(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<(), Error> + Send + 'static,
    ) -> Calling<'_> {
        Box::pin(self.writer.write(work))
    }

    /// An operation that tells the feed of a token.
    fn telling(&self, name: &'static str) -> Calling<'_> {
        self.call(move |change| tell(change, name))
    }

    /// The tokens that are stored.
    fn stored(&self) -> Vec<String> {
        let connection = Connection::open(&self.path).unwrap();
        let mut statement = connection
            .prepare("SELECT subject FROM feed ORDER BY n")
            .unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn heard(&self) -> Vec<Vec<String>> {
        self.heard.groups.lock().unwrap().clone()
    }

    fn end(self) {
        self.writer.close();
        self.thread.join().unwrap();
    }
}

type Calling<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

/// Puts each call into the queue, and waits for none.
async fn push(call: &mut Calling<'_>) {
    let answer = poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => Poll::Ready(None),
    })
    .await;
    assert!(answer.is_none(), "answered at once: {answer:?}");
}

fn tell(change: &mut Change<'_>, name: &str) -> Result<(), Error> {
    change.tell(FeedEntry::Token(TokenId::from_stored(name)), NOW)
}

/// Lets COMMIT itself fail: a reference into nothing is looked at only then.
fn break_the_commit(change: &mut Change<'_>) -> Result<(), Error> {
    let sql = "CREATE TABLE child (user TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
               INSERT INTO child VALUES ('nobody')";
    change
        .connection()
        .execute_batch(sql)
        .map_err(crate::error::from_sqlite)
}

#[tokio::test]
async fn what_waits_is_committed_as_one_group() {
    let bench = Bench::new();
    let (held, release) = bench.hold().await;
    let mut calls: Vec<_> = ["a", "b", "c"].map(|name| bench.telling(name)).into();
    for call in &mut calls {
        push(call).await;
    }
    drop(release);
    held.await.unwrap();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(bench.heard(), [["a", "b", "c"]]);
    assert_eq!(bench.stored(), ["a", "b", "c"]);
    bench.end();
}

#[tokio::test]
async fn an_error_undoes_its_operation_and_no_other() {
    let bench = Bench::new();
    let (held, release) = bench.hold().await;
    let mut before = bench.telling("before");
    push(&mut before).await;
    let mut failing = bench.call(|change| {
        tell(change, "undone")?;
        Err(Error::Unreadable {
            table: "users",
            reason: "as the test wants it".to_owned(),
        })
    });
    push(&mut failing).await;
    let mut panicking = bench.call(|change| {
        tell(change, "undone")?;
        panic!("as the test wants it");
    });
    push(&mut panicking).await;
    let mut after = bench.telling("after");
    push(&mut after).await;
    drop(release);

    held.await.unwrap();
    before.await.unwrap();
    assert!(matches!(failing.await, Err(Error::Unreadable { .. })));
    assert!(matches!(panicking.await, Err(Error::Backend(_))));
    after.await.unwrap();
    assert_eq!(bench.heard(), [["before", "after"]]);
    assert_eq!(bench.stored(), ["before", "after"]);
    bench.writer.ping().await.unwrap();
    bench.end();
}

#[tokio::test]
async fn when_sqlite_rolls_back_by_itself_the_whole_group_failed() {
    let bench = Bench::new();
    let (held, release) = bench.hold().await;
    let mut before = bench.telling("before");
    push(&mut before).await;
    let mut failing = bench.call(|change| {
        // What SQLite does after some errors.
        execute(change.connection(), "ROLLBACK", ())?;
        Err(Error::Full)
    });
    push(&mut failing).await;
    let mut after = bench.telling("after");
    push(&mut after).await;
    drop(release);

    held.await.unwrap();
    for call in [before, failing, after] {
        assert!(matches!(call.await, Err(Error::Full)));
    }
    assert!(bench.heard().is_empty());
    assert!(bench.stored().is_empty());
    bench.telling("next").await.unwrap();
    assert_eq!(bench.stored(), ["next"]);
    bench.end();
}

#[tokio::test]
async fn an_operation_that_ends_the_transaction_takes_its_group_with_it() {
    let bench = Bench::new();
    let ending = bench.call(|change| execute(change.connection(), "COMMIT", ()).map(drop));
    assert!(matches!(ending.await, Err(Error::Unavailable(_))));
    bench.telling("next").await.unwrap();
    bench.end();
}

#[tokio::test]
async fn a_failing_commit_fails_its_group() {
    let bench = Bench::new();
    let (held, release) = bench.hold().await;
    let mut before = bench.telling("before");
    push(&mut before).await;
    let mut breaking = bench.call(break_the_commit);
    push(&mut breaking).await;
    drop(release);

    held.await.unwrap();
    for call in [before, breaking] {
        assert!(matches!(call.await, Err(Error::Backend(_))));
    }
    assert!(bench.heard().is_empty());
    assert!(bench.stored().is_empty());
    bench.telling("next").await.unwrap();
    bench.writer.ping().await.unwrap();
    assert_eq!(bench.stored(), ["next"]);
    bench.end();
}

#[tokio::test]
async fn until_the_file_opens_again_nothing_is_written_and_ping_says_so() {
    let bench = Bench::new();
    bench.opens.store(false, Ordering::SeqCst);
    assert!(bench.call(break_the_commit).await.is_err());
    for _ in 0..3 {
        assert!(bench.writer.ping().await.is_err());
        assert!(bench.telling("lost").await.is_err());
    }
    assert!(bench.heard().is_empty());

    bench.opens.store(true, Ordering::SeqCst);
    bench.writer.ping().await.unwrap();
    bench.telling("next").await.unwrap();
    assert_eq!(bench.stored(), ["next"]);
    bench.end();
}

#[tokio::test]
async fn while_another_process_holds_the_lock_all_that_wait_are_told() {
    let bench = Bench::new();
    let other = Connection::open(&bench.path).unwrap();
    let (held, release) = bench.hold().await;
    // More than one group.
    let mut calls: Vec<_> = (0..200).map(|_| bench.telling("locked")).collect();
    for call in &mut calls {
        push(call).await;
    }
    // The lock is taken as soon as the held operation has committed.
    other.busy_timeout(Duration::from_secs(60)).unwrap();
    let taking = std::thread::spawn(move || {
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    });
    drop(release);
    held.await.unwrap();
    let mut told = 0;
    for call in calls {
        told += usize::from(matches!(call.await, Err(Error::Unavailable(_))));
    }
    let other = taking.join().unwrap();
    assert_eq!(bench.stored().len(), 200 - told);

    assert!(matches!(
        bench.telling("locked").await,
        Err(Error::Unavailable(_))
    ));
    assert!(bench.writer.ping().await.is_err());
    other.execute_batch("ROLLBACK").unwrap();
    bench.writer.ping().await.unwrap();
    bench.telling("next").await.unwrap();
    assert_eq!(bench.stored().len(), 201 - told);
    bench.end();
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once() {
    let bench = Bench::new();
    let (held, release) = bench.hold().await;
    let mut calls: Vec<_> = (0..WAITING).map(|_| bench.telling("waiting")).collect();
    for call in &mut calls {
        push(call).await;
    }
    assert!(matches!(bench.telling("too much").await, Err(Error::Busy)));
    assert!(matches!(bench.writer.ping().await, Err(Error::Busy)));
    drop(release);
    held.await.unwrap();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(bench.stored().len(), WAITING);
    bench.end();
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_store_recovers() {
    let bench = Bench::with_max_pages(Some(60));
    let fill = |change: &mut Change<'_>| {
        execute(change.connection(), "CREATE TABLE filling (bytes BLOB)", ())?;
        execute(
            change.connection(),
            "INSERT INTO filling VALUES (zeroblob(1000000))",
            (),
        )
        .map(drop)
    };
    let (held, release) = bench.hold().await;
    let mut before = bench.telling("before");
    push(&mut before).await;
    let mut filling = bench.call(fill);
    push(&mut filling).await;
    drop(release);
    held.await.unwrap();
    let before = before.await;
    assert!(matches!(filling.await, Err(Error::Full)));
    // SQLite may have undone the operation or the transaction; answers and rows agree on which.
    assert_eq!(bench.stored().len(), usize::from(before.is_ok()));
    assert_eq!(bench.heard().len(), usize::from(before.is_ok()));
    // A ping writes, and there is room for that.
    bench.writer.ping().await.unwrap();
    bench.telling("next").await.unwrap();
    bench.end();
}

#[tokio::test]
async fn what_a_listener_did_not_hear_is_not_answered_as_done() {
    let bench = Bench::new();
    bench.heard.panics.store(true, Ordering::SeqCst);
    assert!(matches!(
        bench.telling("unheard").await,
        Err(Error::Unavailable(_))
    ));
    bench.heard.panics.store(false, Ordering::SeqCst);
    bench.telling("next").await.unwrap();
    assert_eq!(bench.stored(), ["unheard", "next"]);
    bench.end();
}

#[tokio::test]
async fn what_was_accepted_is_written_before_the_end() {
    let bench = Bench::new();
    let (_held, release) = bench.hold().await;
    let mut calls: Vec<_> = (0..100).map(|_| bench.telling("accepted")).collect();
    for call in &mut calls {
        push(call).await;
    }
    bench.writer.close();
    assert!(matches!(
        bench.telling("late").await,
        Err(Error::Unavailable(_))
    ));
    drop(release);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(bench.stored().len(), 100);
}
