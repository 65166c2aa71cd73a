//! How the driver is set up: what a connection string may not change.

use std::time::Duration;

use mongodb::Client;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadPreference, SelectionCriteria, WriteConcern,
};
use storage::Error;

use crate::error::from_driver;

/// How long a server that takes writes is looked for. The driver's own 30 seconds would keep every
/// request waiting while a primary is elected or the network is gone.
const SELECTION: Duration = Duration::from_secs(2);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a majority may take to confirm a write.
const CONFIRMED: Duration = Duration::from_secs(4);

/// Connections of one node, unless the connection string says how many.
const CONNECTIONS: u32 = 32;

/// The most that it may say.
const MOST_CONNECTIONS: u32 = 500;

/// A client for these servers.
pub(crate) fn client(mut options: ClientOptions) -> Result<Client, Error> {
    options
        .app_name
        .get_or_insert_with(|| "portcullis".to_owned());
    options.server_selection_timeout = Some(SELECTION);
    options.connect_timeout = Some(CONNECT);
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
            .w_timeout(CONFIRMED)
            .build(),
    );
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.read_concern = None;
    // The driver repeats a write only where the server knows it again (replica sets), and a reading.
    Client::with_options(options).map_err(|error| from_driver("", &error).into())
}
