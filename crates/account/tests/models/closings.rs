//! An account that its owner wants deleted after a time, and all who may say otherwise, in every order of their calls to
//! the store: it is deleted by nobody once it was given back, nobody uses it while it waits, and its owner is told what it
//! has come to, and of nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use account::operator::{EnableError, FindError};
use account::{BrowserActor, Cookie, Deletion, LoginAttempt, LoginError, Operator};
use model::{ClientInfo, EmailAddress, UserId};
use secret::PlainToken;
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Moment, PasswordChange,
    PasswordChanged,
};
use storage_testing::interleaving::{Choices, Task, block_on, every_schedule, run};
use storage_testing::memory::MemoryStore;
use tokio::sync::watch;

use crate::world::{HASHES, PASSWORDS, WAIT, World};

/// What somebody does with the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The owner wants it deleted.
    Delete,
    /// The owner signs in.
    SignIn,
    /// The owner signs in to keep it.
    ComeBack,
    /// Whoever has the address before takes the change of it back.
    Undo,
    /// Whoever reads the mail to the address sets a new password by a link of that moment.
    Reset,
    Enable,
    Disable,
    /// An operator deletes it, whatever it waits for.
    DeleteAtOnce,
    /// Accounts whose time is over are deleted.
    Sweep,
}

/// What came of it.
#[derive(Clone, Debug)]
enum Told {
    Done,
    /// This is a cookie from now on.
    SignedIn(PlainToken),
    /// It waits to be deleted.
    Waits,
    Refused,
}

/// What the account is in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    InUse,
    Waits,
    Disabled,
    Gone,
}

/// What the account is in the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    InUse,
    /// Its owner has had it deleted, a moment ago.
    Waits,
    /// And the time is over.
    IsDue,
}

struct Scene {
    world: World,
    operator: Operator,
    who: String,
    before: EmailAddress,
    /// The cookie of its owner, from before.
    cookie: PlainToken,
}

impl Scene {
    fn new(beginning: Beginning) -> Self {
        static SCENES: AtomicUsize = AtomicUsize::new(0);

        let world = World::closing(&(Arc::new(MemoryStore::new()) as _));
        let who = format!("closing-{}", SCENES.fetch_add(1, Ordering::Relaxed));
        world.import(&who, 0, false);
        let before = confirm_and_move(&world, &who);
        let opened = block_on(world.accounts.login(attempt(&who), &carrier()));
        let scene = Self {
            operator: world.operator(),
            who,
            before,
            cookie: opened.unwrap().cookie,
            world,
        };
        if beginning != Beginning::InUse {
            let told = block_on(scene.perform(Act::Delete, 0));
            assert!(matches!(told, Told::Waits));
        }
        if beginning == Beginning::IsDue {
            scene.world.clock.advance(WAIT);
        }
        scene
    }

    async fn perform(&self, act: Act, hand: usize) -> Told {
        let world = self.world.asked_by(hand);
        match act {
            Act::Delete => match self.visit(hand, &self.cookie).await {
                Some(browser) => self.delete(&browser, hand).await,
                None => Told::Refused,
            },
            Act::SignIn => {
                let came = world.accounts.login(attempt(&self.who), &carrier()).await;
                signed_in(came.map(|opened| opened.cookie))
            }
            Act::ComeBack => {
                let back = world
                    .accounts
                    .come_back(attempt(&self.who), &carrier())
                    .await;
                signed_in(back.map(|opened| opened.cookie))
            }
            Act::Undo => {
                let undo = AddressUndo {
                    user: self.id(),
                    change: model::AddressNumber(1),
                    back_to: self.before.clone(),
                };
                let undone = world.storage.undo_address(undo, self.moment()).await;
                done(undone.unwrap().is_some())
            }
            Act::Reset => {
                let Some(user) = world.storage.user(&self.id()).await.unwrap() else {
                    return Told::Refused;
                };
                let change = PasswordChange {
                    at: user.generation,
                    hash: HASHES[0][0].clone(),
                    keep: None,
                    proven: AddressProof::of(&user),
                    user: user.id,
                };
                let changed = world.storage.change_password(change, self.moment()).await;
                done(changed.unwrap() == PasswordChanged::Changed)
            }
            Act::Enable => match self.operator.enable(&self.who).await {
                Ok(_) => Told::Done,
                Err(EnableError::Find(FindError::Unknown)) => Told::Refused,
                Err(error) => panic!("{error}"),
            },
            Act::Disable => found(self.operator.disable(&self.who).await.map(drop)),
            Act::DeleteAtOnce => found(self.operator.delete(&self.who).await.map(drop)),
            Act::Sweep => {
                world.accounts.sweep().await.unwrap();
                Told::Done
            }
        }
    }

