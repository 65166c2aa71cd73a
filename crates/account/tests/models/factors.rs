//! A sign-in by two factors, and all that may change the account meanwhile, in every order of their calls to the store: one
//! code opens one session, and so does one challenge; what is opened beside a change of the account is refused by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use account::operator::{FindError, RemoveFactorError};
use account::{
    Actor, AnswerError, AppLabels, BrowserActor, ChallengeAnswer, Cookie, FactorError,
    LoginAttempt, LoginError, ManageFactorError, Operator, PresentedFactor,
};
use model::{ClientInfo, Clock as _, Generation, User, UserId};
use secret::PlainToken;
use storage::{Moment, PasswordChange};
use storage_testing::interleaving::{Choices, Task, block_on, every_schedule, run};
use storage_testing::memory::MemoryStore;

use crate::world::{PASSWORDS, WAIT, World};

/// What an app is told.
pub(crate) const LABELS: AppLabels<'_> = AppLabels {
    issuer: "Portcullis",
    picture: "QR code",
};

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The first challenge is answered by the code of the app.
    Code,
    /// The second one, by the same code.
    SameCode,
    /// The first one, by a recovery code.
    Recovery,
    /// The second one, by the same recovery code.
    SameRecovery,
    /// The owner removes the factor.
    Remove,
    /// An operator removes it.
    OperatorRemoves,
    Disable,
    /// A new password: the next generation, in which no session is left.
    Reset,
}

/// What came of it.
#[derive(Clone, Debug)]
enum Told {
    Done,
    SignedIn(PlainToken),
    Refused,
}

struct Scene {
    world: World,
    operator: Operator,
    who: String,
    app: totp_rs::Totp,
    recovery: String,
    challenges: [String; 2],
    /// The cookie of its owner, by both factors.
    owner: BrowserActor,
}

impl Scene {
    fn new() -> Self {
        static SCENES: AtomicUsize = AtomicUsize::new(0);

        let world = World::new(&(Arc::new(MemoryStore::new()) as _));
        let who = format!("factors-{}", SCENES.fetch_add(1, Ordering::Relaxed));
        world.import(&who, 0, false);
        let opened = block_on(world.accounts.login(attempt(&who), &carrier()));
        let cookie = opened.unwrap().cookie;
        let actor = block_on(world.accounts.browser_actor(cookie))
            .unwrap()
            .unwrap();
        let (app, recovery) = enrolled(&world, &actor.actor);
        let owner = signed_in_by_both(&world, &who, &recovery[0]);
        let challenges = [(); 2].map(|()| challenge(&world, &who));
        Self {
            operator: world.operator(),
            who,
            app,
            recovery: recovery[1].clone(),
            challenges,
            owner,
            world,
        }
    }

    async fn perform(&self, act: Act, hand: usize) -> Told {
        let world = self.world.asked_by(hand);
        match act {
            Act::Code => self.answer(world, 0, self.code()).await,
            Act::SameCode => self.answer(world, 1, self.code()).await,
            Act::Recovery => self.answer(world, 0, self.recovery()).await,
            Act::SameRecovery => self.answer(world, 1, self.recovery()).await,
            Act::Remove => match world.accounts.remove_own_factor(&self.owner.actor).await {
                Ok(()) => Told::Done,
                Err(ManageFactorError::Refused(_) | ManageFactorError::None) => Told::Refused,
                Err(error) => panic!("{error}"),
            },
            Act::OperatorRemoves => match self.operator.remove_factor(&self.who).await {
                Ok(_) => Told::Done,
                Err(RemoveFactorError::None | RemoveFactorError::Superseded) => Told::Refused,
                Err(error @ RemoveFactorError::Find(_)) => panic!("{error}"),
            },
            Act::Disable => match self.operator.disable(&self.who).await {
                Ok(_) => Told::Done,
                Err(FindError::Unknown) => Told::Refused,
                Err(error) => panic!("{error}"),
            },
            Act::Reset => self.reset(world).await,
        }
    }

    async fn answer(&self, world: &World, challenge: usize, presented: PresentedFactor) -> Told {
        let answer = ChallengeAnswer {
            challenge: self.challenges[challenge].as_str().into(),
            presented,
            browser: None,
            client: ClientInfo::default(),
            keeps_account: false,
            remember: false,
        };
        match world.accounts.answer_challenge(answer, &carrier()).await {
            Ok(opened) => Told::SignedIn(opened.cookie),
            Err(
                AnswerError::Factor(FactorError::Storage(error))
                | AnswerError::Login(LoginError::Storage(error)),
            ) => panic!("{error}"),
            Err(_) => Told::Refused,
        }
    }

    /// What a reset does, by whoever reads the account first.
    async fn reset(&self, world: &World) -> Told {
        let found = world
            .storage
            .credentials(&self.id())
            .await
            .unwrap()
            .unwrap();
        let change = PasswordChange {
            user: found.user.id,
            at: found.user.generation,
            hash: found.hash,
            keep: None,
            proven: None,
        };
        let changed = world.storage.change_password(change, self.moment()).await;
        match changed.unwrap() {
            storage::PasswordChanged::Changed => Told::Done,
            storage::PasswordChanged::Superseded => Told::Refused,
        }
    }

    fn code(&self) -> PresentedFactor {
        let code = self.app.generate(self.world.clock.now().as_seconds());
        PresentedFactor::Totp(code.to_string().into())
    }

    fn recovery(&self) -> PresentedFactor {
        PresentedFactor::RecoveryCode(self.recovery.as_str().into())
    }

