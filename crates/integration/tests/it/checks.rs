//! `config check` and `serve`: what one refuses the other does, for the same reason.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use integration::process::{Server, run};
use jwt::{Algorithm, GeneratedKey};
use tempfile::TempDir;

const SECRETS: [(&str, &str); 2] = [
    ("JWT_SECRET_KEY", "9f2c41d7e8b06a53c1f4e2079bd8a6357e10c4f2"),
    ("SECRET_KEY", "07ad4e92c6f15b83d9e0a27c54f8b16d3e92c70a"),
];

const TLS: [(&str, &str); 2] = [
    ("PORTCULLIS_TLS_CERT", "cert.pem"),
    ("PORTCULLIS_TLS_KEY", "key.pem"),
];

/// Writes a file that only its owner reads.
fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    set_mode(&path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// A certificate of its own for `localhost` and its key, in PEM.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn with_certificate() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate();
    write(folder.path(), "cert.pem", certificate);
    write(folder.path(), "key.pem", key);
    folder
}

/// Both commands refuse these settings, and both say so.
async fn assert_refused(folder: &Path, env: &[(&str, &str)], told: &[&str]) {
    let before = names(folder);
    let check = run(folder, &["config", "check"], env, "").await;
    assert_eq!(check.code, Some(1), "{told:?}: {check:?}");
    for told in told {
        assert!(check.stderr.contains(told), "{told}: {}", check.stderr);
    }
    let holds_a_key = check.stderr.contains("-----\nM");
    assert!(!holds_a_key, "{}", check.stderr);
    let serve = run(folder, &["serve", "--listen", "127.0.0.1:0"], env, "").await;
    assert_eq!((serve.code, serve.stderr), (Some(1), check.stderr));
    assert_eq!(names(folder), before, "neither makes anything");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[tokio::test]
async fn certificates_and_keys_for_https_are_read() {
    let folder = with_certificate();
    let path = folder.path();
    let good = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    let (cert, key) = (good("cert.pem"), good("key.pem"));
    let (_, other) = certificate();
    let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let openssh = key.replace("PRIVATE", "OPENSSH PRIVATE");
    let damaged = cert.replacen("\nMII", "\nMIJ", 1);

    for (name, content, told) in [
        ("cert.pem", "nonsense", "cert.pem holds no certificate"),
        ("cert.pem", key.as_str(), "cert.pem holds no certificate"),
        ("cert.pem", damaged.as_str(), "cert.pem is damaged"),
        (
            "key.pem",
            other.as_str(),
            "is not the key of the certificate",
        ),
        (
            "key.pem",
            encrypted.as_str(),
            "key.pem is encrypted: write it",
        ),
        ("key.pem", openssh.as_str(), "is in OpenSSH's form"),
        ("key.pem", cert.as_str(), "key.pem holds no private key"),
        (
            "key.pem",
            &format!("{key}{other}"),
            "holds several private keys",
        ),
    ] {
        let setting = if name == "cert.pem" { TLS[0] } else { TLS[1] };
        write(path, name, content);
        let place = format!("{} (environment): ", setting.0);
        assert_refused(path, &TLS, &[&place, told]).await;
        write(path, "cert.pem", &cert);
        write(path, "key.pem", &key);
    }
    std::fs::remove_file(path.join("key.pem")).unwrap();
    assert_refused(path, &TLS, &["key.pem can't be opened"]).await;
    write(path, "key.pem", &key);
    set_mode(&path.join("key.pem"), 0o666);
    assert_refused(path, &TLS, &["can be written by every user"]).await;
}

#[tokio::test]
async fn keys_that_sign_and_verify_tokens_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let key = GeneratedKey::new(Algorithm::EdDSA).unwrap();
    let other = GeneratedKey::new(Algorithm::EdDSA).unwrap();
    let private = key.private_pem.expose().as_str();
    let (cert, _) = certificate();
    let encrypted = private.replace("PRIVATE", "ENCRYPTED PRIVATE");

    for (env, told) in [
        (
            [("JWT_ALGORITHM", "ES256"), ("JWT_PRIVATE_KEY", private)],
            "JWT_PRIVATE_KEY (environment): this is a key for EdDSA, not for ES256",
        ),
        (
            [("JWT_ALGORITHM", "EdDSA"), ("JWT_PRIVATE_KEY", &encrypted)],
            "the key is encrypted: write it without a passphrase",
        ),
        (
            [
                ("JWT_ALGORITHM", "EdDSA"),
                ("JWT_PRIVATE_KEY", &key.public_pem),
            ],
            "there is no PEM block labelled `PRIVATE KEY`",
        ),
    ] {
        assert_refused(folder.path(), &[&env[..], &SECRETS[1..]].concat(), &[told]).await;
    }
    let signs = [("JWT_ALGORITHM", "EdDSA"), ("JWT_PRIVATE_KEY", private)];
    for (public, told) in [
        (
            ("JWT_PUBLIC_KEY", other.public_pem.as_str()),
            "JWT_PUBLIC_KEY (environment): does not belong to JWT_PRIVATE_KEY",
        ),
        (
            ("JWT_PUBLIC_KEY", private),
            "JWT_PUBLIC_KEY (environment): this is a private key",
        ),
        (
            ("JWT_PUBLIC_KEY_PREVIOUS", cert.as_str()),
            "JWT_PUBLIC_KEY_PREVIOUS (environment): this is a certificate",
        ),
    ] {
        let env = [&signs[..], &SECRETS[1..], &[public]].concat();
        assert_refused(folder.path(), &env, &[told]).await;
    }
}