    async fn delete(&self, browser: &BrowserActor, hand: usize) -> Told {
        let accounts = &self.world.asked_by(hand).accounts;
        match accounts.delete_account(&browser.actor, &self.who).await {
            Ok(Deletion::Due(_)) => Told::Waits,
            Ok(Deletion::Done) => panic!("it was deleted at once"),
            Err(_) => Told::Refused,
        }
    }

    async fn visit(&self, hand: usize, cookie: &PlainToken) -> Option<BrowserActor> {
        let accounts = &self.world.asked_by(hand).accounts;
        accounts.browser_actor(cookie.clone()).await.unwrap()
    }

    /// Whether the cookie leads to somebody, on either process.
    fn leads(&self, cookie: &PlainToken) -> bool {
        (0..2).any(|hand| block_on(self.visit(hand, cookie)).is_some())
    }

    fn end(&self) -> End {
        let user = block_on(self.world.storage.user(&self.id())).unwrap();
        match user {
            None => End::Gone,
            Some(user) if user.disabled => End::Disabled,
            Some(user) if user.closes_at.is_some() => End::Waits,
            Some(_) => End::InUse,
        }
    }

    /// How many letters have gone out that say that it will be deleted, that it was, and that it stays.
    fn letters(&self) -> [usize; 3] {
        self.world.clock.advance(Duration::from_mins(11)); // notices that nobody has made due are so by then
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let stop = watch::Sender::new(false);
        runtime
            .block_on(self.world.accounts.work_off(&stop.subscribe()))
            .unwrap();
        let mut letters = Vec::new();
        for entry in std::fs::read_dir(World::letters()).unwrap() {
            let path = entry.unwrap().path();
            letters.push(std::fs::read_to_string(&path).unwrap());
            std::fs::remove_file(path).unwrap();
        }
        ["will be deleted", "was deleted", "stays"].map(|subject| {
            let says = |letter: &&String| {
                let mut lines = letter.lines();
                lines.any(|line| line.starts_with("Subject:") && line.contains(subject))
            };
            letters.iter().filter(says).count()
        })
    }

    fn id(&self) -> UserId {
        UserId::parse(&self.who).unwrap()
    }

    fn moment(&self) -> Moment {
        moment(&self.world)
    }
}

fn moment(world: &World) -> Moment {
    use model::Clock as _;
    let now = world.clock.now();
    Moment {
        now,
        feed_until: now.plus(WAIT),
    }
}

/// The owner has confirmed the address, and changed it once: which can be taken back.
fn confirm_and_move(world: &World, who: &str) -> EmailAddress {
    let user = block_on(world.storage.user(&UserId::parse(who).unwrap()));
    let user = user.unwrap().unwrap();
    let proof = AddressProof::of(&user).unwrap();
    block_on(world.storage.confirm_address(proof, moment(world))).unwrap();
    let change = AddressChange {
        user: user.id.clone(),
        from: user.address_number,
        at: user.generation,
        to: EmailAddress::parse(&format!("{who}@example.net")).unwrap(),
        may_be_undone: true,
    };
    let changed = block_on(world.storage.change_address(change, moment(world)));
    assert!(matches!(changed, Ok(AddressChanged::Changed(_))));
    EmailAddress::parse(user.email.as_deref().unwrap()).unwrap()
}

fn attempt(who: &str) -> LoginAttempt {
    LoginAttempt {
        identifier: who.to_owned(),
        password: PASSWORDS[0].into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: None,
        quota: None,
    }
}

const fn carrier() -> Cookie {
    Cookie { previous: None }
}

fn signed_in(came: Result<PlainToken, LoginError>) -> Told {
    match came {
        Ok(cookie) => Told::SignedIn(cookie),
        Err(LoginError::DeletionScheduled { .. }) => Told::Waits,
        Err(LoginError::Storage(error)) => panic!("{error}"),
        Err(_) => Told::Refused,
    }
}

const fn done(is_done: bool) -> Told {
    if is_done { Told::Done } else { Told::Refused }
}

fn found(done: Result<(), FindError>) -> Told {
    match done {
        Ok(()) => Told::Done,
        Err(FindError::Unknown) => Told::Refused,
        Err(error) => panic!("{error}"),
    }
}

/// In every order; says how many there were.
fn hold(beginning: Beginning, racing: &[Act]) -> usize {
    every_schedule(|choices| once(beginning, racing, choices))
}

