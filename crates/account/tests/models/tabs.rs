//! Two tabs of one browser at the same time, in every order of their calls to the store: a cookie that
//! was replaced, or whose session has ended, leads nowhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use account::{BrowserActor, Cookie, LoginAttempt};
use model::ClientInfo;
use secret::PlainToken;
use storage_testing::interleaving::{Choices, Ended, Task, block_on, every_schedule, run};

use crate::stage::Stage;
use crate::world::{PASSWORDS, World};

/// What a tab does with the cookie that all of them have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Opens a page.
    Visit,
    /// Proves once more who uses it: the cookie is replaced.
    Reauthenticate,
    ChangePassword,
    /// Signs in again: a session of its own takes the place of the one before.
    Login,
    Logout,
    /// Strikes the session off the list.
    EndSession,
}

/// What came of it.
#[derive(Clone, Debug)]
enum Told {
    /// The page of one who is signed in.
    Welcome,
    Done,
    /// It is done, and this is the cookie from now on.
    Cookie(PlainToken),
    /// The form to sign in with, or "no longer signed in".
    Stranger,
}

struct Scene<'a> {
    world: &'a World,
    who: String,
    cookie: PlainToken,
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

impl Scene<'_> {
    async fn perform(&self, act: Act, hand: usize) -> Told {
        let accounts = &self.world.asked_by(hand).accounts;
        let found = accounts.browser_actor(self.cookie.clone()).await.unwrap();
        let Some(browser) = found else {
            return match act {
                Act::Login => self.login(hand, None).await,
                _ => Told::Stranger,
            };
        };
        match act {
            Act::Visit => Told::Welcome,
            Act::Reauthenticate => {
                let password = PASSWORDS[0].into();
                let renewed = accounts.reauthenticate(&browser, None, password, None);
                renewed.await.map_or(Told::Stranger, Told::Cookie)
            }
            Act::ChangePassword => {
                let (current, new) = (PASSWORDS[0].into(), PASSWORDS[1].into());
                let renewed = accounts.change_password(&browser, None, current, new);
                let renewed = renewed.await;
                renewed.map_or(Told::Stranger, |changed| Told::Cookie(changed.renewed))
            }
            Act::Login => self.login(hand, Some(browser)).await,
            Act::Logout => {
                accounts.logout(&browser.actor).await.unwrap();
                Told::Done
            }
            Act::EndSession => {
                let session = browser.actor.session.to_string();
                let ended = accounts.end_session(&browser.actor, &session).await;
                ended.map_or(Told::Stranger, |()| Told::Done)
            }
        }
    }

    async fn login(&self, hand: usize, previous: Option<BrowserActor>) -> Told {
        let accounts = &self.world.asked_by(hand).accounts;
        let carrier = Cookie { previous };
        let opened = accounts.login(attempt(&self.who), &carrier).await;
        // The password may have been changed meanwhile.
        opened.map_or(Told::Stranger, |opened| Told::Cookie(opened.cookie))
    }

    /// Whether the cookie leads to somebody, on both processes.
    fn leads(&self, cookie: &PlainToken) -> bool {
        let leads = |hand| {
            let accounts = &self.world.asked_by(hand).accounts;
            let found = block_on(accounts.browser_actor(cookie.clone()));
            found.unwrap().is_some()
        };
        let (hears, lags) = (leads(0), leads(1));
        assert_eq!(hears, lags, "both processes read the same store");
        hears
    }
}

fn hold(stage: &Stage, racing: &[Act]) -> usize {
    every_schedule(|choices| once(stage, racing, choices))
}

fn hold_everywhere(racing: &[Act]) -> usize {
    let schedules = hold(&Stage::Memory, racing);
    assert_eq!(
        hold(&Stage::sqlite(), racing),
        schedules,
        "the backends are called alike"
    );
    schedules
}