    fn user(&self) -> User {
        block_on(self.world.storage.user(&self.id()))
            .unwrap()
            .unwrap()
    }

    /// Whether the cookie leads to somebody, on either process.
    fn leads(&self, cookie: &PlainToken) -> bool {
        (0..2).any(|hand| {
            let accounts = &self.world.asked_by(hand).accounts;
            block_on(accounts.browser_actor(cookie.clone()))
                .unwrap()
                .is_some()
        })
    }

    fn id(&self) -> UserId {
        UserId::parse(&self.who).unwrap()
    }

    fn moment(&self) -> Moment {
        let now = self.world.clock.now();
        Moment {
            now,
            feed_until: now.plus(WAIT),
        }
    }
}

fn enrolled(world: &World, actor: &Actor) -> (totp_rs::Totp, Vec<String>) {
    let begun = block_on(world.accounts.begin_enrolment(actor, LABELS)).unwrap();
    let secret = totp_rs::Secret::try_from_base32(begun.secret.expose()).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = app.generate(world.clock.now().as_seconds());
    let code = code.to_string().as_str().into();
    let confirming = world.accounts.confirm_enrolment(actor, &code);
    let codes = block_on(confirming).unwrap().0;
    world.clock.advance(std::time::Duration::from_secs(30));
    let codes = codes.iter().map(|code| code.expose().clone());
    (app, codes.collect())
}

fn challenge(world: &World, who: &str) -> String {
    match block_on(world.accounts.login(attempt(who), &carrier())) {
        Err(LoginError::FactorRequired(required)) => required.challenge.expose().to_owned(),
        other => panic!("no challenge: {:?}", other.map(drop)),
    }
}

fn signed_in_by_both(world: &World, who: &str, recovery: &str) -> BrowserActor {
    let answer = ChallengeAnswer {
        challenge: challenge(world, who).as_str().into(),
        presented: PresentedFactor::RecoveryCode(recovery.into()),
        browser: None,
        client: ClientInfo::default(),
        keeps_account: false,
        remember: false,
    };
    let opened = block_on(world.accounts.answer_challenge(answer, &carrier())).unwrap();
    let actor = world.accounts.browser_actor(opened.cookie);
    block_on(actor).unwrap().unwrap()
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

/// In every order; says how many there were.
fn hold(racing: &[Act]) -> usize {
    every_schedule(|choices| once(racing, choices))
}

fn once(racing: &[Act], choices: &mut Choices) {
    let scene = Scene::new();
    let before = scene.user().generation;
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
    judge(
        &scene,
        before,
        &told,
        &format!("{told:?} in the order {order:?}"),
    );
}

fn judge(scene: &Scene, before: Generation, told: &[(Act, Told)], seen: &str) {
    let user = scene.user();
    let is_done = |act: Act| {
        let mut all = told.iter();
        all.any(|(other, told)| *other == act && !matches!(told, Told::Refused))
    };
    let cookies: Vec<_> = told
        .iter()
        .filter_map(|(act, told)| match told {
            Told::SignedIn(cookie) => Some((*act, cookie)),
            _ => None,
        })
        .collect();
    // Of one code, and of one challenge, one session.
    let among = |acts: [Act; 2]| cookies.iter().filter(|(act, _)| acts.contains(act)).count();
    for pair in [
        [Act::Code, Act::SameCode],
        [Act::Recovery, Act::SameRecovery],
        [Act::Code, Act::Recovery],
        [Act::SameCode, Act::SameRecovery],
    ] {
        assert!(among(pair) <= 1, "{pair:?}: {seen}");
    }
    // What began another generation refuses what was opened in the one before.
    if user.generation > before || user.disabled {
        for (act, cookie) in &cookies {
            assert!(!scene.leads(cookie), "{act:?}: {seen}");
        }
    }
    let removed = is_done(Act::Remove) || is_done(Act::OperatorRemoves);
    assert_eq!(user.second_factor, !removed, "{seen}");
    assert_eq!(user.disabled, is_done(Act::Disable), "{seen}");
    // The password alone signs in when there is no factor, and never else.
    let alone = block_on(scene.world.accounts.login(attempt(&scene.who), &carrier()));
    assert_eq!(alone.is_ok(), removed && !user.disabled, "{seen}");
}

#[test]
fn one_code_for_two_challenges() {
    assert!(hold(&[Act::Code, Act::SameCode]) > 20);
}

#[test]
#[ignore = "takes a minute: cargo test -p portcullis-account --test models -- --ignored"]
fn two_codes_for_one_challenge() {
    assert!(hold(&[Act::Code, Act::Recovery]) > 20);
}

#[test]
#[ignore = "takes a minute: cargo test -p portcullis-account --test models -- --ignored"]
fn one_recovery_code_for_two_challenges() {
    assert!(hold(&[Act::Recovery, Act::SameRecovery]) > 20);
}

#[test]
fn a_code_and_an_operator_who_disables_the_account() {
    assert!(hold(&[Act::Code, Act::Disable]) > 20);
}

#[test]
fn a_code_and_a_new_password() {
    assert!(hold(&[Act::Code, Act::Reset]) > 20);
}

#[test]
fn a_code_and_the_removal_of_the_factor() {
    assert!(hold(&[Act::Code, Act::OperatorRemoves]) > 20);
}

#[test]
#[ignore = "takes a minute: cargo test -p portcullis-account --test models -- --ignored"]
fn two_removals() {
    assert!(hold(&[Act::Remove, Act::OperatorRemoves]) > 20);
}

#[test]
fn a_removal_and_a_new_password() {
    assert!(hold(&[Act::Remove, Act::Reset]) > 5);
}
