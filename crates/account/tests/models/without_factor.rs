//! What opens a session without the second factor that an account has, or has not yet, and what may change the account
//! meanwhile, in every order of their calls to the store: an enrolment at a sign-in gives one session, and a device that is
//! remembered none of an account that has changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use account::{
    AnswerError, BrowserActor, ChallengeAnswer, Cookie, EnrolFirstError, FactorRules, FirstCode,
    FirstEnrolment, LoginAttempt, LoginError, PresentedFactor, RememberedDevice,
};
use model::{ClientInfo, Clock as _, UserId};
use secret::{PlainToken, Secret};
use storage::{Moment, PasswordChange, PasswordChanged};
use storage_testing::interleaving::{Choices, Task, block_on, every_schedule, run};
use storage_testing::memory::MemoryStore;

use crate::factors::LABELS;
use crate::world::{PASSWORDS, WAIT, World};

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The first challenge is answered by the code of the app that is being set up.
    Confirm,
    /// The second one, by the same code.
    ConfirmOther,
    /// The password, on the device that is remembered.
    Remembered,
    /// The owner forgets every device.
    Forget,
    /// The owner ends every other session.
    EndOthers,
    /// A recovery code answers a challenge, on another device that is to be remembered.
    Recover,
    /// The owner makes new recovery codes.
    Renew,
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
    who: String,
    app: totp_rs::Totp,
    /// Of sign-ins that lead to an enrolment.
    challenges: Vec<String>,
    /// A device that is remembered, and the session of its owner.
    device: Option<(RememberedDevice, BrowserActor)>,
    /// A recovery code, where there is a factor.
    recovery: String,
}

impl Scene {
    /// An account of its own in a world with these rules.
    fn ruled_by(rules: FactorRules) -> (World, String) {
        static SCENES: AtomicUsize = AtomicUsize::new(0);

        let world = World::ruled_by(&(Arc::new(MemoryStore::new()) as _), rules);
        let who = format!("without-{}", SCENES.fetch_add(1, Ordering::Relaxed));
        world.import(&who, 0, false);
        (world, who)
    }

    /// An account that must enrol, and two sign-ins that wait for it.
    fn enrolling() -> Self {
        let (world, who) = Self::ruled_by(FactorRules {
            required: true,
            ..FactorRules::default()
        });
        let challenges = [(); 2].map(|()| challenge(&world, &who));
        let begun = world
            .accounts
            .begin_first_enrolment(first(&challenges[1]), LABELS);
        let app = app(&block_on(begun).unwrap().secret);
        Self {
            app,
            challenges: challenges.to_vec(),
            device: None,
            recovery: String::new(),
            who,
            world,
        }
    }

    /// An account with a factor, and a device that is remembered.
    fn remembered() -> Self {
        let (world, who) = Self::ruled_by(FactorRules {
            remember: Duration::from_hours(24),
            ..FactorRules::default()
        });
        let accounts = &world.accounts;
        let opened = block_on(accounts.login(attempt(&who, None), &carrier())).unwrap();
        let actor = browser(&world, opened.cookie).unwrap().actor;
        let begun = block_on(accounts.begin_enrolment(&actor, LABELS)).unwrap();
        let app = app(&begun.secret);
        let code = typed(&app, &world);
        let codes = block_on(accounts.confirm_enrolment(&actor, &code)).unwrap();
        world.clock.advance(Duration::from_secs(30));
        let answer = ChallengeAnswer {
            challenge: challenge(&world, &who).as_str().into(),
            presented: PresentedFactor::Totp(typed(&app, &world)),
            browser: None,
            client: ClientInfo::default(),
            keeps_account: false,
            remember: true,
        };
        let opened = block_on(accounts.answer_challenge(answer, &carrier())).unwrap();
        let owner = browser(&world, opened.cookie).unwrap();
        Self {
            app,
            challenges: vec![challenge(&world, &who)],
            recovery: codes.0[0].expose().to_owned(),
            device: Some((opened.remembered.unwrap(), owner)),
            who,
            world,
        }
    }

