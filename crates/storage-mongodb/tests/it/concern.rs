//! What a node asks of a replica set.

use faulty_network::Proxy;
use model::SystemRng;
use mongodb::bson::doc;
use storage::Feed as _;
use storage_mongodb::{MongoStore, MongoUri, Options};

use crate::ears::{Ears, PATIENCE};
use crate::people::{NOW, row};
use crate::server::{Scratch, scratch};

async fn is_replicated(database: &Scratch) -> bool {
    let hello = database.run(doc! { "hello": 1 }).await;
    hello.contains_key("setName")
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_replica_set_the_feed_is_read_and_appended_to_by_what_a_majority_has() {
    let Some(database) = scratch().await else {
        return;
    };
    let Some(proxy) = Proxy::before(&database.uri).await else {
        return;
    };
    if !is_replicated(&database).await {
        scratch_database::aloud("SKIPPED: the server is no replica set");
        return;
    }
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let node = MongoStore::open(&MongoUri::parse(&*proxy.uri).unwrap(), options)
        .await
        .unwrap();
    let ears = Ears::on(&node, NOW).await;
    node.append(vec![row("one")]).await.unwrap();
    // A number that was taken meanwhile: what stands there is looked at.
    let foreign = doc! { "_id": 1_i64, "batch": "foreign", "entries": [] };
    let feed = database.collection("portcullis_feed");
    feed.insert_one(foreign).await.unwrap();
    node.append(vec![row("two")]).await.unwrap();
    ears.hear_the_store().await;

    let readings = proxy.commands("find", "portcullis_feed");
    assert!(readings.len() >= 6, "{readings:?}");
    for reading in readings {
        let concern = reading.get_document("readConcern");
        let level = concern.and_then(|concern| concern.get_str("level"));
        assert!(level.is_ok_and(|level| level == "majority"), "{reading}");
    }
}
