//! Whether the time of a failed sign-in tells known names from unknown ones, or what kind of hash somebody has.
//!
//! Starts the binary on a store of its own, sends sign-ins with a wrong password, one for a
//! known name and one for an unknown one in turn, each name once, and prints the AUC: the chance that
//! the known one of a pair took longer. 0.5 tells nothing; outside 0.45 to 0.55 in three runs of three
//! is a failure (exit code 1). Half of the known accounts have Werkzeug's scrypt hashes: they are named by their
//! addresses and the others by their names, and the AUC of these two is printed and judged as well. If it told the
//! kinds apart, a name and an address of differing kinds would be known not to belong together.
//!
//! Then the same for who has a second factor: known with one, known without and unknown, one of each in turn, with a wrong
//! password. What comes after the right one needs no such care: whoever has a challenge knows the password.
//!
//! Then the same of what mails something, or says that it would: asking for a new password, for a confirmation once more, for
//! an account, and trying a code. There the known accounts are mailed, which happens while the next one is asked; so what the
//! job costs would show, too. Each must be fair.
//!
//! Run it by `scripts/timing`, which builds both with the profile `dist`, when nothing else runs; `scripts/timing sign-in`,
//! `factor` and `mail` run one part.

use std::cmp::Ordering;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use integration::process::Server;
use model::{Clock as _, EmailAddress, SystemClock, SystemRng, User, UserId, Username};
use password::{Kind, Params, PasswordHash, decoy};
use serde_json::{Value, json};
use storage::{Enrolment, Factors as _, Moment, NewUser, Users as _};
use storage_sqlite::{Options, Role, SqliteStore};

/// Requests of each sort in one run.
const REQUESTS: usize = 400;

/// Before they count.
const WARM_UP: usize = 20;

const RUNS: usize = 3;

/// What is timed.
struct Route {
    name: &'static str,
    path: &'static str,
    /// What is asked for the address, or the name, of somebody.
    body: fn(&str) -> Value,
    status: u16,
}

const LOGIN: Route = Route {
    name: "login",
    path: "/api/v1/login",
    body: |name| json!({"username": name, "password": "not the password"}),
    status: 401,
};

const MAIL: &[Route] = &[
    Route {
        name: "password/forgot",
        path: "/api/v1/password/forgot",
        body: |name| json!({"email": format!("{name}@example.org")}),
        status: 202,
    },
    Route {
        name: "email/resend",
        path: "/api/v1/email/resend",
        body: |name| json!({"email": format!("{name}@example.org")}),
        status: 202,
    },
    Route {
        name: "register",
        path: "/api/v1/register",
        body: |name| {
            let username = format!("new-{name}");
            let password = "correct horse battery staple";
            let email = format!("{name}@example.org");
            json!({"username": username, "email": email, "password": password})
        },
        status: 202,
    },
    Route {
        name: "email/confirm",
        path: "/api/v1/email/confirm",
        body: |name| json!({"email": format!("{name}@example.org"), "code": "00000000"}),
        status: 400,
    },
];