    async fn perform(&self, act: Act, hand: usize) -> Told {
        let world = self.world.asked_by(hand);
        match (act, &self.device) {
            (Act::Confirm, _) => self.confirm(world, 0).await,
            (Act::ConfirmOther, _) => self.confirm(world, 1).await,
            (Act::Remembered, Some((device, _))) => {
                let attempt = attempt(&self.who, Some(device));
                match world.accounts.login(attempt, &carrier()).await {
                    Ok(opened) => Told::SignedIn(opened.cookie),
                    Err(LoginError::Storage(error)) => panic!("{error}"),
                    Err(_) => Told::Refused,
                }
            }
            (Act::Forget, Some((_, owner))) => {
                let forgetting = world.accounts.forget_own_devices(&owner.actor);
                forgetting.await.unwrap();
                Told::Done
            }
            (Act::EndOthers, Some((_, owner))) => {
                let ending = world.accounts.end_other_sessions(&owner.actor);
                ending.await.unwrap();
                Told::Done
            }
            (Act::Renew, Some((_, owner))) => {
                let renewing = world.accounts.renew_recovery_codes(&owner.actor);
                renewing.await.unwrap();
                Told::Done
            }
            (Act::Recover, _) => self.recover(world).await,
            (Act::Reset, _) => self.reset(world).await,
            (Act::Remembered | Act::Forget | Act::EndOthers | Act::Renew, None) => {
                panic!("no device is remembered")
            }
        }
    }

    async fn confirm(&self, world: &World, number: usize) -> Told {
        let typed = FirstCode {
            of: first(&self.challenges[number]),
            code: typed(&self.app, &self.world),
            client: ClientInfo::default(),
        };
        let carrier = carrier();
        let confirming = world.accounts.confirm_first_enrolment(typed, &carrier);
        match confirming.await {
            Ok((opened, codes)) => {
                assert_eq!(codes.0.len(), 10);
                Told::SignedIn(opened.cookie)
            }
            Err(EnrolFirstError::Login(LoginError::Storage(error))) => panic!("{error}"),
            Err(_) => Told::Refused,
        }
    }

    async fn recover(&self, world: &World) -> Told {
        let answer = ChallengeAnswer {
            challenge: self.challenges[0].as_str().into(),
            presented: PresentedFactor::RecoveryCode(self.recovery.as_str().into()),
            browser: None,
            client: ClientInfo::default(),
            keeps_account: false,
            remember: true,
        };
        let carrier = carrier();
        match world.accounts.answer_challenge(answer, &carrier).await {
            Ok(opened) => Told::SignedIn(opened.cookie),
            Err(AnswerError::Login(LoginError::Storage(error))) => panic!("{error}"),
            Err(_) => Told::Refused,
        }
    }

    /// What a reset does, by whoever reads the account first.
    async fn reset(&self, world: &World) -> Told {
        let id = UserId::parse(&self.who).unwrap();
        let found = world.storage.credentials(&id).await.unwrap().unwrap();
        let change = PasswordChange {
            user: found.user.id,
            at: found.user.generation,
            hash: found.hash,
            keep: None,
            proven: None,
        };
        let now = self.world.clock.now();
        let moment = Moment {
            now,
            feed_until: now.plus(WAIT),
        };
        let changed = world.storage.change_password(change, moment).await;
        match changed.unwrap() {
            PasswordChanged::Changed => Told::Done,
            PasswordChanged::Superseded => Told::Refused,
        }
    }
}

fn app(secret: &Secret<String>) -> totp_rs::Totp {
    let secret = totp_rs::Secret::try_from_base32(secret.expose()).unwrap();
    totp_rs::Builder::new().with_secret(secret).build().unwrap()
}

fn typed(app: &totp_rs::Totp, world: &World) -> Secret<String> {
    let code = app.generate(world.clock.now().as_seconds());
    code.to_string().into()
}

/// The challenge of a sign-in: to show a factor, or to enrol one.
fn challenge(world: &World, who: &str) -> String {
    match block_on(world.accounts.login(attempt(who, None), &carrier())) {
        Err(LoginError::EnrolmentRequired(required)) => required.challenge.expose().to_owned(),
        Err(LoginError::FactorRequired(required)) => required.challenge.expose().to_owned(),
        other => panic!("no challenge: {:?}", other.map(drop)),
    }
}

fn first(challenge: &str) -> FirstEnrolment {
    FirstEnrolment {
        challenge: challenge.into(),
        browser: None,
    }
}

fn attempt(who: &str, device: Option<&RememberedDevice>) -> LoginAttempt {
    LoginAttempt {
        identifier: who.to_owned(),
        password: PASSWORDS[0].into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: device.cloned(),
        quota: None,
    }
}

const fn carrier() -> Cookie {
    Cookie { previous: None }
}

