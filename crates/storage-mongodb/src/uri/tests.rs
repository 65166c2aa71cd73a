//! What connection strings of other programs come to here.

use mongodb::options::Tls;

use super::*;

fn read(query: &str) -> Result<MongoUri, UriFault> {
    MongoUri::parse(format!("mongodb://db1.example/accounts?{query}"))
}

fn notices_of(query: &str) -> Vec<String> {
    read(query).unwrap().notices().to_vec()
}

fn fault_of(query: &str) -> String {
    read(query).unwrap_err().to_string()
}

async fn options_of(query: &str) -> ClientOptions {
    read(query).unwrap().options().await.unwrap().0
}

#[tokio::test]
async fn it_names_hosts_and_database_and_prints_no_credentials() {
    let text = "mongodb://portcullis:hunter2@db1.example,db2.example:27018/accounts";
    let uri = MongoUri::parse(text).unwrap();
    let (options, database) = uri.options().await.unwrap();
    assert_eq!(hosts(&options), "db1.example,db2.example:27018");
    assert_eq!(database, "accounts");
    assert_eq!(format!("{uri:?}"), "MongoUri([redacted])");
}

#[tokio::test]
async fn without_a_database_there_is_a_usual_one() {
    let uri = MongoUri::parse("mongodb://localhost").unwrap();
    assert_eq!(uri.options().await.unwrap().1, "portcullis");
}

#[test]
fn what_other_programs_connect_with_does_here_too() {
    for query in [
        // Atlas, as it is copied from its pages.
        "retryWrites=true&w=majority&appName=Cluster0",
        // Cosmos DB.
        "ssl=true&replicaSet=globaldb&retrywrites=false&maxIdleTimeMS=120000&appName=@accounts@",
        // DocumentDB.
        "tls=true&tlsCAFile=global-bundle.pem&replicaSet=rs0&readPreference=primary&retryWrites=false",
        // Flask-PyMongo.
        "tz_aware=true&uuidRepresentation=standard&connect=false",
        "authSource=admin;replicaSet=rs0",
        // mongosh.
        "directConnection=true&serverSelectionTryOnce=true",
        "",
        "&tls=false&",
    ] {
        assert_eq!(notices_of(query), Vec::<String>::new(), "{query}");
    }
}

#[test]
fn every_option_is_kept_or_named_with_the_reason_why_it_is_not() {
    use super::options::{OPTIONS, Treatment};
    for (name, treatment) in OPTIONS {
        let value = read(&format!("{}=hunter2", name.to_uppercase()));
        match treatment {
            Treatment::Kept(_) | Treatment::Moot => {
                if let Err(fault) = value {
                    assert!(fault.to_string().contains(name), "{fault}");
                }
            }
            Treatment::Overridden { why, .. } => {
                assert_eq!(
                    value.unwrap().notices(),
                    [format!("{name} has no effect: {why}")]
                );
            }
            Treatment::Refused { why, .. } => {
                assert_eq!(value.unwrap_err(), UriFault::Refused { name, why });
            }
        }
    }
}

#[test]
fn what_has_no_effect_is_named_once_for_each_reason() {
    assert_eq!(
        notices_of("compressors=snappy,zlib&socketTimeoutMS=1000&w=1&journal=false&timeoutMS=5"),
        [
            "socketTimeoutMS, timeoutMS have no effect: PORTCULLIS_REQUEST_TIMEOUT bounds whatever is asked of the database",
            "w, journal have no effect: every write is confirmed by the journals of a majority",
            "compressors has no effect: what is sent to the database is not compressed",
        ]
    );
}

