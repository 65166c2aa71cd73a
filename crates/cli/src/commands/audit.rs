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

/// Looks whether what happened to accounts was changed by hand: exits with 1 when it was.
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
    Ok(if audit.faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
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
    let left = audit.faults.saturating_sub(audit.shown.len() as u64);
    if left > 0 {
        let _ = writeln!(text, "and {left} more");
    }
    let Audit {
        chains,
        events,
        without,
        faults,
        ..
    } = audit;
    let verdict = match faults {
        0 => "nothing is missing or changed".to_owned(),
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    };
    let _ = writeln!(
        text,
        "{events} events of {chains} accounts: {verdict} ({without} accounts have no events)"
    );
    text
}

fn as_json(audit: &Audit) -> String {
    let shown = audit.shown.iter();
    let shown = shown.map(|it| json!({ "account": it.account, "fault": it.fault }));
    let json = json!({
        "accounts": audit.chains,
        "events": audit.events,
        "accounts_without_events": audit.without,
        "faults": audit.faults,
        "found": shown.collect::<Vec<_>>(),
    });
    format!("{json:#}\n")
}