fn once(beginning: Beginning, racing: &[Act], choices: &mut Choices) {
    let scene = Scene::new(beginning);
    let tasks = racing.iter().enumerate();
    let tasks = tasks
        .map(|(hand, act)| Box::pin(scene.perform(*act, hand)) as Task<'_, _>)
        .collect();
    let (ended, order) = run(tasks, &scene.world.gate, choices);
    let told: Vec<_> = racing
        .iter()
        .zip(ended)
        .map(|(act, ended)| (*act, ended.answer))
        .collect();
    let seen = format!("{beginning:?}: {told:?} in the order {order:?}");
    judge(&scene, beginning != Beginning::InUse, &told, &seen);
}

fn judge(scene: &Scene, waited: bool, told: &[(Act, Told)], seen: &str) {
    let end = scene.end();
    let is_done = |act: Act| {
        let mut all = told.iter();
        all.any(|(other, told)| *other == act && matches!(told, Told::Done | Told::SignedIn(_)))
    };
    // Once it was given back only an operator deletes it.
    let given_back = [
        Act::ComeBack,
        Act::Undo,
        Act::Reset,
        Act::Enable,
        Act::Disable,
    ];
    if given_back.into_iter().any(is_done) && !is_done(Act::DeleteAtOnce) {
        assert_ne!(end, End::Gone, "it was given back: {seen}");
    }
    if is_done(Act::DeleteAtOnce) {
        assert_eq!(end, End::Gone, "{seen}");
    }
    if is_done(Act::Disable) && !is_done(Act::Enable) && end != End::Gone {
        assert_eq!(end, End::Disabled, "{seen}");
    }

    // Nobody uses it but while it is in use.
    let cookies = told.iter().filter_map(|(_, told)| match told {
        Told::SignedIn(cookie) => Some(cookie),
        _ => None,
    });
    let leads = cookies.chain([&scene.cookie]).any(|it| scene.leads(it));
    if end != End::InUse {
        assert!(!leads, "{end:?}, and a cookie leads there: {seen}");
    }
    let mut voided = told.iter().filter(|(act, _)| *act == Act::Undo);
    let has_password = !voided.any(|(_, told)| matches!(told, Told::Done));
    let tried = block_on(scene.perform(Act::SignIn, 0));
    let expected = match end {
        End::InUse if has_password => matches!(tried, Told::SignedIn(_)),
        End::Waits => matches!(tried, Told::Waits),
        End::InUse | End::Disabled | End::Gone => matches!(tried, Told::Refused),
    };
    assert!(expected, "{end:?}, and a sign-in gives {tried:?}: {seen}");

    // The owner is told what it has come to, once.
    let is = |what| usize::from(end == what);
    let [waits, gone, stays] = scene.letters();
    let expected = [is(End::Waits), is(End::Gone)];
    assert_eq!([waits, gone], expected, "{end:?}: {seen}");
    let most = is(End::InUse);
    assert!(
        stays <= most,
        "{stays} times that it stays: {end:?}: {seen}"
    );
    let by_others = [Act::Undo, Act::Reset, Act::Enable]
        .into_iter()
        .any(is_done);
    if waited && is_done(Act::ComeBack) && !by_others {
        assert_eq!(stays, most, "that it stays: {end:?}: {seen}");
    }
}

#[test]
fn a_deletion_and_another() {
    assert!(hold(Beginning::InUse, &[Act::Delete, Act::Delete]) > 20);
}

#[test]
fn a_deletion_and_a_sign_in() {
    assert!(hold(Beginning::InUse, &[Act::Delete, Act::SignIn]) > 20);
}

#[test]
fn a_deletion_and_somebody_who_comes_back() {
    assert!(hold(Beginning::InUse, &[Act::Delete, Act::ComeBack]) > 20);
}

#[test]
fn a_deletion_and_a_change_of_the_address_that_is_taken_back() {
    assert!(hold(Beginning::InUse, &[Act::Delete, Act::Undo]) > 5);
}

#[test]
fn a_deletion_and_a_new_password_by_a_mailed_link() {
    assert!(hold(Beginning::InUse, &[Act::Delete, Act::Reset]) > 20);
}

#[test]
fn a_deletion_and_an_operator_who_disables_the_account() {
    assert!(hold(Beginning::InUse, &[Act::Delete, Act::Disable]) > 20);
}

#[test]
fn the_last_moment_and_its_owner() {
    for act in [Act::ComeBack, Act::SignIn, Act::Undo, Act::Reset] {
        assert!(hold(Beginning::IsDue, &[Act::Sweep, act]) > 5);
    }
}

#[test]
fn the_last_moment_and_an_operator() {
    for act in [Act::Enable, Act::Disable] {
        assert!(hold(Beginning::IsDue, &[Act::Sweep, act]) > 20);
    }
}

#[test]
fn two_processes_that_delete_what_is_due() {
    assert!(hold(Beginning::IsDue, &[Act::Sweep, Act::Sweep]) > 20);
}

#[test]
fn an_owner_who_comes_back_and_an_operator_who_deletes_the_account() {
    assert!(hold(Beginning::Waits, &[Act::ComeBack, Act::DeleteAtOnce]) > 20);
}

#[test]
fn an_owner_who_comes_back_and_a_new_password_by_a_mailed_link() {
    assert!(hold(Beginning::Waits, &[Act::ComeBack, Act::Reset]) > 5);
}

#[test]
fn an_owner_who_comes_back_and_a_change_of_the_address_that_is_taken_back() {
    assert!(hold(Beginning::Waits, &[Act::ComeBack, Act::Undo]) > 5);
}
