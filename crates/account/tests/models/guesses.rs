//! Guesses at a password at the same time, in every order of their calls to the store: however they
//! fall, five are checked before a wait, not one more and not one fewer.

use std::sync::atomic::{AtomicUsize, Ordering};

use account::{Bearer, DeviceToken, LoginAttempt, LoginError};
use model::ClientInfo;
use storage::attempts::FREE_FAILURES;
use storage_testing::interleaving::{Choices, Task, block_on, every_schedule, run};

use crate::stage::Stage;
use crate::world::{PASSWORDS, World};

/// Who tries to sign in, on one and the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    /// A stranger with a wrong password.
    Wrong,
    /// The owner, on a device that is not known.
    Right,
    /// The owner on a known device.
    RightOnDevice,
    /// A thief of that device, without the password.
    WrongOnDevice,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    SignedIn,
    Wrong,
    /// Nothing was checked: too many have failed.
    Wait,
    /// Nothing was checked: the store failed.
    Trouble,
}

struct Race {
    /// Wrong guesses that went before.
    failures: u32,
    /// Look-ups that fail while they race, on the process that the first of them asks.
    trouble: u32,
    /// What each of those who race tries, one after the other.
    racing: &'static [&'static [Try]],
}

const fn race(failures: u32, trouble: u32, racing: &'static [&'static [Try]]) -> Race {
    Race {
        failures,
        trouble,
        racing,
    }
}

/// An account, and the device on which its owner has signed in before.
struct Scene<'a> {
    world: &'a World,
    who: String,
    device: DeviceToken,
}

impl Scene<'_> {
    async fn attempt(&self, by: Try, hand: usize) -> (Told, Option<DeviceToken>) {
        let device = matches!(by, Try::RightOnDevice | Try::WrongOnDevice);
        let right = matches!(by, Try::Right | Try::RightOnDevice);
        let attempt = LoginAttempt {
            identifier: self.who.clone(),
            password: PASSWORDS[usize::from(!right)].into(),
            device: device.then(|| self.device.clone()),
            client: ClientInfo::default(),
            browser: None,
            remembered: None,
            quota: None,
        };
        match self
            .world
            .asked_by(hand)
            .accounts
            .login(attempt, &Bearer)
            .await
        {
            Ok(tokens) => (Told::SignedIn, tokens.device),
            Err(LoginError::InvalidCredentials) => (Told::Wrong, None),
            Err(LoginError::TooManyAttempts { .. }) => (Told::Wait, None),
            Err(LoginError::Storage(_)) => (Told::Trouble, None),
            Err(error) => panic!("{error}"),
        }
    }

    async fn attempts(&self, tries: &[Try], hand: usize) -> Vec<(Try, Told)> {
        let mut told = Vec::new();
        for by in tries {
            told.push((*by, self.attempt(*by, hand).await.0));
        }
        told
    }

    fn attempt_now(&self, by: Try) -> Told {
        block_on(self.attempt(by, 0)).0
    }

    /// Guesses until it must wait, and says how many were checked.
    fn left(&self, by: Try) -> u32 {
        let mut left = 0;
        while self.attempt_now(by) == Told::Wrong {
            left += 1;
            assert!(left <= 2 * FREE_FAILURES, "nobody has to wait");
        }
        left
    }
}

fn hold(stage: &Stage, race: &Race) -> usize {
    every_schedule(|choices| once(stage, race, choices))
}

fn hold_everywhere(race: &Race) -> usize {
    let schedules = hold(&Stage::Memory, race);
    assert_eq!(
        hold(&Stage::sqlite_counting(), race),
        schedules,
        "the backends are called alike"
    );
    schedules
}

