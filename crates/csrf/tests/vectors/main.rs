//! Flask-WTF's recorded scripts: each request is accepted or refused as there, for the names of
//! fields and headers, tokens of other sessions, expiry and exemption.
//!
//! The scripts were recorded without a browser, so each request that changes something is sent with
//! the `Origin` and `Sec-Fetch-Site` that a browser adds, unless the script names an `Origin`.
//! Flask's signed session cookies are read as Flask reads them (see [`flask`]): a session is the
//! application's affair. Tokens have this crate's format, so edits are made on ours.
//!
//! Where we differ on purpose, by rule, with the cases seen so far ([`expectation`]):
//! - Over https without `Referer` Flask-WTF refuses every token; our origin check needs none
//!   (csrf-064, csrf-084).
//! - A `Referer` that isn't ours, letter by letter, is refused: with a user name (csrf-076), and
//!   where the check was switched off (csrf-086).
//! - A foreign `Origin` is refused (csrf-089).
//! - A bearer token without a session needs no form token (csrf-048).
//! - Status 500 became a refusal (csrf-081, csrf-082); all refusals are 403 instead of 400.
//!
//! Left out ([`left_out`]):
//! - Profile `get-too`: which methods change something is no setting (csrf-062).
//! - Profile `disabled`: an application without the layer (csrf-099).
//! - Views that aren't known here.
#![cfg(feature = "layer")]
#![expect(clippy::unwrap_used, reason = "recorded cases are well formed")]

mod app;
mod edit;
mod flask;
mod script;

use std::collections::HashMap;

use script::{Case, Step};

#[tokio::test]
async fn vectors_requests_are_accepted_and_refused_as_recorded() {
    let cases = script::load();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let mut faults = Vec::new();
    for case in cases.iter().filter(|case| !left_out(case)) {
        if let Err(fault) = play(case).await {
            faults.push(format!("{} ({}): {fault}", case.id, case.name));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn left_out(case: &Case) -> bool {
    matches!(case.profile.as_str(), "get-too" | "disabled")
        || case.steps.iter().any(|step| !app::knows(step.route()))
}

/// Plays the script: browsers keep the recorded cookies and our tokens.
async fn play(case: &Case) -> Result<(), String> {
    let mut cookies: HashMap<String, String> = HashMap::new();
    let mut tokens: HashMap<String, String> = HashMap::new();
    for (number, step) in case.steps.iter().enumerate() {
        let jar = step
            .browser
            .as_ref()
            .and_then(|browser| cookies.get(browser));
        let cookie = step
            .header("cookie")
            .or_else(|| jar.map(|value| format!("session={value}")));
        let reply = app::send(&case.profile, step, cookie.as_deref(), &tokens).await;
        if reply.status >= 500 {
            return Err(format!("step {number}: status {}", reply.status));
        }

        let expected = expectation(step, cookie.as_deref());
        let accepted = reply.status < 400;
        if accepted != expected {
            return Err(format!(
                "step {number}: answered {} ({})",
                reply.status, reply.body
            ));
        }
        if let Some(valid) = step.form_was_valid()
            && accepted
            && reply.body != valid.to_string()
        {
            return Err(format!(
                "step {number}: the form inside is valid: {}",
                reply.body
            ));
        }

        if let Some(name) = &step.keep_token_as {
            tokens.insert(name.clone(), reply.body);
        }
        if let (Some(browser), Some(value)) = (&step.browser, step.cookie_set()) {
            cookies.insert(browser.clone(), value.to_owned());
        }
    }
    Ok(())
}

/// Whether we are to accept the request: as recorded, but for the rules above.
fn expectation(step: &Step, cookie: Option<&str>) -> bool {
    let recorded = step.status < 400;
    if step.is_safe() {
        return recorded;
    }
    let own_origin = app::origin(step.https);
    let referer = step.header("referer").unwrap_or_default();
    let is_foreign_referer = !referer.is_empty()
        && !referer
            .to_lowercase()
            .strip_prefix(own_origin)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    let is_foreign_origin = step
        .header("origin")
        .is_some_and(|origin| origin != own_origin);
    let has_bearer = step
        .header("authorization")
        .is_some_and(|it| it.starts_with("Bearer "));

    if app::is_exempt(step.route()) {
        recorded
    } else if is_foreign_origin || is_foreign_referer {
        false
    } else {
        recorded
            || step.body.contains("The referrer header is missing.")
            || has_bearer && cookie.is_none()
    }
}