#[tokio::main]
async fn main() -> ExitCode {
    let part = std::env::args().nth(1);
    let wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    let mut fair = true;
    if wanted("sign-in") {
        fair &= sign_in().await;
    }
    if wanted("factor") {
        fair &= factor().await;
    }
    if wanted("mail") {
        for route in MAIL {
            fair &= mail(route).await;
        }
    }
    if fair {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether sign-ins are fair, in one run of three at least.
async fn sign_in() -> bool {
    for run in 1..=RUNS {
        let folder = tempfile::tempdir().expect("a folder");
        fill(&folder.path().join("data"), run).await;
        let server = Server::start(folder.path(), &[]).await;
        let named = |sort: &str, number: usize| {
            let domain = if number % 2 == 1 { "@example.org" } else { "" };
            format!("{sort}-{run}-{number}{domain}")
        };
        let [known, unknown] = measure(&server.url(), &LOGIN, ["known", "other"], named).await;
        server.stop().await;
        let theirs: Vec<_> = known.iter().skip(1).step_by(2).copied().collect();
        let ours: Vec<_> = known.iter().step_by(2).copied().collect();
        let fair = is_fair(
            &format!("sign-in {run}"),
            [("known", &known), ("unknown", &unknown)],
        ) & is_fair(
            &format!("sign-in {run}"),
            [("Werkzeug's", &theirs), ("of today", &ours)],
        );
        if fair {
            return true;
        }
    }
    false
}

/// Whether nothing tells who has a second factor from who has none, or no account, in one run of three at least.
async fn factor() -> bool {
    for run in 1..=RUNS {
        let folder = tempfile::tempdir().expect("a folder");
        fill_with_factors(&folder.path().join("data"), run).await;
        let server = Server::start(folder.path(), &[]).await;
        let named = |sort: &str, number: usize| format!("{sort}-{run}-{number}");
        let sorts = ["factor", "plain", "other"];
        let [factor, plain, unknown] = measure(&server.url(), &LOGIN, sorts, named).await;
        server.stop().await;
        let name = format!("factor {run}");
        let (factor, plain) = (("with a factor", &factor), ("without", &plain));
        let fair =
            is_fair(&name, [factor, plain]) & is_fair(&name, [factor, ("unknown", &unknown)]);
        if fair {
            return true;
        }
    }
    false
}

/// Whether a route that mails something is fair, in one run of three at least.
async fn mail(route: &Route) -> bool {
    for run in 1..=RUNS {
        let folder = tempfile::tempdir().expect("a folder");
        fill(&folder.path().join("data"), run).await;
        let letters = format!("file://{}", folder.path().join("letters").display());
        let settings = [
            ("PORTCULLIS_MAIL_URL", &*letters),
            ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
            ("PORTCULLIS_EMAIL_VERIFICATION", "required"),
        ];
        let server = Server::start(folder.path(), &settings).await;
        let named = |sort: &str, number: usize| format!("{sort}-{run}-{number}");
        let [known, unknown] = measure(&server.url(), route, ["known", "other"], named).await;
        server.stop().await;
        let name = format!("{} {run}", route.name);
        if is_fair(&name, [("known", &known), ("unknown", &unknown)]) {
            return true;
        }
    }
    false
}

/// Prints whether one of two sorts takes longer than the other, and says whether not.
fn is_fair(of: &str, [(one, times), (other, others)]: [(&str, &Vec<Duration>); 2]) -> bool {
    let auc = auc(times, others);
    let fair = (0.45..=0.55).contains(&auc);
    println!(
        "{of}: AUC {auc:.3}, median {one} {:?}, {other} {:?}{}",
        median(times),
        median(others),
        if fair { "" } else { "  OUTSIDE" }
    );
    fair
}

/// Makes the known accounts: every other one came from Werkzeug.
async fn fill(data: &Path, run: usize) {
    let store = open(data);
    let ours = decoy(&Kind::of(&Params::default()));
    let theirs = decoy(&"scrypt:32768:8:1".parse().expect("a kind"));
    for number in 0..REQUESTS + WARM_UP {
        let hash = if number % 2 == 0 { &ours } else { &theirs };
        add(&store, &format!("known-{run}-{number}"), hash).await;
    }
    storage::Upkeep::close(&*store).await;
}

/// Makes accounts with and without a second factor.
async fn fill_with_factors(data: &Path, run: usize) {
    let store = open(data);
    let hash = decoy(&Kind::of(&Params::default()));
    let now = SystemClock.now();
    for number in 0..REQUESTS + WARM_UP {
        add(&store, &format!("plain-{run}-{number}"), &hash).await;
        let user = add(&store, &format!("factor-{run}-{number}"), &hash).await;
        let enrolment = Enrolment {
            user: user.id,
            at: user.generation,
            keep: None,
            sealed: vec![7; 57], // nobody gets as far
            step: 1,
            recovery_codes: Vec::new(),
        };
        let moment = Moment {
            now,
            feed_until: now,
        };
        let enrolled = store.enrol(enrolment, moment).await;
        assert!(enrolled.expect("it is stored").is_some());
    }
    storage::Upkeep::close(&*store).await;
}

fn open(data: &Path) -> Arc<SqliteStore> {
    std::fs::create_dir_all(data).expect("the data folder");
    let options = Options::new(Role::Command, SystemClock.now());
    SqliteStore::open(&data.join("portcullis.db"), &options).expect("a store")
}

async fn add(store: &SqliteStore, name: &str, hash: &PasswordHash) -> User {
    let now = SystemClock.now();
    let new = NewUser {
        id: UserId::new(now, &SystemRng),
        username: Username::parse(name).expect("a name"),
        email: EmailAddress::parse(&format!("{name}@example.org")).expect("an address"),
        email_verified: false,
        hash: hash.clone(),
        now,
    };
    store.create_user(new).await.expect("it is new")
}

/// The times of each of these sorts, which are asked for in turn.
async fn measure<const N: usize>(
    url: &str,
    route: &Route,
    sorts: [&str; N],
    named: impl Fn(&str, usize) -> String,
) -> [Vec<Duration>; N] {
    let client = reqwest::Client::new();
    let url = format!("{url}{}", route.path);
    let mut all = [const { Vec::new() }; N];
    for number in 0..REQUESTS + WARM_UP {
        for (sort, times) in sorts.iter().zip(&mut all) {
            let body = (route.body)(&named(sort, number));
            #[expect(clippy::disallowed_methods, reason = "this measures time")]
            let start = Instant::now();
            let answer = client.post(&url).json(&body).send().await;
            let took = start.elapsed();
            assert_eq!(answer.expect("an answer").status(), route.status);
            if number >= WARM_UP {
                times.push(took);
            }
        }
    }
    all
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
