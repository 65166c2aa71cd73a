//! What may be done on this machine, and nowhere else.

use super::*;

const UNVERIFIED: [&str; 2] = ["tlsInsecure", "tlsAllowInvalidCertificates"];

fn fault_of(text: &str) -> String {
    MongoUri::parse(text).unwrap_err().to_string()
}

fn notices_of(text: &str) -> Vec<String> {
    MongoUri::parse(text).unwrap().notices().to_vec()
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_believed_on_this_machine_only() {
    for option in UNVERIFIED {
        for servers in [
            "db1.example/?",
            "db1.example/?directConnection=true&",
            "10.0.0.7/?directConnection=true&",
            "127.0.0.1.example/?directConnection=true&",
            "localhost,db1.example/?",
        ] {
            let fault = fault_of(&format!("mongodb://{servers}tls=true&{option}=true"));
            assert!(fault.contains(option), "{fault}");
            assert!(fault.contains("tlsCAFile"), "{fault}");
        }
        for host in ["localhost", "127.0.0.1:27018", "[::1]", "%2Ftmp%2Fdb.sock"] {
            let text = format!("mongodb://{host}/?tls=true&directConnection=true&{option}=true");
            assert_eq!(notices_of(&text).len(), 1, "{host}");
        }
        let verified = format!("mongodb://db1.example/?tls=true&{option}=false");
        assert!(notices_of(&verified).is_empty());
    }
}

#[test]
fn a_server_on_this_machine_that_may_name_others_is_none() {
    for option in UNVERIFIED {
        for servers in [
            "localhost/?",
            "localhost/?replicaSet=rs0&",
            "localhost/?directConnection=false&",
            "127.0.0.1:27018,[::1]/?",
            "%2Ftmp%2Fdb.sock/?",
        ] {
            let fault = fault_of(&format!("mongodb://{servers}tls=true&{option}=true"));
            assert!(fault.contains("directConnection=true"), "{fault}");
        }
    }
}

#[test]
fn no_spelling_of_true_leaves_a_remote_certificate_unverified() {
    for option in UNVERIFIED {
        for value in ["true", "%74rue", "tru%65", "%74%72%75%65"] {
            let text = format!("mongodb://db1.example/?tls=true&{option}={value}");
            assert!(fault_of(&text).contains("is refused"), "{value}");
        }
        for value in ["TRUE", "1", "yes", "", "%2574rue", "true%00", "%20true"] {
            let text = format!("mongodb://db1.example/?tls=true&{option}={value}");
            assert!(fault_of(&text).contains("must be"), "{value}");
        }
    }
}

#[test]
fn a_password_goes_over_the_network_encrypted_only() {
    for option in [
        "authMechanism=PLAIN",
        "authMechanism=PL%41IN",
        "authMechanism=PLAIN&tls=false",
        "authMechanism=PLAIN&ssl=false",
    ] {
        for servers in ["db1.example/?", "localhost/?replicaSet=rs0&"] {
            let fault = fault_of(&format!("mongodb://u:hunter2@{servers}{option}"));
            assert!(fault.contains("authMechanism is refused"), "{fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }
    let token =
        "mongodb://db1.example/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:k8s";
    assert!(fault_of(token).contains("authMechanism is refused"));
    for fine in [
        "mongodb://u:p@db1.example/?authMechanism=PLAIN&tls=true",
        "mongodb+srv://u:p@db1.example/?authMechanism=PLAIN",
        "mongodb://u:p@localhost/?authMechanism=PLAIN&directConnection=true",
        "mongodb://u:p@db1.example/?authMechanism=SCRAM-SHA-256",
    ] {
        assert!(notices_of(fine).is_empty(), "{fine}");
    }
}

#[test]
fn encryption_that_mongodb_srv_is_deprived_of_is_named() {
    for option in ["tls", "ssl"] {
        let notices = notices_of(&format!("mongodb+srv://u:p@db1.example/?{option}=false"));
        assert_eq!(notices.len(), 1);
        assert!(notices[0].starts_with(&format!("{option}: the connection")));
    }
    assert!(notices_of("mongodb+srv://u:p@db1.example/?tls=true").is_empty());
}