fn once(stage: &Stage, race: &Race, choices: &mut Choices) {
    static SCENES: AtomicUsize = AtomicUsize::new(0);

    let world = stage.counting_world();
    let who = format!("guessed-{}", SCENES.fetch_add(1, Ordering::Relaxed));
    world.import(&who, 0, false);
    let first = LoginAttempt {
        identifier: who.clone(),
        password: PASSWORDS[0].into(),
        device: None,
        client: ClientInfo::default(),
        browser: None,
        remembered: None,
        quota: None,
    };
    let device = block_on(world.accounts.login(first, &Bearer))
        .unwrap()
        .device;
    let scene = Scene {
        world: &world,
        who,
        device: device.unwrap(),
    };
    for _ in 0..race.failures {
        assert_eq!(scene.attempt_now(Try::Wrong), Told::Wrong);
    }

    world.trouble.store(race.trouble, Ordering::Relaxed);
    let tasks = race.racing.iter().enumerate();
    let tasks = tasks
        .map(|(hand, tries)| Box::pin(scene.attempts(tries, hand)) as Task<'_, _>)
        .collect();
    let (ended, order) = run(tasks, &world.gate, choices);
    world.trouble.store(0, Ordering::Relaxed);
    let told: Vec<_> = ended.into_iter().map(|ended| ended.answer).collect();
    judge(
        race,
        &scene,
        &told,
        &format!("{told:?} in the order {order:?}"),
    );
}

fn judge(race: &Race, scene: &Scene<'_>, told: &[Vec<(Try, Told)>], seen: &str) {
    let count = |by: Try, answer: Told| {
        let all = told.iter().flatten();
        let count = all.filter(|both| **both == (by, answer)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    // The owner on a known device is in, whatever strangers do.
    assert_eq!(count(Try::RightOnDevice, Told::Wait), 0, "{seen}");

    let checked = count(Try::Wrong, Told::Wrong);
    let free = FREE_FAILURES - race.failures;
    let on_device = count(Try::WrongOnDevice, Told::Wrong);
    let (left, left_on_device) = (scene.left(Try::Wrong), scene.left(Try::WrongOnDevice));
    if count(Try::Right, Told::SignedIn) == 0 {
        // A success on the device gives the strangers nothing.
        assert_eq!(checked + left, free, "guesses with the one budget: {seen}");
    } else {
        let bounds = FREE_FAILURES..=FREE_FAILURES + free;
        assert!(bounds.contains(&(checked + left)), "{left} left: {seen}");
        // Those after the success have the five that it gives, and not one more.
        let after = told.iter().map(|told| {
            let after = told.iter().skip_while(|(_, told)| *told != Told::SignedIn);
            after.filter(|(_, told)| *told == Told::Wrong).count()
        });
        let after = u32::try_from(after.sum::<usize>()).unwrap_or(u32::MAX);
        assert!(after + left <= FREE_FAILURES, "{left} left: {seen}");
    }
    if count(Try::RightOnDevice, Told::SignedIn) == 0 {
        assert_eq!(on_device + left_on_device, FREE_FAILURES, "{seen}");
    } else {
        assert!(left_on_device <= FREE_FAILURES, "{seen}");
        assert!(on_device + left_on_device >= FREE_FAILURES, "{seen}");
    }
    assert_eq!(scene.attempt_now(Try::Right), Told::Wait, "{seen}");
    assert_eq!(scene.attempt_now(Try::RightOnDevice), Told::Wait, "{seen}");
}

#[test]
fn three_guesses_where_two_are_left() {
    let race = race(3, 0, &[&[Try::Wrong], &[Try::Wrong], &[Try::Wrong]]);
    assert!(hold(&Stage::Memory, &race) > 500);
}

#[test]
fn two_guesses_where_one_is_left() {
    let race = race(4, 0, &[&[Try::Wrong], &[Try::Wrong]]);
    assert!(hold_everywhere(&race) > 10);
}

#[test]
fn two_guesses_of_which_one_is_given_back() {
    let race = race(4, 1, &[&[Try::Wrong], &[Try::Wrong]]);
    assert!(hold_everywhere(&race) > 10);
}

#[test]
fn two_guesses_and_the_owner_where_two_are_left() {
    let race = race(3, 0, &[&[Try::Wrong, Try::Wrong], &[Try::Right]]);
    assert!(hold_everywhere(&race) > 100);
}

#[test]
fn a_guess_that_is_given_back_after_a_success() {
    let race = race(2, 1, &[&[Try::Wrong], &[Try::Right, Try::Wrong]]);
    assert!(hold(&Stage::Memory, &race) > 100);
}

#[test]
fn two_guesses_and_the_owner_on_a_known_device() {
    let race = race(4, 0, &[&[Try::Wrong, Try::Wrong], &[Try::RightOnDevice]]);
    assert!(hold(&Stage::Memory, &race) > 100);
}

#[test]
fn the_owner_on_a_known_device_while_strangers_wait() {
    let race = race(5, 0, &[&[Try::Wrong], &[Try::RightOnDevice]]);
    assert!(hold_everywhere(&race) > 5);
}

#[test]
fn a_thief_of_the_device_and_a_stranger() {
    let race = race(4, 0, &[&[Try::WrongOnDevice], &[Try::Wrong, Try::Wrong]]);
    assert!(hold_everywhere(&race) > 50);
}
