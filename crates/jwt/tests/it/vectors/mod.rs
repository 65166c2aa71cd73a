//! The recorded behaviour of Flask-JWT-Extended 4.7.4 with `PyJWT` 2.15.1, case by case:
//! `vectors/jwt_tokens.json`, or the file of that name in the folder that `PORTCULLIS_VECTORS` names.
//!
//! A case is accepted or refused as recorded, with the recorded identity and claims. Where we refuse
//! more, `stricter.rs` has the rule, with the section it follows, and the cases it is known to
//! concern; where we accept more, `laxer.rs`.

mod answers;
mod differences;
mod issued;
mod laxer;
mod locations;
mod profile;
mod recorded;
mod stricter;

use answers::Asked;
use recorded::Recorded;

#[tokio::test]
async fn vectors_tokens_are_accepted_and_refused_as_recorded() {
    let recorded = Recorded::read();
    let mut wrong = Vec::new();
    for case in recorded.cases("cases") {
        let (token, name) = (case.text("token"), case.name());
        let authority = profile::authority(&recorded, case.profile());
        let identity_claim = profile::identity_claim(&recorded, case.profile());
        let asked = Asked::new(&authority, Some(&format!("Bearer {token}")), case.now());

        if let Some(rule) = stricter::rule(token, identity_claim) {
            let accepted = stricter::accepted(asked).await;
            wrong.extend(accepted.then(|| format!("{} ({name}): in spite of {rule}", case.id())));
        } else if let Some(asked) = asked {
            wrong.extend(differences::of_case(&case, asked).await);
        } else {
            wrong.push(format!("{} ({name}): can't be sent", case.id()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn vectors_authorization_headers_are_read_as_recorded() {
    let recorded = Recorded::read();
    let mut wrong = Vec::new();
    for case in recorded.cases("header_cases") {
        let authority = profile::authority(&recorded, case.profile());
        let value = case.optional_text("authorization");
        let value = value.map(|value| recorded.fill_in("header_substitutions", value));
        let asked = Asked::new(&authority, value.as_deref(), case.now());

        if let Some(rule) = value.as_deref().and_then(stricter::header_rule) {
            let accepted = stricter::accepted(asked).await;
            wrong.extend(accepted.then(|| format!("{}: in spite of {rule}", case.id())));
        } else if let (Some(value), Some(same)) =
            (&value, value.as_deref().and_then(laxer::respelled))
        {
            let differs = laxer::differs(&authority, &case, value, &same).await;
            wrong.extend(differs.then(|| format!("{}: unlike {same}", case.id())));
        } else if let Some(asked) = asked {
            wrong.extend(differences::of_case(&case, asked).await);
        } else {
            wrong.push(format!("{}: can't be sent", case.id()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn vectors_that_we_accept_beyond_the_record_are_those_we_know() {
    let recorded = Recorded::read();
    let mut found = Vec::new();
    for case in recorded.cases("header_cases") {
        let value = case.optional_text("authorization").unwrap_or_default();
        let value = recorded.fill_in("header_substitutions", value);
        if laxer::respelled(&value).is_none() || case.is_accepted_anywhere() {
            continue;
        }
        let authority = profile::authority(&recorded, case.profile());
        let asked = Asked::new(&authority, Some(&value), case.now());
        if stricter::accepted(asked).await {
            found.push(case.id());
        }
    }
    if std::env::var_os("PORTCULLIS_VECTORS").is_none() {
        assert_eq!(found, laxer::KNOWN);
    }
}

#[test]
fn vectors_that_we_refuse_beyond_the_record_are_those_we_know() {
    let recorded = Recorded::read();
    let found: Vec<_> = recorded
        .cases("cases")
        .filter(recorded::Case::is_accepted_anywhere)
        .filter_map(|case| {
            let identity_claim = profile::identity_claim(&recorded, case.profile());
            stricter::rule(case.text("token"), identity_claim).map(|_| case.id())
        })
        .collect();
    // A file of other cases may lack some of those we know, and have more of their kinds.
    for case in recorded.cases("cases") {
        let is_known = stricter::KNOWN.iter().any(|(id, _)| *id == case.id());
        assert!(
            !is_known || found.contains(&case.id()),
            "{} is accepted by now",
            case.id()
        );
    }
    if std::env::var_os("PORTCULLIS_VECTORS").is_none() {
        let known: Vec<_> = stricter::KNOWN.iter().map(|(id, _)| *id).collect();
        assert_eq!(found, known);
    }
}
