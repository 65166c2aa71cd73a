//! A second factor: enrolling one, signing in with it, and what it keeps out.

use std::sync::Arc;
use std::time::Duration;

use account::operator::Budget;
use account::{
    Actor, AnswerError, AppLabels, Bearer, ChallengeAnswer, Cookie, EnrolError, Enrolling,
    FactorError, FactorKind, FactorRequired, LoginAttempt, LoginError, ManageFactorError,
    PresentedFactor, Refused, Tokens,
};
use futures_util::future::join_all;
use model::{ClientInfo, Clock as _, Level};
use secret::{HashedToken, PlainToken, TokenPrefix};
use storage::{LoginName, Storage};
use storage_testing::memory::MemoryStore;

use crate::process::{HOUR, PASSWORD, Process};

/// What an app is told.
pub(crate) const LABELS: AppLabels<'_> = AppLabels {
    issuer: "Portcullis",
    picture: "QR code",
};

const NEW: &str = "wT4$nB9!zR2q";

const STEP: Duration = Duration::from_secs(30);

/// A process with alice, whose app is enrolled.
struct Enrolled {
    process: Process,
    storage: Arc<dyn Storage>,
    app: App,
    recovery: Vec<String>,
    /// Who has enrolled.
    actor: Actor,
}

async fn process() -> (Process, Arc<dyn Storage>) {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStore::new());
    let process = Process::on(Arc::clone(&storage), HOUR).await;
    process.sign_up().await;
    (process, storage)
}

async fn actor(process: &Process) -> Actor {
    let tokens = process.sign_in().await;
    process.actor(tokens.access.expose())
}

/// An authenticator app that has read the secret.
#[derive(Clone)]
struct App(totp_rs::Totp);

impl App {
    fn reads(enrolling: &Enrolling) -> Self {
        let (uri, secret) = (enrolling.uri.expose(), enrolling.secret.expose());
        assert!(uri.starts_with("otpauth://totp/Portcullis:alice?"), "{uri}");
        assert!(uri.contains(&format!("secret={secret}")), "{uri}");
        assert!(enrolling.qr.expose().starts_with("<svg"));
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    /// What it shows now.
    fn shows(&self, process: &Process) -> PresentedFactor {
        let code = self.0.generate(process.clock.now().as_seconds());
        PresentedFactor::Totp(code.to_string().into())
    }
}

fn typed(presented: &PresentedFactor) -> secret::Secret<String> {
    match presented {
        PresentedFactor::Totp(code) | PresentedFactor::RecoveryCode(code) => code.clone(),
    }
}

async fn begin(process: &Process, actor: &Actor) -> Result<Enrolling, EnrolError> {
    process.accounts.begin_enrolment(actor, LABELS).await
}

impl Enrolled {
    async fn new() -> Self {
        let (process, storage) = process().await;
        let actor = actor(&process).await;
        let app = App::reads(&begin(&process, &actor).await.unwrap());
        let code = typed(&app.shows(&process));
        let codes = process.accounts.confirm_enrolment(&actor, &code).await;
        let codes = codes.unwrap().0;
        let recovery = codes.iter().map(|code| code.expose().clone()).collect();
        process.let_pass(STEP);
        Self {
            process,
            storage,
            app,
            recovery,
            actor,
        }
    }

    async fn password(&self) -> Result<Tokens, LoginError> {
        let attempt = attempt(PASSWORD, None);
        self.process.accounts.login(attempt, &Bearer).await
    }

    /// The challenge that follows the password.
    async fn challenged(&self) -> FactorRequired {
        match self.password().await {
            Err(LoginError::FactorRequired(required)) => required,
            other => panic!("no challenge: {other:?}"),
        }
    }

    async fn answered(
        &self,
        challenge: &FactorRequired,
        presented: PresentedFactor,
    ) -> Result<Tokens, AnswerError> {
        let answer = answer(challenge, presented, None);
        self.process
            .accounts
            .answer_challenge(answer, &Bearer)
            .await
    }