fn once(stage: &Stage, racing: &[Act], choices: &mut Choices) {
    static SCENES: AtomicUsize = AtomicUsize::new(0);

    let world = stage.world();
    let who = format!("browsing-{}", SCENES.fetch_add(1, Ordering::Relaxed));
    world.import(&who, 0, false);
    let carrier = Cookie { previous: None };
    let opened = block_on(world.accounts.login(attempt(&who), &carrier));
    let scene = &Scene {
        world: &world,
        who,
        cookie: opened.unwrap().cookie,
    };
    let tasks = racing.iter().enumerate();
    let tasks = tasks
        .map(|(hand, act)| Box::pin(scene.perform(*act, hand)) as Task<'_, _>)
        .collect();
    let (ended, order) = run(tasks, &world.gate, choices);
    let told: Vec<_> = ended.iter().map(|ended| &ended.answer).collect();
    let seen = format!("{racing:?} gave {told:?} in the order {order:?}");
    judge(scene, racing, &ended, &seen);
}

fn judge(scene: &Scene<'_>, racing: &[Act], ended: &[Ended<Told>], seen: &str) {
    let all = || racing.iter().zip(ended);
    let is_over = |(act, ended): &(&Act, &Ended<Told>)| match act {
        Act::Visit => false,
        _ => !matches!(ended.answer, Told::Stranger),
    };
    // Who comes after the old cookie has gone finds nothing.
    for (_, before) in all().filter(is_over) {
        let mut later = all().filter(|(_, other)| other.began > before.last_step);
        let acts = |(act, other): (&Act, &Ended<Told>)| match act {
            Act::Login => false, // with the password, and not by the cookie
            _ => !matches!(other.answer, Told::Stranger),
        };
        assert!(!later.any(acts), "a cookie that is over acts: {seen}");
    }
    if all().any(|both| is_over(&both)) {
        assert!(!scene.leads(&scene.cookie), "the old cookie leads: {seen}");
    }

    // Of those that replace the same cookie at once one does.
    let is_renewed = |act: &Act| matches!(act, Act::Reauthenticate | Act::ChangePassword);
    let renewed: Vec<_> = all()
        .filter(|(act, _)| is_renewed(act))
        .filter_map(|(_, ended)| match &ended.answer {
            Told::Cookie(cookie) => Some(cookie),
            _ => None,
        })
        .collect();
    assert!(renewed.len() <= 1, "two cookies for one session: {seen}");

    // The end of the session is the end of whatever cookie it has by then.
    let ends = |(act, ended): (&Act, &Ended<Told>)| match act {
        Act::Logout | Act::EndSession => matches!(ended.answer, Told::Done),
        _ => false,
    };
    let logs_in = |(act, _): (&Act, &Ended<Told>)| *act == Act::Login;
    if all().any(ends) {
        let leads = renewed.iter().any(|cookie| scene.leads(cookie));
        assert!(!leads, "a session goes on after its end: {seen}");
    } else if !all().any(logs_in) {
        let leads = renewed.iter().all(|cookie| scene.leads(cookie));
        assert!(leads, "the new cookie leads nowhere: {seen}");
    }
}

#[test]
fn two_tabs_that_prove_who_uses_them() {
    let racing = [Act::Reauthenticate, Act::Reauthenticate];
    assert!(hold_everywhere(&racing) > 100);
}

#[test]
fn a_proof_and_a_logout() {
    let racing = [Act::Reauthenticate, Act::Logout];
    assert!(hold_everywhere(&racing) > 50);
}

#[test]
fn a_proof_and_a_visit() {
    let racing = [Act::Reauthenticate, Act::Visit];
    assert!(hold_everywhere(&racing) > 20);
}

#[test]
fn a_logout_and_two_visits() {
    let racing = [Act::Logout, Act::Visit, Act::Visit];
    assert!(hold(&Stage::Memory, &racing) > 100);
}

#[test]
fn a_proof_and_the_end_of_the_session_by_the_list() {
    let racing = [Act::Reauthenticate, Act::EndSession];
    assert!(hold(&Stage::Memory, &racing) > 50);
}

#[test]
fn a_new_password_and_a_proof() {
    let racing = [Act::ChangePassword, Act::Reauthenticate];
    assert!(hold(&Stage::Memory, &racing) > 100);
}

#[test]
fn a_new_password_and_a_logout() {
    let racing = [Act::ChangePassword, Act::Logout];
    assert!(hold_everywhere(&racing) > 100);
}

#[test]
fn a_new_login_and_a_proof() {
    let racing = [Act::Login, Act::Reauthenticate];
    assert!(hold(&Stage::Memory, &racing) > 100);
}

#[test]
fn a_new_login_and_a_visit() {
    let racing = [Act::Login, Act::Visit];
    assert!(hold_everywhere(&racing) > 20);
}

#[test]
fn two_new_logins() {
    let racing = [Act::Login, Act::Login];
    assert!(hold_everywhere(&racing) > 100);
}
