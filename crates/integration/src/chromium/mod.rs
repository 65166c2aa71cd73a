//! A real browser: Chromium without a window, driven over WebDriver.
//!
//! [`Site`] is the real binary over https as `https://accounts.test`; [`Stranger`] is what an attacker
//! serves, as another site and as a neighbour on the same one. Each test has a server, a browser and a
//! profile of its own; they end with the values that stand for them, whatever happens.
//!
//! Where there is no browser a test says aloud that it is skipped; with `CI` set that is a failure.

mod app;
mod attack;
mod audit;
mod commands;
mod deletion;
mod factor;
mod launch;
mod look;
mod mail;
mod page;
mod scene;
mod scenes;
mod site;
mod stranger;

pub use app::App;
pub use attack::{Attack, Vehicle};
pub use audit::axe_core;
pub use deletion::DeletionScene;
pub use factor::FactorScene;
pub use launch::{Browser, Profile};
pub use look::{Look, Theme};
pub use mail::MailScene;
pub use scene::{Scene, Stage};
pub use site::{Fetched, Site};
pub use stranger::{Stranger, Visit};

use std::io::Write as _;
use std::time::Duration;

/// How long a page may take to come, on the busiest of machines.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether the running test has what it needs: `command` starts.
///
/// # Panics
/// When it doesn't, and `CI` is set.
fn at_hand(command: &str) -> bool {
    let there = std::process::Command::new(command)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    there || skipped(command)
}

/// Says that the running test is skipped for want of `thing`.
fn skipped(thing: &str) -> bool {
    assert!(
        std::env::var_os("CI").is_none(),
        "{thing} is missing: scripts/test installs it"
    );
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    // not `eprintln!`, which is shown for failing tests only
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {thing} is missing");
    false
}