#[test]
fn what_is_wrong_is_named_and_its_value_is_not() {
    for (query, expected) in [
        ("tls=hunter2", "the option tls must be true or false"),
        (
            "maxPoolSize=hunter2",
            "the option maxPoolSize must be a whole number",
        ),
        (
            "authMechanism=hunter2",
            "the option authMechanism must be SCRAM-SHA-256,",
        ),
        ("tls=true&tls=hunter2", "the option tls stands there twice"),
        ("tls=true&ssl=false", "contradict"),
        ("tls=false&tlsCAFile=hunter2", "contradict"),
        (
            "retryWrite=hunter2",
            "there is no option retryWrite; did you mean retryWrites?",
        ),
        (
            "max_pool_size=7",
            "there is no option max_pool_size; did you mean maxPoolSize?",
        ),
        ("nonsense=hunter2", "there is no option nonsense"),
        (
            "loadBalanced=true&replicaSet=rs0",
            "the option loadBalanced must be",
        ),
        ("srvMaxHosts=1", "the option srvMaxHosts must be"),
        ("proxyHost=hunter2", "the option proxyHost is refused: "),
        (
            "tlsCertificateKeyFilePassword=hunter2",
            "is refused: a key with a password",
        ),
        (
            "ssl_ca_certs=hunter2",
            "the option ssl_ca_certs is refused: it is called tlsCAFile",
        ),
    ] {
        let fault = fault_of(query);
        assert!(fault.contains(expected), "{query}: {fault}");
        assert!(!fault.contains("hunter2"), "{query}: {fault}");
    }
    let several = MongoUri::parse("mongodb://a,b/?directConnection=true").unwrap_err();
    assert!(
        several.to_string().contains("directConnection"),
        "{several}"
    );
}

#[test]
fn values_are_compared_as_the_driver_decodes_them() {
    assert!(notices_of("w=%6dajority&j=tru%65").is_empty());
    assert!(read("tlsAllowInvalidHostnames=fals%65").is_ok());
    assert!(fault_of("tlsAllowInvalidHostnames=%74rue").contains("is refused"));
}

#[tokio::test]
async fn what_is_kept_reaches_the_driver() {
    let options =
        options_of("maxpoolsize=7&TLS=true&replicaSet=rs0&retryWrites=false&compressors=zlib")
            .await;
    assert_eq!(options.max_pool_size, Some(7));
    assert!(matches!(options.tls, Some(Tls::Enabled(_))));
    assert_eq!(options.repl_set_name.as_deref(), Some("rs0"));
    assert_eq!(options.retry_writes, Some(false));
    let options = options_of("appName=a%26b&readPreference=secondary&w=0").await;
    assert_eq!(options.app_name.as_deref(), Some("a&b"));
    assert!(options.write_concern.is_none() && options.selection_criteria.is_none());
}

#[tokio::test]
async fn numbers_beyond_what_the_driver_takes_are_bounded() {
    let options = options_of("maxPoolSize=0&maxConnecting=0&heartbeatFrequencyMS=10").await;
    assert_eq!(options.max_pool_size, Some(u32::MAX));
    assert_eq!(options.max_connecting, None);
    assert_eq!(options.heartbeat_freq, Some(SHORTEST_HEARTBEAT));
    let options = options_of("heartbeatFrequencyMS=600000").await;
    assert_eq!(options.heartbeat_freq, Some(LONGEST_HEARTBEAT));
}

#[test]
fn a_password_that_is_not_encoded_is_never_taken_for_an_option() {
    for text in [
        "postgres://hunter2@h",
        "mongodb://u:hunter2/x@host/db",
        "mongodb://u:hunter2@x@host/db",
        "mongodb://",
        "mongodb://hunter2:hunter2",
        "mongodb://u:7?hunter=hunter2@host/db",
        "mongodb://u:7?hunter@host/db",
        "mongodb://u:p@h?hunter=1@host/db",
        "mongodb://h/?proxyPassword=a&hunter=1",
        "mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:abc&hunter=1",
        "mongodb://h/?proxyUsername=abc&hunter=1",
        "mongodb://h/?hunter2",
        "mongodb://h/?hun%74er=1",
    ] {
        let fault = MongoUri::parse(text).unwrap_err();
        assert!(
            !format!("{fault} {fault:?}").contains("hunter"),
            "{text}: {fault}"
        );
    }
}

#[test]
fn the_guide_for_operators_names_every_option() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/deploy.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for (name, treatment) in super::options::OPTIONS {
        let is_told = !matches!(treatment, super::options::Treatment::Moot);
        assert!(!is_told || guide.contains(&format!("`{name}`")), "{name}");
    }
}
