//! The commands of an operator, beside two nodes.

use integration::PASSWORD;
use integration::process::{Ran, run};
use mongodb::bson::doc;
use serde_json::{Value, json};
use smtp_testing::{MailServer, Setup};

use super::{Nodes, until};

impl Nodes {
    /// A command of an operator, who has the settings of the nodes.
    async fn operator(&self, arguments: &[&str]) -> Ran {
        let settings = self.settings.iter();
        let mut env: Vec<_> = settings.map(|(name, value)| (&**name, &**value)).collect();
        env.push(("MONGO_URI", &self.database.uri));
        run(
            self.folder.path(),
            &[&["user"], arguments].concat(),
            &env,
            "",
        )
        .await
    }

    async fn try_password(&self, node: usize, password: &str) -> u16 {
        let body = json!({"username": "alice", "password": password});
        self.post(node, "/api/v1/login", &body).await.status
    }
}

#[tokio::test]
async fn both_nodes_hear_of_what_an_operator_does() {
    let Some(nodes) = Nodes::start(2, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let tokens = nodes.sign_in(1, "alice").await;
    for node in 0..2 {
        assert_eq!(nodes.me(node, &tokens.access).await, 200);
    }

    let ran = nodes.operator(&["disable", "alice"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    nodes.until_refused_everywhere(&tokens.access).await;
    for node in 0..2 {
        assert_eq!(nodes.refresh(node, &tokens.refresh).await.status, 401);
        assert_eq!(nodes.try_password(node, PASSWORD).await, 401);
    }
    let ran = nodes.operator(&["enable", "alice@example.org"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let again = [
        nodes.sign_in(0, "alice").await,
        nodes.sign_in(1, "alice").await,
    ];
    for (node, tokens) in again.iter().enumerate() {
        until("each node has heard that it is enabled", async || {
            nodes.me(node + 1, &tokens.access).await == 200
        })
        .await;
    }
    assert_eq!(nodes.me(0, &tokens.access).await, 401);

    let ran = nodes.operator(&["end-sessions", "alice"]).await;
    assert!(ran.stdout.contains("2 ended"), "{ran:?}");
    for tokens in &again {
        nodes.until_refused_everywhere(&tokens.access).await;
        assert_eq!(nodes.refresh(0, &tokens.refresh).await.status, 401);
    }
    for node in 0..5 {
        assert_eq!(nodes.try_password(node, "not this one").await, 401);
    }
    assert_eq!(nodes.try_password(0, PASSWORD).await, 429);
    let ran = nodes.operator(&["unlock", "alice"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(nodes.try_password(1, PASSWORD).await, 200);

    let ran = nodes.operator(&["delete", "alice", "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(nodes.try_password(0, PASSWORD).await, 401);
    assert_eq!(nodes.sign_up(1, "alice").await, 409);
    // No command has left anything of a node.
    let kept = nodes.database.collection("portcullis_meta");
    let heartbeat = kept
        .find_one(doc! { "_id": "heartbeat" })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        heartbeat.get_document("nodes").unwrap().len(),
        2,
        "{heartbeat}"
    );
}

/// Registration is closed, mail is on: whoever is invited by one command is somebody on every node.
#[tokio::test]
async fn whoever_an_operator_invites_signs_in_on_every_node() {
    let post = MailServer::start(Setup::default()).await;
    let url = post.url();
    let settings = [
        ("PORTCULLIS_REGISTRATION", "closed"),
        ("PORTCULLIS_MAIL_URL", &*url),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
    ];
    let Some(nodes) = Nodes::start(2, &settings).await else {
        return;
    };
    for node in 0..2 {
        assert_eq!(nodes.sign_up(node, "bob").await, 403);
    }
    let set = async |node, link: &str| {
        let (_, token) = link.split_once("?token=").unwrap();
        let body = json!({"token": token, "new_password": PASSWORD});
        nodes
            .post(node, "/api/v1/password/reset", &body)
            .await
            .status
    };

    let ran = nodes
        .operator(&["add", "bob", "bob@example.org", "--json"])
        .await;
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    let link = said["link"].as_str().unwrap();
    assert_eq!(set(0, link).await, 200);
    assert_eq!(set(1, link).await, 400, "it is used");

    let ran = nodes
        .operator(&["add", "carol", "carol@example.org", "--mail"])
        .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let link = post.mailbox().wait_for("carol@example.org").await.link();
    assert_eq!(set(1, &link).await, 200);
    assert_eq!(set(0, &link).await, 400, "it is used");

    for name in ["bob", "carol"] {
        for node in 0..2 {
            let tokens = nodes.sign_in(node, name).await;
            assert_eq!(nodes.me(1 - node, &tokens.access).await, 200);
        }
    }
    let taken = nodes.operator(&["add", "bob", "robert@example.org"]).await;
    assert_eq!(taken.code, Some(1), "{taken:?}");
    assert!(taken.stderr.contains("has this name"), "{taken:?}");
}

#[tokio::test]
async fn an_operator_needs_the_keys_of_the_nodes_and_a_database_that_they_have_made() {
    let Some(mut nodes) = Nodes::none(&[]).await else {
        return;
    };
    let never = nodes.operator(&["list"]).await;
    assert_eq!(never.code, Some(1), "{never:?}");
    assert!(
        never.stderr.contains("no portcullis server has run"),
        "{never:?}"
    );
    let uri = nodes.database.uri.clone();
    nodes.join(&uri).await;
    assert_eq!(nodes.operator(&["list"]).await.code, Some(0));
    nodes.settings.retain(|(name, _)| name != "SECRET_KEY");
    let other = "00ad4e92c6f15b83d9e0a27c54f8b16d3e92c70a".to_owned();
    nodes.settings.push(("SECRET_KEY".to_owned(), other));
    let refused = nodes.operator(&["list"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("SECRET_KEY is not the one"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_account_that_another_application_switched_off_stays_so() {
    let Some(nodes) = Nodes::start(1, &[]).await else {
        return;
    };
    nodes.sign_up(0, "alice").await;
    let users = nodes.database.collection("users");
    let switched = doc! { "$set": { "is_active": false } };
    users
        .update_one(doc! { "username": "alice" }, switched)
        .await
        .unwrap();
    let refused = nodes.operator(&["enable", "alice"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("\"is_active\""), "{refused:?}");
    assert_eq!(nodes.try_password(0, PASSWORD).await, 401);
}
