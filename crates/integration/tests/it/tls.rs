//! https by the server itself, as curl sees it.

use std::path::Path;

use integration::process::{Server, run};
use tokio::process::Command;

/// Writes a certificate of its own for `localhost` into `folder`.
fn certify(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

const FILES: [(&str, &str); 2] = [
    ("PORTCULLIS_TLS_CERT", "cert.pem"),
    ("PORTCULLIS_TLS_KEY", "key.pem"),
];

/// Whether curl, which trusts `certificate` only, gets an answer: the HTTP version and the status.
async fn curl(server: &Server, certificate: &Path, options: &[&str]) -> Option<String> {
    let url = format!("https://localhost:{}/livez", server.address.port());
    let output = Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_version} %{http_code}",
        ])
        .arg("--cacert")
        .arg(certificate)
        .args(options)
        .arg(url)
        .output()
        .await
        .expect("curl runs: scripts/test installs it");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
async fn it_speaks_http_1_and_2_over_tls_1_2_and_1_3_and_no_older() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let server = Server::start(folder.path(), &FILES).await;
    let certificate = folder.path().join("cert.pem");
    for (options, expected) in [
        (&["--http2"][..], Some("2 200")),
        (&["--http1.1"], Some("1.1 200")),
        (&["--tlsv1.2", "--tls-max", "1.2"], Some("2 200")),
        (&["--tlsv1.3"], Some("2 200")),
        (&["--tlsv1.0", "--tls-max", "1.1"], None),
    ] {
        assert_eq!(
            curl(&server, &certificate, options).await.as_deref(),
            expected,
            "{options:?}"
        );
    }
    let plain = reqwest::get(format!("http://{}/livez", server.address)).await;
    assert!(plain.is_err(), "plain http is not spoken there");
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn sighup_reads_the_certificate_again_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let (present, first) = (
        folder.path().join("cert.pem"),
        folder.path().join("first.pem"),
    );
    std::fs::copy(&present, &first).unwrap();
    let mut server = Server::start(folder.path(), &FILES).await;

    certify(folder.path());
    server.signal("HUP").await;
    server.until_logged("certificate reloaded").await;
    assert!(curl(&server, &present, &[]).await.is_some());
    assert!(
        curl(&server, &first, &[]).await.is_none(),
        "the first one is gone"
    );

    let second = folder.path().join("second.pem");
    std::fs::copy(&present, &second).unwrap();
    std::fs::write(&present, "nonsense").unwrap();
    server.signal("HUP").await;
    server
        .until_logged("certificate not reloaded, the present one stays in use")
        .await;
    assert!(curl(&server, &second, &[]).await.is_some());
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn the_health_check_takes_the_certificate_of_the_settings_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let server = Server::start(folder.path(), &FILES).await;
    let listen = server.address.to_string();
    let check = ["healthcheck", "--listen", &listen];
    let ran = run(folder.path(), &check, &FILES, "").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    certify(folder.path());
    let ran = run(folder.path(), &check, &FILES, "").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[tokio::test]
async fn files_that_do_not_fit_refuse_the_start() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let one = [("PORTCULLIS_TLS_CERT", "cert.pem")];
    let ran = run(
        folder.path(),
        &["serve", "--listen", "127.0.0.1:0"],
        &one,
        "",
    )
    .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("PORTCULLIS_TLS_KEY"), "{}", ran.stderr);

    let other = tempfile::tempdir().unwrap();
    certify(other.path());
    std::fs::copy(other.path().join("key.pem"), folder.path().join("key.pem")).unwrap();
    let ran = run(
        folder.path(),
        &["serve", "--listen", "127.0.0.1:0"],
        &FILES,
        "",
    )
    .await;
    assert_eq!(
        ran.code,
        Some(1),
        "the key is of another certificate: {ran:?}"
    );
    assert!(!ran.stderr.contains("PRIVATE KEY"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_answered_as_over_https() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let server = Server::start(folder.path(), &FILES).await;
    let output = Command::new("curl")
        .args(["--silent", "--include", "--http1.1", "--cacert"])
        .arg(folder.path().join("cert.pem"))
        .args(["--header", &format!("cookie: {}", "a".repeat(100_000))])
        .arg(format!("https://localhost:{}/login", server.address.port()))
        .output()
        .await
        .expect("curl runs: scripts/test installs it");
    let answer = integration::raw::read(&String::from_utf8_lossy(&output.stdout));
    answer.assert_problem(431, "headers_too_large");
    answer.assert_guarded(true);
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn a_client_that_never_shakes_hands_is_let_go() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let server = Server::start(folder.path(), &FILES).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    stream.write_all(b"\x16\x03\x01").await.unwrap();
    let mut answer = Vec::new();
    let closed = std::time::Duration::from_mins(1);
    let read = tokio::time::timeout(closed, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the server waits for ever");
}