/// Whom a cookie leads to in this process.
fn browser(world: &World, cookie: PlainToken) -> Option<BrowserActor> {
    block_on(world.accounts.browser_actor(cookie)).unwrap()
}

/// In every order; says how many there were.
fn hold(scene: fn() -> Scene, racing: &[Act]) -> usize {
    every_schedule(|choices| once(&scene(), racing, choices))
}

fn once(scene: &Scene, racing: &[Act], choices: &mut Choices) {
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
    judge(scene, &told, &format!("{told:?} in the order {order:?}"));
}

fn judge(scene: &Scene, told: &[(Act, Told)], seen: &str) {
    let id = UserId::parse(&scene.who).unwrap();
    let user = block_on(scene.world.storage.user(&id)).unwrap().unwrap();
    let cookies = || {
        told.iter().filter_map(|(act, told)| match told {
            Told::SignedIn(cookie) => Some((*act, cookie)),
            Told::Done | Told::Refused => None,
        })
    };
    let is_done = |act| {
        let mut all = told.iter();
        all.any(|(other, told)| *other == act && matches!(told, Told::Done))
    };
    let leads = |cookie: &PlainToken| {
        (0..2).any(|hand| browser(scene.world.asked_by(hand), cookie.clone()).is_some())
    };
    let leads_anew = |cookie: &PlainToken| browser(scene.world.lagging(), cookie.clone()).is_some();
    // One app is enrolled, and whoever enrolled it has the only session.
    let confirmed = cookies().filter(|(act, _)| matches!(act, Act::Confirm | Act::ConfirmOther));
    let confirmed = confirmed.count();
    assert!(confirmed <= 1, "{seen}");
    assert!(confirmed == 0 || user.second_factor, "{seen}");
    // What began another generation refuses what was opened in the one before.
    if is_done(Act::Reset) {
        assert!(cookies().all(|(_, cookie)| !leads(cookie)), "{seen}");
    }
    // The end of the others leaves none that a device has opened without the factor.
    if is_done(Act::EndOthers) {
        assert!(cookies().all(|(_, cookie)| !leads_anew(cookie)), "{seen}");
    }
    // New recovery codes leave no device remembered, and none by a code of before.
    if is_done(Act::Renew) {
        let (_, owner) = scene.device.as_ref().unwrap();
        let left = block_on(scene.world.accounts.remembered_devices(&owner.actor));
        assert_eq!(left.unwrap(), [], "{seen}");
    }
    // The password alone opens nothing, and no device is remembered by what has changed.
    let device = scene.device.as_ref().map(|(device, _)| device);
    let alone = attempt(&scene.who, None);
    let alone = block_on(scene.world.accounts.login(alone, &carrier()));
    assert!(alone.is_err(), "{seen}");
    let again = attempt(&scene.who, device);
    let again = block_on(scene.world.accounts.login(again, &carrier()));
    let is_void = [Act::Reset, Act::Forget, Act::EndOthers, Act::Renew]
        .map(is_done)
        .contains(&true);
    let is_good = device.is_some() && !is_void;
    assert_eq!(again.is_ok(), is_good, "{seen}");
}

#[test]
fn an_enrolment_at_a_sign_in_and_a_new_password() {
    assert!(hold(Scene::enrolling, &[Act::ConfirmOther, Act::Reset]) > 20);
}

#[test]
#[ignore = "takes minutes: cargo test -p portcullis-account --test models -- --ignored"]
fn two_enrolments_at_sign_ins_by_one_code() {
    assert!(hold(Scene::enrolling, &[Act::Confirm, Act::ConfirmOther]) > 20);
}

#[test]
fn a_remembered_device_and_a_new_password() {
    assert!(hold(Scene::remembered, &[Act::Remembered, Act::Reset]) > 20);
}

#[test]
fn a_remembered_device_and_its_owner_who_forgets_it() {
    assert!(hold(Scene::remembered, &[Act::Remembered, Act::Forget]) > 20);
}

#[test]
fn a_remembered_device_and_its_owner_who_ends_the_other_sessions() {
    assert!(hold(Scene::remembered, &[Act::Remembered, Act::EndOthers]) > 20);
}

#[test]
#[ignore = "takes minutes: cargo test -p portcullis-account --test models -- --ignored"]
fn a_device_that_a_recovery_code_has_remembered_and_new_recovery_codes() {
    assert!(hold(Scene::remembered, &[Act::Recover, Act::Renew]) > 20);
}
