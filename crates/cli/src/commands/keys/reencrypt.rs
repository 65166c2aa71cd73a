//! `portcullis keys reencrypt`

use std::process::ExitCode;
use std::time::Duration;

use account::operator::{Need, Reencrypted};
use model::Timestamp;
use serde_json::{Value, json};

use super::settings;
use crate::arguments::ServeFlags;
use crate::commands::{REFUSED, out};
use crate::logging;
use crate::wire::open_operator;

/// Encrypts anew, and says what came of it. What can't be read is a failure.
pub(super) fn run(is_dry_run: bool, json: bool, flags: ServeFlags) -> anyhow::Result<ExitCode> {
    let (config, keys) = settings(flags)?;
    let filter = logging::filter(&config.log).map_err(|error| anyhow::anyhow!("its log {error}"));
    let logging = logging::start(&config.log, filter?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        let operator = open_operator(&config, &keys).await?;
        let done = operator.reencrypt(is_dry_run).await;
        operator.close().await;
        anyhow::Ok(done?)
    });
    drop(logging); // its lines come before an error
    let done = Report {
        done: done?,
        is_dry_run,
        has_previous: keys.secret_key_previous.is_some(),
        events_kept: config.events_kept,
    };
    if json {
        out(&format!("{:#}\n", done.json()))?;
    } else {
        out(&done.text())?;
    }
    Ok(match done.done.unreadable {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(REFUSED),
    })
}

/// What is said of what was done.
struct Report {
    done: Reencrypted,
    is_dry_run: bool,
    has_previous: bool,
    /// For how long events are kept.
    events_kept: Option<Duration>,
}

impl Report {
    fn text(&self) -> String {
        let Reencrypted {
            anew,
            present,
            unreadable,
            ..
        } = &self.done;
        let anew_means = if self.is_dry_run {
            "would be encrypted anew"
        } else {
            "encrypted anew"
        };
        let mut text = format!(
            "second factors: {anew} {anew_means}, {present} encrypted with the present key already, {unreadable} unreadable\n"
        );
        let named = &self.done.unreadable_accounts;
        let lines = named.iter().map(|account| {
            let account = account.as_str().escape_debug();
            format!("unreadable: {account}\n")
        });
        text.extend(lines);
        if *unreadable > 0 {
            let more = *unreadable - u64::try_from(named.len()).unwrap_or(*unreadable);
            if more > 0 {
                text.extend(["and ", &more.to_string(), " more\n"]);
            }
            text += "Neither key opens these: no code of the app signs their owners in. Set the key that they were encrypted with as SECRET_KEY_PREVIOUS and run this again. If it is lost, owners sign in with a recovery code and enrol once more, or `portcullis user remove-factor USER` removes the factor.\n";
        }
        text + &self.verdict() + "\n" + &self.remark()
    }

    /// Until when an event may be there that the key before has chained.
    fn events_until(&self) -> Option<Timestamp> {
        Some(self.done.since?.plus(self.events_kept?))
    }

    /// What the key before is good for besides.
    fn remark(&self) -> String {
        match self.events_until() {
            Some(until) if self.has_previous => format!(
                "Until {until} there are events that only SECRET_KEY_PREVIOUS can check (`portcullis audit verify`): keep it as long if you check them.\n"
            ),
            _ => String::new(),
        }
    }

    /// Whether the key before may be unset.
    fn verdict(&self) -> String {
        if !self.has_previous {
            return "SECRET_KEY_PREVIOUS is not set.".to_owned();
        }
        if self.is_dry_run && self.done.anew > 0 {
            return "SECRET_KEY_PREVIOUS is needed: run this without --dry-run.".to_owned();
        }
        if self.done.unreadable > 0 {
            return "SECRET_KEY_PREVIOUS is needed while a second factor can't be read.".to_owned();
        }
        let Some(until) = self.done.needed_until() else {
            return "SECRET_KEY_PREVIOUS may be unset now.".to_owned();
        };
        let reasons: Vec<_> = self
            .done
            .needs
            .iter()
            .map(|(need, until)| format!("  {} until {}", described(*need), until))
            .collect();
        format!(
            "SECRET_KEY_PREVIOUS may be unset after {}. It is needed for\n{}",
            until,
            reasons.join("\n")
        )
    }

    fn json(&self) -> Value {
        let needs = self.done.needs.iter();
        let needs = needs.filter(|_| self.done.unreadable == 0);
        let needs = needs.map(|(need, until)| json!({ "for": name(*need), "until": until }));
        let waits = (self.is_dry_run && self.done.anew > 0) || self.done.unreadable > 0;
        // No date is known while a factor can't be read.
        let needed = self
            .done
            .needed_until()
            .filter(|_| self.done.unreadable == 0);
        json!({
            "dry_run": self.is_dry_run,
            "second_factors": {
                "reencrypted": self.done.anew,
                "present": self.done.present,
                "unreadable": self.done.unreadable,
            },
            "unreadable": self.done.unreadable_accounts,
            "event_chains_renewed": self.done.chains,
            "secret_key_previous": {
                "set": self.has_previous,
                "may_be_unset": !waits && needed.is_none(),
                "needed_until": needed,
                "needed_for": needs.collect::<Vec<_>>(),
                "checks_events_until": self.events_until(),
            },
        })
    }
}

const fn described(need: Need) -> &'static str {
    match need {
        Need::InHands => "codes in mails, and pages that are open,",
        Need::Jobs => "mails that wait to be sent,",
        Need::Names => "names and addresses that are reserved,",
    }
}

const fn name(need: Need) -> &'static str {
    match need {
        Need::InHands => "codes",
        Need::Jobs => "mails",
        Need::Names => "reserved_names",
    }
}
