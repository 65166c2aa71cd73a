//! Whether the time of a failed sign-in tells known names from unknown ones, or what kind of hash somebody has.
//!
//! Starts the binary on a store of its own, sends sign-ins with a wrong password, one for a
//! known name and one for an unknown one in turn, each name once, and prints the AUC: the chance that
//! the known one of a pair took longer. 0.5 tells nothing; outside 0.45 to 0.55 in three runs of three
//! is a failure (exit code 1). Half of the known accounts have Werkzeug's scrypt hashes: they are named by their
//! addresses and the others by their names, and the AUC of these two is printed and judged as well. If it told the
//! kinds apart, a name and an address of differing kinds would be known not to belong together.
//!
//! Run it by `scripts/timing`, which builds both with the profile `dist`, when nothing else runs.

use std::cmp::Ordering;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use integration::process::Server;
use model::{Clock as _, EmailAddress, SystemClock, SystemRng, UserId, Username};
use password::{Kind, Params, decoy};
use serde_json::json;
use storage::{NewUser, Users as _};
use storage_sqlite::{Options, Role, SqliteStore};

/// Requests of each sort in one run.
const REQUESTS: usize = 400;

/// Before they count.
const WARM_UP: usize = 20;

const RUNS: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let mut outside = 0;
    for run in 1..=RUNS {
        let folder = tempfile::tempdir().expect("a folder");
        fill(&folder.path().join("data"), run).await;
        let server = Server::start(folder.path(), &[]).await;
        let (known, unknown) = measure(&server.url(), run).await;
        server.stop().await;
        let theirs: Vec<_> = known.iter().skip(1).step_by(2).copied().collect();
        let ours: Vec<_> = known.iter().step_by(2).copied().collect();
        let pairs = [
            ("known", &known, "unknown", &unknown),
            ("Werkzeug's", &theirs, "of today", &ours),
        ];
        let mut fair = true;
        for (one, times, other, other_times) in pairs {
            let auc = auc(times, other_times);
            let tells = !(0.45..=0.55).contains(&auc);
            fair &= !tells;
            println!(
                "run {run}: AUC {auc:.3}, median {one} {:?}, {other} {:?}{}",
                median(times),
                median(other_times),
                if tells { "  OUTSIDE" } else { "" }
            );
        }
        outside += usize::from(!fair);
    }
    if outside == RUNS {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Makes the known accounts: every other one came from Werkzeug.
async fn fill(data: &Path, run: usize) {
    std::fs::create_dir_all(data).expect("the data folder");
    let now = SystemClock.now();
    let options = Options::new(Role::Command, now);
    let store = SqliteStore::open(&data.join("portcullis.db"), &options).expect("a store");
    let ours = decoy(&Kind::of(&Params::default()));
    let theirs = decoy(&"scrypt:32768:8:1".parse().expect("a kind"));
    for number in 0..REQUESTS + WARM_UP {
        let name = format!("known-{run}-{number}");
        let new = NewUser {
            id: UserId::new(now, &SystemRng),
            username: Username::parse(&name).expect("a name"),
            email: EmailAddress::parse(&format!("{name}@example.org")).expect("an address"),
            email_verified: false,
            hash: if number % 2 == 0 {
                ours.clone()
            } else {
                theirs.clone()
            },
            now,
        };
        store.create_user(new).await.expect("it is new");
    }
    storage::Upkeep::close(&*store).await;
}

async fn measure(url: &str, run: usize) -> (Vec<Duration>, Vec<Duration>) {
    let client = reqwest::Client::new();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..REQUESTS + WARM_UP {
        for (sort, times) in [("known", &mut known), ("other", &mut unknown)] {
            let mut name = format!("{sort}-{run}-{number}");
            if number % 2 == 1 {
                name.push_str("@example.org");
            }
            let body = json!({"username": name, "password": "not the password"});
            #[expect(clippy::disallowed_methods, reason = "this measures time")]
            let start = Instant::now();
            let answer = client
                .post(format!("{url}/api/v1/login"))
                .json(&body)
                .send()
                .await;
            let took = start.elapsed();
            assert_eq!(answer.expect("an answer").status(), 401);
            if number >= WARM_UP {
                times.push(took);
            }
        }
    }
    (known, unknown)
}

/// The area under the ROC curve (Mann-Whitney U over the number of pairs).
#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn auc(known: &[Duration], unknown: &[Duration]) -> f64 {
    let score = |known: &Duration, unknown: &Duration| match known.cmp(unknown) {
        Ordering::Greater => 1.0,
        Ordering::Equal => 0.5,
        Ordering::Less => 0.0,
    };
    let wins: f64 = known
        .iter()
        .flat_map(|known| unknown.iter().map(move |unknown| score(known, unknown)))
        .sum();
    wins / (known.len() * unknown.len()) as f64
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}
