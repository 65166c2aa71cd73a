//! What a node asks of a replica set. Where there is none, a network before the server says that it is one.

use std::sync::{Arc, Mutex};

use model::SystemRng;
use mongodb::bson::{Document, doc};
use mongodb::options::{CollectionOptions, ReadConcern};
use storage::Feed as _;
use storage_mongodb::{MongoStore, MongoUri, Options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::ears::{Ears, PATIENCE};
use crate::people::{NOW, row};
use crate::server::{Scratch, aloud, scratch};

/// The message of today (`OP_MSG`), whose one document follows header, flags and kind.
const OP_MSG: i32 = 2013;
const DOCUMENT_AT: usize = 21;

/// The commands that went to the server.
type Commands = Arc<Mutex<Vec<Document>>>;

/// A network on which every server is a member of a replica set, and on which all is overheard.
async fn overheard(uri: &str) -> (String, Commands) {
    let options = mongodb::options::ClientOptions::parse(uri).await.unwrap();
    let server = options.hosts[0].to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let uri = uri.replacen(&server, &address, 1);
    let separator = if uri.contains('?') { '&' } else { '?' };
    let commands = Commands::default();
    let heard = Arc::clone(&commands);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (from_client, to_client) = client.into_split();
            let server = TcpStream::connect(&server).await.unwrap();
            let (from_server, to_server) = server.into_split();
            let heard = Arc::clone(&heard);
            let listen = move |command: &mut Document| heard.lock().unwrap().push(command.clone());
            tokio::spawn(carry(from_client, to_server, listen));
            tokio::spawn(carry(from_server, to_client, pretend));
        }
    });
    (format!("{uri}{separator}directConnection=true"), commands)
}

fn pretend(answer: &mut Document) {
    if answer.contains_key("isWritablePrimary") || answer.contains_key("ismaster") {
        answer.insert("setName", "rs0");
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, meet: impl Fn(&mut Document)) {
    let mut header = [0; 16];
    let int = |bytes: &[u8], at: usize| i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    while from.read_exact(&mut header).await.is_ok() {
        let mut message = header.to_vec();
        message.resize(usize::try_from(int(&header, 0)).unwrap(), 0);
        if from.read_exact(&mut message[16..]).await.is_err() {
            return;
        }
        if int(&header, 12) == OP_MSG && message[DOCUMENT_AT - 1] == 0 {
            let length = usize::try_from(int(&message, DOCUMENT_AT)).unwrap();
            let rest = message.split_off(DOCUMENT_AT + length);
            let mut document = Document::from_reader(&message[DOCUMENT_AT..]).unwrap();
            meet(&mut document);
            message.truncate(DOCUMENT_AT);
            document.to_writer(&mut message).unwrap();
            message.extend(rest);
            let length = i32::try_from(message.len()).unwrap();
            message[..4].copy_from_slice(&length.to_le_bytes());
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// Whether it answers to what only a replica set should be asked.
async fn reads_committed(database: &Scratch) -> bool {
    let options = CollectionOptions::builder().read_concern(ReadConcern::majority());
    let scratch = database.client.database(database.name());
    let feed = scratch.collection_with_options::<Document>("portcullis_feed", options.build());
    feed.find_one(doc! {}).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_replica_set_the_feed_is_read_and_appended_to_by_what_a_majority_has() {
    let Some(database) = scratch().await else {
        return;
    };
    if !reads_committed(&database).await || database.uri.contains("tls=true") {
        aloud("the server reads nothing for a majority, or by TLS only: SKIPPED");
        return;
    }
    let (uri, commands) = overheard(&database.uri).await;
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let node = MongoStore::open(&MongoUri::parse(uri).unwrap(), options)
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

    let commands = commands.lock().unwrap();
    let of_feed = |command: &&Document| {
        command
            .get_str("find")
            .is_ok_and(|of| of == "portcullis_feed")
    };
    let readings: Vec<_> = commands.iter().filter(of_feed).collect();
    assert!(readings.len() >= 6, "{readings:?}");
    for reading in readings {
        let concern = reading.get_document("readConcern");
        let level = concern.and_then(|concern| concern.get_str("level"));
        assert!(level.is_ok_and(|level| level == "majority"), "{reading}");
    }
}