#[tokio::test]
async fn faults_of_every_kind_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "file", "");
    let env = [
        ("PORTCULLIS_DATA_DIR", "file/data"),
        ("JWT_ALGORITHM", "RS256"),
        ("JWT_PRIVATE_KEY", "-----BEGIN x-----\n-----END x-----"),
    ];
    let env = [&env[..], &TLS, &SECRETS[1..]].concat();
    let told = [
        "PORTCULLIS_DATA_DIR",
        "JWT_PRIVATE_KEY",
        "PORTCULLIS_TLS_CERT",
    ];
    assert_refused(folder.path(), &env, &told).await;

    let env = [&[("PORTCULLIS_LOG", "info,sevrer=debug")], &SECRETS[..]].concat();
    assert_refused(folder.path(), &env, &["nothing logs as \"sevrer\""]).await;
}

#[tokio::test]
async fn a_connection_string_and_the_files_it_names_are_read() {
    let folder = with_certificate();
    let (_, other) = certificate();
    write(folder.path(), "mixed.pem", {
        let cert = std::fs::read_to_string(folder.path().join("cert.pem")).unwrap();
        format!("{cert}{other}")
    });
    for (uri, told) in [
        ("mongodb://u:hunter2@", "not a MongoDB connection string"),
        (
            "mongodb://h/?tls=true&tlsCAFile=missing.pem",
            "missing.pem can't be opened",
        ),
        (
            "mongodb://h/?tls=true&tlsCAFile=key.pem",
            "key.pem holds no certificate",
        ),
        (
            "mongodb://h/?tls=true&tlsCertificateKeyFile=cert.pem",
            "cert.pem holds no private key",
        ),
        (
            "mongodb://h/?tls=true&tlsCertificateKeyFile=mixed.pem",
            "is not the key of the certificate",
        ),
    ] {
        let env = [&[("MONGO_URI", uri)], &SECRETS[..]].concat();
        assert_refused(folder.path(), &env, &["MONGO_URI (environment): ", told]).await;
    }
}

#[tokio::test]
async fn a_place_that_others_can_change_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for everyones in [0o777, 0o1777] {
        set_mode(&data, everyones);
        let told = format!("can be written by every user (mode {everyones:04o})");
        assert_refused(folder.path(), &SECRETS, &["PORTCULLIS_DATA_DIR: ", &told]).await;
    }
    set_mode(&data, 0o700);
    for name in ["portcullis.db", "portcullis.db-wal", "portcullis.db.lock"] {
        let file = data.join(name);
        let elsewhere = folder.path().join("elsewhere");
        symlink(&elsewhere, &file).unwrap();
        assert_refused(folder.path(), &SECRETS, &[name, "is a symbolic link"]).await;
        assert!(!elsewhere.exists());
        std::fs::remove_file(&file).unwrap();

        write(&data, name, "");
        set_mode(&file, 0o666);
        let told = "can be written by every user (mode 0666)";
        assert_refused(folder.path(), &SECRETS, &[name, told]).await;
        std::fs::remove_file(&file).unwrap();
    }
}

#[tokio::test]
async fn what_others_could_read_is_taken_from_them_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path(), &SECRETS).await;
    server.kill().await; // its log stays beside the database
    let files: Vec<_> = names(&data).iter().map(|name| data.join(name)).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in &files {
        set_mode(file, 0o644);
    }
    set_mode(&data, 0o770);

    let check = run(folder.path(), &["config", "check"], &SECRETS, "").await;
    assert_eq!(check.code, Some(0), "{check:?}");
    assert_eq!(mode(&files[0]), 0o644, "it changes nothing");

    let server = Server::start(folder.path(), &SECRETS).await;
    let said = server.said.join("\n");
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
        let told = format!("{} was open to other users (mode 0644)", file.display());
        assert!(said.contains(&told), "{told}: {said}");
    }
    assert_eq!(mode(&data), 0o750);
    assert!(
        said.contains("data was open to other users (mode 0770)"),
        "{said}"
    );
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn keys_are_taken_as_people_have_them() {
    let folder = with_certificate();
    let path = folder.path();
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let sec1 = sec1(&std::fs::read_to_string(path.join("key.pem")).unwrap());
    let key = format!("\u{feff}made by hand\n{parameters}{sec1}\nend\n");
    write(path, "key.pem", &key);
    write(path, "jwt.pem", key.replace('\n', "\r\n"));
    let cert = std::fs::read_to_string(path.join("cert.pem")).unwrap();
    write(
        path,
        "cert.pem",
        format!("\u{feff}subject=localhost\n{cert}"),
    );

    let env = [
        ("JWT_ALGORITHM", "ES256"),
        ("JWT_PRIVATE_KEY_FILE", "jwt.pem"),
    ];
    let env = [&env[..], &TLS, &SECRETS[1..]].concat();
    let check = run(path, &["config", "check"], &env, "").await;
    assert_eq!(
        (check.code, check.stderr.as_str()),
        (Some(0), ""),
        "{check:?}"
    );
    let server = Server::start(path, &env).await;
    assert_eq!(server.stop().await.0, Some(0));
}

/// A P-256 key in PKCS#8 as SEC1 (RFC 5915): without what PKCS#8 puts before it.
fn sec1(pkcs8: &str) -> String {
    const HEADER: usize = 29;
    let body: String = pkcs8
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let document = STANDARD.decode(body).unwrap();
    let body = STANDARD.encode(&document[HEADER..]);
    format!("-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----\n")
}

#[tokio::test]
async fn the_health_check_needs_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &SECRETS).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let everywhere = format!("0.0.0.0:{}", server.address.port());
    let check = ["healthcheck", "--listen", &everywhere];
    let env = [("JWT_SECRET_KEY_FILE", "missing"), ("SECRET_KEY", "dev")];
    let ran = run(elsewhere.path(), &check, &env, "").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(server.stop().await.0, Some(0));
}
