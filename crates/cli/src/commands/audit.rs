//! `portcullis audit`

use std::fmt::Write as _;
use std::process::ExitCode;

use account::operator::Audit;
use config::Config;
use serde_json::json;

use super::load;
use crate::arguments::AuditCommand;
use crate::logging;
use crate::wire::open_operator;

/// The exit code where something was removed or changed. 1 says that the command failed, as everywhere.
const FAULTS: u8 = 3;

/// The exit code where there is no fault, but something that can't be checked.
const UNCHECKED: u8 = 4;

/// Looks whether what happened to accounts was changed by hand.
pub(super) fn run(command: AuditCommand) -> anyhow::Result<ExitCode> {
    let AuditCommand::Verify { user, json, flags } = command;
    let config = load(flags)??;
    let filter = logging::filter(&config.log).map_err(|error| anyhow::anyhow!("its log {error}"));
    let logging = logging::start(&config.log, filter?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let audit = runtime.block_on(audit(&config, user.as_deref()));
    drop(logging); // its lines come before an error
    let audit = audit?;
    super::out(&if json {
        as_json(&audit)
    } else {
        as_text(&audit)
    })?;
    Ok(match (audit.faults, audit.unchecked) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(UNCHECKED),
        _ => ExitCode::from(FAULTS),
    })
}

async fn audit(config: &Config, user: Option<&str>) -> anyhow::Result<Audit> {
    super::user::expect_keys(config, "there are no events")?;
    let operator = open_operator(config, &config.keys()?).await?;
    let audit = match user {
        Some(user) => operator.audit_of(user).await.map_err(anyhow::Error::from),
        None => operator.audit().await.map_err(anyhow::Error::from),
    };
    operator.close().await;
    audit
}

fn as_text(audit: &Audit) -> String {
    let mut text = String::new();
    for found in &audit.shown {
        let account = super::user::print::shown(found.account.as_str());
        let _ = writeln!(text, "{account}: {}", found.fault); // writing to a String can't fail
    }
    let found = audit.faults + audit.unchecked;
    let left = found.saturating_sub(audit.shown.len() as u64);
    if left > 0 {
        let _ = writeln!(text, "and {left} more");
    }
    let events = count(audit.events, "event", "events");
    let chains = count(audit.chains, "account", "accounts");
    let verdict = match audit.faults {
        0 => "nothing is missing or changed".to_owned(),
        faults => count(faults, "fault", "faults"),
    };
    let _ = write!(text, "{events} of {chains}: {verdict}");
    if audit.unchecked > 0 {
        let _ = write!(text, ", some can't be checked");
    }
    if audit.without > 0 {
        let without = count(audit.without, "account has", "accounts have");
        let _ = write!(text, " ({without} no events)");
    }
    text.push('\n');
    text
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn as_json(audit: &Audit) -> String {
    let shown = audit.shown.iter();
    let shown = shown
        .map(|it| json!({ "account": it.account, "fault": it.fault, "unchecked": it.is_unknown }));
    let json = json!({
        "accounts": audit.chains,
        "events": audit.events,
        "accounts_without_events": audit.without,
        "faults": audit.faults,
        "unchecked": audit.unchecked,
        "found": shown.collect::<Vec<_>>(),
    });
    format!("{json:#}\n")
}
