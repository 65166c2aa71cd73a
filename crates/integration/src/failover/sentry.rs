//! Revoked tokens are tried all the time, on every server.

use std::sync::Arc;

use reqwest::Method;

use super::Storm;
use super::asking::Question;

/// Tries revoked tokens until the storm is over: every second time one of the latest.
pub(super) async fn watch(storm: Arc<Storm>) {
    while !storm.stops() {
        let revoked = storm.ledger.count_revoked();
        if revoked > 0 {
            let among = if storm.below(2) == 0 {
                revoked
            } else {
                revoked.min(5)
            };
            let place = revoked - 1 - storm.below(among);
            let server = storm.below(storm.asking.servers());
            if storm.below(4) == 0 {
                try_refresh(&storm, place, server).await;
            } else {
                try_access(&storm, place, server).await;
            }
        }
        storm.pause(10, 30).await;
    }
}

/// Tries an access token of a revoked session.
pub(super) async fn try_access(storm: &Storm, place: usize, server: usize) {
    let session = storm.ledger.pages().revoked[place].session.clone();
    for token in [Some(session.access), session.former_access]
        .iter()
        .flatten()
    {
        let question = Question::new("check", Method::GET, "/api/v1/me").token(token);
        let asked = tokio::time::Instant::now();
        let reply = storm.asking.once(server, &question).await;
        let status = reply.map(|reply| reply.status);
        storm.ledger.checked(place, server, asked, status);
    }
}

/// Tries the refresh token of a revoked session.
pub(super) async fn try_refresh(storm: &Storm, place: usize, server: usize) {
    let token = storm.ledger.pages().revoked[place].session.refresh.clone();
    let question = Question::new("check", Method::POST, "/api/v1/refresh").token(&token);
    let reply = storm.asking.once(server, &question).await;
    let status = reply.map(|reply| reply.status);
    storm.ledger.checked_refresh(place, server, status);
}