    fn shows(&self) -> PresentedFactor {
        self.app.shows(&self.process)
    }

    fn recovery(&self, number: usize) -> PresentedFactor {
        PresentedFactor::RecoveryCode(self.recovery[number].as_str().into())
    }
}

fn attempt(password: &str, browser: Option<HashedToken>) -> LoginAttempt {
    LoginAttempt {
        identifier: "alice".to_owned(),
        password: password.into(),
        device: None,
        client: ClientInfo::default(),
        browser,
        remembered: None,
        quota: None,
    }
}

fn answer(
    challenge: &FactorRequired,
    presented: PresentedFactor,
    browser: Option<HashedToken>,
) -> ChallengeAnswer {
    ChallengeAnswer {
        challenge: challenge.challenge.expose().into(),
        presented,
        browser,
        client: ClientInfo::default(),
        keeps_account: false,
        remember: false,
    }
}

fn wrong() -> PresentedFactor {
    PresentedFactor::Totp("not a code".into())
}

#[tokio::test]
async fn a_password_and_a_code_sign_in() {
    let enrolled = Enrolled::new().await;
    let challenge = enrolled.challenged().await;
    let expected = [FactorKind::Totp, FactorKind::RecoveryCode];
    assert_eq!(challenge.factors, expected);
    let tokens = enrolled.answered(&challenge, enrolled.shows()).await;
    let tokens = tokens.unwrap();
    let actor = enrolled.process.actor(tokens.access.expose());
    let authentication = actor.authentication.authentication;
    assert_eq!(authentication.level, Level::Two);
    let methods: Vec<_> = authentication.methods.names().collect();
    assert_eq!(methods, ["pwd", "otp"]);
}

#[tokio::test]
async fn enrolling_ends_every_other_session_and_keeps_its_own() {
    let (process, _) = process().await;
    let other = process.sign_in().await;
    let own = process.sign_in().await;
    let actor = process.actor(own.access.expose());
    let app = App::reads(&begin(&process, &actor).await.unwrap());
    assert!(process.accepts(other.access.expose()), "it is provisional");
    let code = typed(&app.shows(&process));
    let codes = process.accounts.confirm_enrolment(&actor, &code).await;
    let codes = codes.unwrap().0;
    assert_eq!(codes.len(), 10);
    assert!(!process.accepts(other.access.expose()));
    assert!(process.accepts(own.access.expose()));
}

#[tokio::test]
async fn an_enrolment_needs_a_fresh_token_and_a_right_code() {
    let (process, _) = process().await;
    let actor = actor(&process).await;
    let code = "123456".into();
    let early = process.accounts.confirm_enrolment(&actor, &code).await;
    assert!(matches!(early, Err(EnrolError::NotBegun)));
    begin(&process, &actor).await.unwrap();
    let wrong = process
        .accounts
        .confirm_enrolment(&actor, &"x".into())
        .await;
    assert!(matches!(
        wrong,
        Err(EnrolError::Factor(FactorError::WrongCode(_)))
    ));
    process.let_pass(HOUR / 4);
    let stale = begin(&process, &actor).await;
    assert!(matches!(stale, Err(EnrolError::Refused(Refused::NotFresh))));
}

#[tokio::test]
async fn starting_again_replaces_what_waits_and_leaves_the_app_alone() {
    let enrolled = Enrolled::new().await;
    let challenge = enrolled.challenged().await;
    let tokens = enrolled
        .answered(&challenge, enrolled.shows())
        .await
        .unwrap();
    let process = &enrolled.process;
    let actor = process.actor(tokens.access.expose());
    let first = App::reads(&begin(process, &actor).await.unwrap());
    let second = App::reads(&begin(process, &actor).await.unwrap());
    process.let_pass(STEP);
    let challenge = enrolled.challenged().await;
    enrolled
        .answered(&challenge, enrolled.shows())
        .await
        .unwrap();
    let of_first = typed(&first.shows(process));
    let of_first = process.accounts.confirm_enrolment(&actor, &of_first).await;
    assert!(matches!(
        of_first,
        Err(EnrolError::Factor(FactorError::WrongCode(_)))
    ));
    let of_second = typed(&second.shows(process));
    process
        .accounts
        .confirm_enrolment(&actor, &of_second)
        .await
        .unwrap();
    process.let_pass(STEP);
    let challenge = enrolled.challenged().await;
    let old = enrolled.answered(&challenge, enrolled.shows()).await;
    assert!(matches!(
        old,
        Err(AnswerError::Factor(FactorError::WrongCode(_)))
    ));
    enrolled
        .answered(&challenge, second.shows(process))
        .await
        .unwrap();
}

/// A thief of a session that was opened by the password could put his own app in the place of the owner's.
#[tokio::test]
async fn another_app_takes_a_session_of_the_one_before() {
    let enrolled = Enrolled::new().await;
    let refused = begin(&enrolled.process, &enrolled.actor).await;
    assert!(matches!(refused, Err(EnrolError::LevelTooLow)));
}

#[tokio::test]
async fn the_code_that_confirmed_signs_nobody_in() {
    let (process, storage) = process().await;
    let actor = actor(&process).await;
    let app = App::reads(&begin(&process, &actor).await.unwrap());
    let code = app.shows(&process);
    process
        .accounts
        .confirm_enrolment(&actor, &typed(&code))
        .await
        .unwrap();
    let enrolled = Enrolled {
        process,
        storage,
        app,
        recovery: Vec::new(),
        actor,
    };
    let challenge = enrolled.challenged().await;
    let again = enrolled.answered(&challenge, code).await;
    assert!(matches!(
        again,
        Err(AnswerError::Factor(FactorError::WrongCode(_)))
    ));
}

#[tokio::test]
async fn of_fifty_uses_of_a_code_at_once_one_signs_in() {
    let enrolled = Enrolled::new().await;
    let challenges = join_all((0..4).map(|_| enrolled.challenged())).await;
    let code = enrolled.shows();
    let uses = (0..50).map(|number| enrolled.answered(&challenges[number % 4], code.clone()));
    let done = join_all(uses).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
}

#[tokio::test]
async fn of_fifty_answers_to_a_challenge_at_once_one_signs_in() {
    let enrolled = Enrolled::new().await;
    let challenge = enrolled.challenged().await;
    let answers = (0..50).map(|number| {
        let presented = if number % 2 == 0 {
            enrolled.shows()
        } else {
            enrolled.recovery(number % 10)
        };
        enrolled.answered(&challenge, presented)
    });
    let done = join_all(answers).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_however_it_is_typed() {
    let enrolled = Enrolled::new().await;
    let challenge = enrolled.challenged().await;
    let shouted = enrolled.recovery[0].to_lowercase().replace('-', " ");
    let presented = PresentedFactor::RecoveryCode(shouted.as_str().into());
    enrolled.answered(&challenge, presented).await.unwrap();
    let challenge = enrolled.challenged().await;
    let again = enrolled.answered(&challenge, enrolled.recovery(0)).await;
    assert!(matches!(
        again,
        Err(AnswerError::Factor(FactorError::WrongCode(_)))
    ));
    let tokens = enrolled.answered(&challenge, enrolled.recovery(1)).await;
    let actor = enrolled.process.actor(tokens.unwrap().access.expose());
    let own = enrolled.process.accounts.own_factors(&actor).await.unwrap();
    assert_eq!(own.recovery_codes, 8);
    assert!(own.totp_since.is_some());
}

/// Else whoever knows the password would have five guesses for each challenge.
#[tokio::test]
async fn guesses_count_over_all_challenges() {
    let enrolled = Enrolled::new().await;
    for _ in 0..5 {
        let challenge = enrolled.challenged().await;
        let guess = enrolled.answered(&challenge, wrong()).await;
        assert!(matches!(
            guess,
            Err(AnswerError::Factor(FactorError::WrongCode(_)))
        ));
    }
    let challenge = enrolled.challenged().await;
    let right = enrolled.answered(&challenge, enrolled.shows()).await;
    assert!(matches!(
        right,
        Err(AnswerError::Factor(FactorError::TooManyAttempts { .. }))
    ));
    enrolled.process.let_pass(HOUR);
    let challenge = enrolled.challenged().await;
    enrolled
        .answered(&challenge, enrolled.shows())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_challenge_has_five_tries_and_five_minutes() {
    let enrolled = Enrolled::new().await;
    let challenge = enrolled.challenged().await;
    enrolled.process.let_pass(Duration::from_mins(5));
    let late = enrolled.answered(&challenge, enrolled.shows()).await;
    assert!(matches!(late, Err(AnswerError::InvalidChallenge)));
    let unknown = FactorRequired {
        challenge: PlainToken::from_bytes(TokenPrefix("pcq_"), [1; 32]),
        factors: Vec::new(),
    };
    let unknown = enrolled.answered(&unknown, enrolled.shows()).await;
    assert!(matches!(unknown, Err(AnswerError::InvalidChallenge)));
}

#[tokio::test]
async fn a_challenge_is_of_the_browser_that_asked() {
    let enrolled = Enrolled::new().await;
    let (browser, other) = (
        HashedToken::from_bytes([1; 32]),
        HashedToken::from_bytes([2; 32]),
    );
    let accounts = &enrolled.process.accounts;
    let asked = accounts
        .login(attempt(PASSWORD, Some(browser)), &Bearer)
        .await;
    let Err(LoginError::FactorRequired(challenge)) = asked else {
        panic!("no challenge");
    };
    for from in [None, Some(other)] {
        let stolen = answer(&challenge, enrolled.shows(), from);
        let stolen = accounts.answer_challenge(stolen, &Bearer).await;
        assert!(matches!(stolen, Err(AnswerError::InvalidChallenge)));
    }
    let own = answer(&challenge, enrolled.shows(), Some(browser));
    accounts.answer_challenge(own, &Bearer).await.unwrap();
}

#[tokio::test]
async fn a_challenge_of_before_a_new_password_is_void() {
    let enrolled = Enrolled::new().await;
    let challenge = enrolled.challenged().await;
    let id = enrolled.actor.user.clone();
    let now = enrolled.process.clock.now();
    let moment = storage::Moment {
        now,
        feed_until: now.plus(HOUR),
    };
    enrolled.storage.revoke_user(&id, moment).await.unwrap();
    let late = enrolled.answered(&challenge, enrolled.shows()).await;
    assert!(matches!(late, Err(AnswerError::InvalidChallenge)));
}

/// The password alone is no success: else whoever knows it could end the counting of guesses at it, and who guesses the
/// code would clear what guesses at the password cost.
#[tokio::test]
async fn failures_at_the_password_are_forgotten_after_the_second_factor_only() {
    let enrolled = Enrolled::new().await;
    let accounts = &enrolled.process.accounts;
    for _ in 0..4 {
        let wrong = accounts.login(attempt("wrong", None), &Bearer).await;
        assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    }
    let challenge = enrolled.challenged().await;
    let wrong = accounts.login(attempt("wrong", None), &Bearer).await;
    assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
    let waits = enrolled.password().await;
    assert!(matches!(waits, Err(LoginError::TooManyAttempts { .. })));
    enrolled
        .answered(&challenge, enrolled.shows())
        .await
        .unwrap();
    enrolled.challenged().await;
}

#[tokio::test]
async fn removing_it_and_new_codes_take_a_session_of_both_factors() {
    let enrolled = Enrolled::new().await;
    let accounts = &enrolled.process.accounts;
    let by_password = &enrolled.actor;
    let removed = accounts.remove_own_factor(by_password).await;
    assert!(matches!(removed, Err(ManageFactorError::LevelTooLow)));
    let renewed = accounts.renew_recovery_codes(by_password).await;
    assert!(matches!(renewed, Err(ManageFactorError::LevelTooLow)));

    let challenge = enrolled.challenged().await;
    let tokens = enrolled
        .answered(&challenge, enrolled.shows())
        .await
        .unwrap();
    let actor = enrolled.process.actor(tokens.access.expose());
    let codes = accounts.renew_recovery_codes(&actor).await.unwrap().0;
    let challenge = enrolled.challenged().await;
    let old = enrolled.answered(&challenge, enrolled.recovery(0)).await;
    assert!(matches!(
        old,
        Err(AnswerError::Factor(FactorError::WrongCode(_)))
    ));
    let new = PresentedFactor::RecoveryCode(codes[0].clone());
    enrolled.answered(&challenge, new).await.unwrap();

    accounts.remove_own_factor(&actor).await.unwrap();
    enrolled.password().await.unwrap();
    let again = accounts.remove_own_factor(&actor).await;
    assert!(matches!(again, Err(ManageFactorError::None)));
}

/// Else whoever has a session and the password would be fresh without the second factor.
#[tokio::test]
async fn a_new_password_makes_nobody_fresh() {
    let enrolled = Enrolled::new().await;
    let (process, accounts) = (&enrolled.process, &enrolled.process.accounts);
    let challenge = enrolled.challenged().await;
    let answered = answer(&challenge, enrolled.shows(), None);
    let opened = accounts.answer_challenge(answered, &Cookie { previous: None });
    let cookie = opened.await.unwrap().cookie;
    process.let_pass(HOUR);
    let browser = accounts.browser_actor(cookie).await.unwrap().unwrap();
    let changing = accounts.change_password(&browser, None, PASSWORD.into(), NEW.into());
    let renewed = changing.await.unwrap().renewed;
    let browser = accounts.browser_actor(renewed).await.unwrap().unwrap();
    let exported = accounts.export(&browser.actor).await;
    assert!(matches!(exported, Err(Refused::NotFresh)));
    let (password, code) = (NEW.into(), enrolled.shows());
    let fresh = accounts
        .reauthenticate(&browser, None, password, Some(code))
        .await;
    let browser = accounts
        .browser_actor(fresh.unwrap())
        .await
        .unwrap()
        .unwrap();
    let exported = accounts.export(&browser.actor).await.unwrap();
    assert!(exported.factors.totp_since.is_some());
    assert_eq!(exported.factors.recovery_codes, 10);
}

#[tokio::test]
async fn an_operator_ends_the_counting_of_wrong_codes() {
    let enrolled = Enrolled::new().await;
    for _ in 0..5 {
        let challenge = enrolled.challenged().await;
        enrolled.answered(&challenge, wrong()).await.unwrap_err();
    }
    let clock = Arc::clone(&enrolled.process.clock);
    let operator = crate::operator::operator(Arc::clone(&enrolled.storage), clock);
    let blocked = operator.show("alice").await.unwrap().blocked;
    assert_eq!(blocked.len(), 1);
    assert_eq!(blocked[0].budget, Budget::Factor);
    let (_, opened) = operator.unlock("alice").await.unwrap();
    assert_eq!(opened, [Budget::Factor]);
    let challenge = enrolled.challenged().await;
    enrolled
        .answered(&challenge, enrolled.shows())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_stored_holds_no_secret_and_no_code() {
    let enrolled = Enrolled::new().await;
    let id = &enrolled.actor.user;
    let stored = enrolled.storage.second_factor(id).await.unwrap().unwrap();
    let secret = enrolled.app.0.secret().as_bytes();
    let has = stored
        .sealed
        .windows(secret.len())
        .any(|part| part == secret);
    assert!(!has && stored.sealed.len() > secret.len());
    let name = LoginName {
        exact: "alice".to_owned(),
        ..LoginName::default()
    };
    let found = enrolled.storage.credentials_by_login(&name).await.unwrap();
    assert!(found.unwrap().user.second_factor);
}
