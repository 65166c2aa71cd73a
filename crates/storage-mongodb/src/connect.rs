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

/// A client for these servers, an operation of which may take as long as `deadline`.
pub(crate) fn client(mut options: ClientOptions, deadline: Duration) -> Result<Client, Error> {
    options
        .app_name
        .get_or_insert_with(|| "portcullis".to_owned());
    // The driver would look for a primary for 30 seconds, and keep every request waiting while one is
    // elected or the network is gone.
    options.server_selection_timeout = Some(deadline / 2);
    options.connect_timeout = Some(deadline / 2);
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
    // The driver repeats a write only where the server knows it again (replica sets), and a reading.
    Client::with_options(options).map_err(|error| from_driver("", &error).into())
}
