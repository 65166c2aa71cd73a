//! How the driver is set up: what a connection string may not change.

use std::time::Duration;

use mongodb::Client;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadPreference, SelectionCriteria, WriteConcern,
};
use storage::Error;

use crate::error::from_driver;

/// Connections of one node, unless the connection string says how many.
const CONNECTIONS: u32 = 32;

/// The most that it may say.
const MOST_CONNECTIONS: u32 = 500;

/// How often each server is looked at, unless the connection string says how often. The driver would do it every ten
/// seconds: for so long, and a connection's time more, it would take a primary for alive that stands still, and one
/// for gone that has told of a change once.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// A client for these servers, an operation of which may take as long as `deadline`.
pub(crate) fn client(options: ClientOptions, deadline: Duration) -> Result<Client, Error> {
    let options = bounded(options, deadline);
    Client::with_options(options).map_err(|error| from_driver("", &error).into())
}

/// What the connection string says, and what it may not say.
fn bounded(mut options: ClientOptions, deadline: Duration) -> ClientOptions {
    options
        .app_name
        .get_or_insert_with(|| "portcullis".to_owned());
    // The driver would look for a primary for 30 seconds, and keep every request waiting while one is
    // elected or the network is gone.
    options.server_selection_timeout = Some(deadline / 2);
    options.connect_timeout = Some(deadline / 2);
    options.heartbeat_freq.get_or_insert(HEARTBEAT);
    let connections = options.max_pool_size.unwrap_or(CONNECTIONS);
    options.max_pool_size = Some(connections.clamp(1, MOST_CONNECTIONS));
    options.min_pool_size = options
        .min_pool_size
        .map(|least| least.min(MOST_CONNECTIONS.min(connections)));
    // What was answered is durable, and what decides is read where it is written.
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(deadline * 4 / 5)
            .build(),
    );
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.read_concern = None;
    // What is repeated is left to the driver: a reading, and a write only where the server knows it
    // again (replica sets).
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(5);

    async fn bounds_of(query: &str) -> ClientOptions {
        let uri = format!("mongodb://host/db?{query}");
        bounded(ClientOptions::parse(uri).await.unwrap(), DEADLINE)
    }

    #[tokio::test]
    async fn a_connection_string_can_not_make_writes_less_durable_nor_readings_older() {
        for query in [
            "",
            "w=0",
            "w=1&journal=false",
            "readPreference=secondary&readConcernLevel=available",
        ] {
            let options = bounds_of(query).await;
            let concern = options.write_concern.unwrap();
            assert_eq!(concern.w, Some(Acknowledgment::Majority), "{query}");
            assert_eq!(concern.journal, Some(true), "{query}");
            assert!(concern.w_timeout.unwrap() < DEADLINE);
            let primary = SelectionCriteria::ReadPreference(ReadPreference::Primary);
            assert_eq!(options.selection_criteria, Some(primary), "{query}");
            assert!(options.read_concern.is_none(), "{query}");
        }
    }

    #[tokio::test]
    async fn whatever_it_says_nothing_waits_for_long_and_connections_are_bounded() {
        for (query, connections) in [
            ("", CONNECTIONS),
            ("maxPoolSize=7", 7),
            ("maxPoolSize=100000&minPoolSize=90000", MOST_CONNECTIONS),
            (
                "serverSelectionTimeoutMS=600000&connectTimeoutMS=600000",
                CONNECTIONS,
            ),
        ] {
            let options = bounds_of(query).await;
            assert!(options.server_selection_timeout.unwrap() < DEADLINE);
            assert!(options.connect_timeout.unwrap() < DEADLINE);
            assert_eq!(options.max_pool_size, Some(connections), "{query}");
            assert!(options.min_pool_size.unwrap_or_default() <= connections);
        }
    }
}
