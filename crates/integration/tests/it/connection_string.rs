//! What becomes of a MongoDB connection string before anything is connected to.

use integration::process::run;

#[tokio::test]
async fn an_option_that_is_refused_stops_the_start_as_the_check_says_and_no_value_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    for (options, told) in [
        (
            "retryWrite=true",
            "there is no option retryWrite; did you mean retryWrites?",
        ),
        (
            "tlsInsecure=true",
            "MONGO_URI (environment): the option tlsInsecure is refused: ",
        ),
        (
            "proxyHost=10.0.0.7",
            "MONGO_URI (environment): the option proxyHost is refused: ",
        ),
        (
            "tls=hunter2",
            "MONGO_URI (environment): the option tls must be true or false",
        ),
    ] {
        let uri = format!("mongodb://portcullis:hunter2@db.invalid/accounts?{options}");
        let env = [("MONGO_URI", &*uri)];
        for arguments in [&["config", "check"][..], &["serve"][..]] {
            let ran = run(folder.path(), arguments, &env, "").await;
            assert_eq!(ran.code, Some(1), "{options}: {ran:?}");
            assert!(ran.stderr.contains(told), "{options}: {ran:?}");
            let printed = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!printed.contains("hunter2"), "{printed}");
        }
    }
}

#[tokio::test]
async fn options_without_effect_are_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let uri = "mongodb://portcullis:hunter2@db.invalid/accounts?compressors=zlib,snappy&socketTimeoutMS=1000&w=majority";
    let ran = run(
        folder.path(),
        &["config", "check"],
        &[("MONGO_URI", uri)],
        "",
    )
    .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in [
        "MONGO_URI: compressors has no effect: ",
        "MONGO_URI: socketTimeoutMS has no effect: PORTCULLIS_REQUEST_TIMEOUT",
    ] {
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    assert!(!ran.stderr.contains("snappy") && !ran.stderr.contains("1000"));
}
