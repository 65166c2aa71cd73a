//! `portcullis user`

mod events;
mod factors;
pub(super) mod print;

use std::process::ExitCode;
use std::time::Duration;

use account::Operator;
use account::operator::{Budget, Invitation, Listed, MailedLink, OneTimeLink, Shown};
use config::{Config, SecretSource};
use model::{EmailAddress, User, Username};
use serde_json::{Value, json};
use storage::UserFilter;

use super::load;
use crate::arguments::{ServeFlags, UserCommand, UserFlags};
use crate::logging;
use crate::wire::open_operator;

/// What a command answers, in both forms.
struct Answer {
    text: String,
    json: Value,
}

/// Does what an operator asks of accounts.
pub(super) fn run(command: UserCommand) -> anyhow::Result<ExitCode> {
    let (flags, json) = where_and_how(&command);
    let config = load(flags)??;
    let filter = logging::filter(&config.log).map_err(|error| anyhow::anyhow!("its log {error}"));
    let logging = logging::start(&config.log, filter?)?; // where the events go
    if let UserCommand::Delete { yes, user } = &command {
        anyhow::ensure!(
            yes,
            "the deletion of {:?} can't be undone: to confirm it, add --yes",
            user.user
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tells_owner = tells_owner(&command);
    let answer = runtime.block_on(answer(&config, command));
    drop(logging); // its lines come before an error
    let answer = answer?;
    if tells_owner && config.mail.url.is_none() {
        print::remark(
            "the owner was not notified: mail is off in the settings of this command (PORTCULLIS_MAIL_URL)",
        );
    }
    print::out(&answer, json)?;
    Ok(ExitCode::SUCCESS)
}

async fn answer(config: &Config, command: UserCommand) -> anyhow::Result<Answer> {
    let remedy = match command {
        UserCommand::Add { .. } => "start the server once, then add accounts",
        _ => "there are no accounts",
    };
    expect_keys(config, remedy)?;
    let operator = open_operator(config, &config.keys()?).await?;
    let answer = act(&operator, config, command).await;
    operator.close().await;
    answer
}

/// Whether the owner is notified of what the command does, where mail is on.
const fn tells_owner(command: &UserCommand) -> bool {
    match command {
        UserCommand::Delete { .. } | UserCommand::RemoveFactor(_) => true,
        // Of these two the owner gets a link by hand; or a mail, without which they fail.
        UserCommand::Add { .. }
        | UserCommand::ResetPassword { .. }
        | UserCommand::List { .. }
        | UserCommand::Show(_)
        | UserCommand::Disable(_)
        | UserCommand::Enable(_)
        | UserCommand::Unlock(_)
        | UserCommand::Events { .. }
        | UserCommand::Factors(_)
        | UserCommand::EndSessions(_) => false,
    }
}

/// Refuses where no server has made its secrets yet.
pub(super) fn expect_keys(config: &Config, remedy: &str) -> anyhow::Result<()> {
    let never = [&config.tokens.secret_key, &config.secrets.secret_key];
    let is_to_be = |it: &&SecretSource| matches!(it, SecretSource::ToBeGenerated);
    let has_run = !never.iter().any(is_to_be);
    anyhow::ensure!(
        has_run,
        "no server has run with this data folder yet: {remedy}"
    );
    Ok(())
}

async fn act(operator: &Operator, config: &Config, command: UserCommand) -> anyhow::Result<Answer> {
    Ok(match command {
        UserCommand::List {
            prefix,
            disabled,
            unverified,
            no_factor,
            limit,
            after,
            ..
        } => {
            let only = UserFilter {
                disabled,
                unverified,
                no_factor,
                ..UserFilter::default()
            };
            listed(&operator.list(prefix.as_deref(), only, after, limit).await?)
        }
        UserCommand::Add {
            username,
            email,
            verified,
            mail,
            ..
        } => {
            let invitation = Invitation {
                username: Username::parse(&username)
                    .map_err(|fault| anyhow::anyhow!("{username:?} can't be a name: {fault}"))?,
                email: EmailAddress::parse(&email)
                    .map_err(|fault| anyhow::anyhow!("{email:?} can't be an address: {fault}"))?,
                is_verified: verified,
            };
            if mail {
                mailed(&operator.invite_by_mail(invitation).await?)
            } else {
                linked(&operator.invite(invitation).await?)
            }
        }
        UserCommand::ResetPassword { mail: true, user } => {
            mailed(&operator.mail_reset_link(&user.user).await?)
        }
        UserCommand::ResetPassword { mail: false, user } => {
            linked(&operator.reset_link(&user.user).await?)
        }
        UserCommand::Show(UserFlags { user, .. }) => shown(&operator.show(&user).await?),
        UserCommand::Disable(UserFlags { user, .. }) => {
            let user = operator.disable(&user).await?;
            let text = "is disabled: no token of it is accepted any more";
            done(&user, text, json!({ "id": user.id, "disabled": true }))
        }
        UserCommand::Enable(UserFlags { user, .. }) => {
            let user = operator.enable(&user).await?;
            let text = "is enabled: its owner can sign in";
            done(&user, text, json!({ "id": user.id, "disabled": false }))
        }
        UserCommand::Unlock(UserFlags { user, .. }) => {
            let (user, opened) = operator.unlock(&user).await?;
            let text = if opened.is_empty() {
                "had no failed guesses"
            } else {
                "is unlocked: the next try is checked at once"
            };
            let opened: Vec<_> = opened.into_iter().map(name_of).collect();
            done(&user, text, json!({ "id": user.id, "unlocked": opened }))
        }
        UserCommand::Delete { user, .. } => {
            let id = operator.delete(&user.user).await?;
            Answer {
                text: format!("{} is deleted\n", print::shown(id.as_str())),
                json: json!({ "id": id, "deleted": true }),
            }
        }
        UserCommand::Events { limit, after, user } => {
            events::shown(&operator.events(&user.user, after, limit).await?)
        }
        UserCommand::Factors(UserFlags { user, .. }) => {
            factors::shown(&operator.factors(&user).await?)
        }
        UserCommand::RemoveFactor(UserFlags { user, .. }) => {
            let removed = operator.remove_factor(&user).await?;
            factors::removed(&removed, config.second_factor.required)
        }
        UserCommand::EndSessions(UserFlags { user, .. }) => {
            let (user, ended) = operator.end_sessions(&user).await?;
            let text = format!("has no session any more: {ended} ended");
            done(&user, &text, json!({ "id": user.id, "ended": ended }))
        }
    })
}

fn where_and_how(command: &UserCommand) -> (ServeFlags, bool) {
    match command {
        UserCommand::List { flags, json, .. } | UserCommand::Add { flags, json, .. } => {
            (flags.clone(), *json)
        }
        UserCommand::Show(user)
        | UserCommand::ResetPassword { user, .. }
        | UserCommand::Disable(user)
        | UserCommand::Enable(user)
        | UserCommand::Unlock(user)
        | UserCommand::Delete { user, .. }
        | UserCommand::Events { user, .. }
        | UserCommand::Factors(user)
        | UserCommand::RemoveFactor(user)
        | UserCommand::EndSessions(user) => (user.flags.clone(), user.json),
    }
}

/// The one time that a link is shown.
fn linked(made: &OneTimeLink) -> Answer {
    let time = time(made.lifetime);
    let link = made.link.expose();
    let text = format!("can set a password with this link. It works once, within {time}:\n{link}");
    let json = json!({
        "id": made.user.id,
        "link": link,
        "expires_in": made.lifetime.as_secs(),
    });
    done(&made.user, &text, json)
}

/// Who gets a link by mail sees it alone.
fn mailed(made: &MailedLink) -> Answer {
    let time = time(made.lifetime);
    let to = print::shown(made.to.as_str());
    let text = format!(
        "can set a password with a link that is mailed to {to}. It works once, within {time}. A running server sends it."
    );
    let json = json!({
        "id": made.user.id,
        "mailed_to": made.to.as_str(),
        "expires_in": made.lifetime.as_secs(),
    });
    done(&made.user, &text, json)
}

/// How long a link is good.
fn time(lifetime: Duration) -> String {
    let hours = lifetime.as_secs() / 3600;
    match hours {
        ..=48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

fn done(user: &User, text: &str, json: Value) -> Answer {
    let id = user.id.as_str();
    let called = Some(user.display_name()).filter(|name| *name != id);
    let called = called.map(|name| format!(" ({})", print::shown(name)));
    let text = format!(
        "{}{} {text}\n",
        print::shown(id),
        called.unwrap_or_default()
    );
    Answer { text, json }
}

const fn name_of(budget: Budget) -> &'static str {
    match budget {
        Budget::Username => "username",
        Budget::Email => "email",
        Budget::SignedIn => "signed_in",
        Budget::Factor => "second_factor",
    }
}

fn to_json(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "second_factor": user.second_factor,
        "disabled": user.disabled,
        "invited": user.is_invited,
        "deletion_due_at": user.closes_at,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    })
}

fn listed(listed: &Listed) -> Answer {
    let heads = ["ID", "NAME", "ADDRESS", "STATE", "CREATED"].map(str::to_owned);
    let rows = listed.users.iter().map(|user| {
        [
            user.id.as_str().to_owned(),
            user.username.clone().unwrap_or_default(),
            user.email.clone().unwrap_or_default(),
            state(user),
            user.created_at.to_string(),
        ]
    });
    let rows: Vec<_> = std::iter::once(heads).chain(rows).collect();
    for (account, reason) in &listed.unreadable {
        print::remark(&format!(
            "{} can't be read: {reason}",
            print::shown(account)
        ));
    }
    if let Some(next) = &listed.next {
        print::remark(&format!("there are more: --after {next}"));
    }
    let unreadable = listed.unreadable.iter();
    let unreadable = unreadable.map(|(id, reason)| json!({ "id": id, "reason": reason }));
    Answer {
        text: print::columns(&rows),
        json: json!({
            "items": listed.users.iter().map(to_json).collect::<Vec<_>>(),
            "unreadable": unreadable.collect::<Vec<_>>(),
            "next_cursor": listed.next,
        }),
    }
}

/// What an operator must see of an account that is not as usual.
fn state(user: &User) -> String {
    let states = [
        ("disabled", user.disabled),
        ("scheduled for deletion", user.closes_at.is_some()),
        ("unverified", !user.email_verified),
        ("invited", user.is_invited),
    ];
    let states = states.into_iter().filter(|(_, is)| *is);
    states.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

fn shown(shown: &Shown) -> Answer {
    let user = &shown.user;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let given = |text: Option<&String>| text.map_or_else(|| "none".to_owned(), Clone::clone);
    let sessions = match shown.last_used_at {
        Some(last) => format!("{}, last used {last}", shown.sessions),
        None => shown.sessions.to_string(),
    };
    let mail = match shown.undeliverable_since {
        Some(since) => format!("undeliverable since {since}"),
        None => "no delivery failures".to_owned(),
    };
    let blocked = shown.blocked.iter().map(|blocked| {
        let by = match blocked.budget {
            Budget::Username => "sign-in by user name",
            Budget::Email => "sign-in by address",
            Budget::SignedIn => "password checks while signed in",
            Budget::Factor => "the second factor",
        };
        format!("{by}, until {}", blocked.until)
    });
    let blocked: Vec<_> = blocked.collect();
    let blocked = Some(blocked.join("; ")).filter(|text| !text.is_empty());
    let deletion = user.closes_at.map(|at| at.to_string());
    let password = if user.is_invited {
        "not chosen yet (invited)".to_owned()
    } else {
        given(shown.hash.as_ref())
    };
    let rows = [
        ("id", user.id.as_str().to_owned()),
        ("name", given(user.username.as_ref())),
        ("address", given(user.email.as_ref())),
        ("verified", yes(user.email_verified)),
        ("mail", mail),
        ("second factor", yes(user.second_factor)),
        ("disabled", yes(user.disabled)),
        ("deletion due", deletion.unwrap_or_else(|| "no".to_owned())),
        ("created", user.created_at.to_string()),
        ("updated", user.updated_at.to_string()),
        ("password", password),
        ("sessions", sessions),
        ("locked", blocked.unwrap_or_else(|| "no".to_owned())),
    ];
    let rows: Vec<_> = rows.map(|(name, value)| [name.to_owned(), value]).into();
    let mut json = to_json(user);
    let blocked = shown.blocked.iter();
    let blocked = blocked.map(|it| json!({ "budget": name_of(it.budget), "until": it.until }));
    json["undeliverable_since"] = json!(shown.undeliverable_since);
    json["password_kind"] = json!(shown.hash);
    json["sessions"] = json!({ "count": shown.sessions, "last_used_at": shown.last_used_at });
    json["locked"] = blocked.collect();
    Answer {
        text: print::columns(&rows),
        json,
    }
}
