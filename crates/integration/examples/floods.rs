//! What floods take of a server's memory: see `scripts/floods`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement: it ends when something goes wrong, and prints"
)]

use std::process::ExitCode;

use integration::floods::{BOUND, Flood};

/// Connections of each flood, unless told: more than one address may have.
const CONNECTIONS: usize = 2000;

#[tokio::main]
async fn main() -> ExitCode {
    let told = std::env::args().nth(1).map(|text| text.parse());
    let connections = told.map_or(CONNECTIONS, |told| told.expect("a number of connections"));
    let named: Vec<_> = std::env::args().skip(2).collect();
    let wanted = |flood: &Flood| named.is_empty() || named.contains(&format!("{flood:?}"));
    let mut code = ExitCode::SUCCESS;
    for flood in Flood::ALL.into_iter().filter(wanted) {
        let folder = tempfile::tempdir().expect("a folder");
        let peak = flood.measure(folder.path(), connections).await;
        let verdict = if peak <= BOUND { "" } else { "  too much" };
        println!("{:24} {:4} MiB{verdict}", format!("{flood:?}"), peak >> 20);
        if peak > BOUND {
            code = ExitCode::FAILURE;
        }
    }
    code
}
