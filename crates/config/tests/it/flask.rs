//! The `.env` of a Flask application.

use crate::{APP_KEY, JWT_KEY, Setup};

#[test]
fn the_env_of_a_flask_application_works_as_it_is() {
    let setup = Setup::dotenv(&format!(
        "# Flask\n\
         FLASK_APP=app.py\n\
         FLASK_ENV=production\n\
         FLASK_DEBUG=0\n\
         DEBUG=False\n\
         export SECRET_KEY='{APP_KEY}'\n\
         JWT_SECRET_KEY = \"{JWT_KEY}\" # keep\n\
         JWT_ACCESS_TOKEN_EXPIRES=3600\n\
         JWT_TOKEN_LOCATION=headers\n\
         JWT_COOKIE_SECURE=True\n\
         RATELIMIT_DEFAULT=\"200 per day;50 per hour\"\n\
         RATELIMIT_STORAGE_URI=redis://:hunter2@redis:6379\n\
         WTF_CSRF_TIME_LIMIT=1800\n\
         WTF_CSRF_SSL_STRICT=False\n\
         SQLALCHEMY_DATABASE_URI=sqlite:///app.db\n\
         MAIL_PASSWORD=hunter2\n"
    ));
    let config = setup.good();

    assert_eq!(config.tokens.access_expires.as_secs(), 3600);
    assert_eq!(config.limits.default[1].to_string(), "50 per 1 hour");
    assert_eq!(config.forms.time_limit.as_secs(), 1800);
    let keys = config.keys().unwrap();
    assert_eq!(keys.jwt_secret_key.as_ref().unwrap().expose(), JWT_KEY);
    assert_eq!(keys.secret_key.expose(), APP_KEY);

    let notices: Vec<_> = config.notices.iter().map(ToString::to_string).collect();
    assert_eq!(
        notices,
        [
            "RATELIMIT_STORAGE_URI: not read by Portcullis: its limits are set by RATELIMIT_ENABLED, \
             RATELIMIT_DEFAULT, RATELIMIT_STRATEGY and PORTCULLIS_RATELIMIT_*",
            "WTF_CSRF_SSL_STRICT: not in effect: forms are protected in one way, and always",
        ]
    );
}

#[test]
fn a_setting_that_would_mean_something_else_here_is_mentioned() {
    let setup = Setup::dotenv(
        "JWT_TOKEN_LOCATION=cookies\nJWT_IDENTITY_CLAIM=uid\nJWT_HEADER_TYPE=Bearer\n",
    );
    let names: Vec<_> = setup
        .good()
        .notices
        .into_iter()
        .map(|notice| notice.name)
        .collect();
    assert_eq!(names, ["JWT_TOKEN_LOCATION", "JWT_IDENTITY_CLAIM"]);
}

#[test]
fn a_mistyped_jwt_name_is_mentioned() {
    let setup = Setup::dotenv("JWT_ACCESS_TOKEN_EXPIRE=60\nJWT_SESSION_COOKIE=1\n");
    let notices = setup.good().notices;
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0]
            .message
            .ends_with("did you mean JWT_ACCESS_TOKEN_EXPIRES?"),
        "{}",
        notices[0]
    );
}

#[test]
fn an_application_with_secret_key_alone_is_told_who_signs() {
    let config = Setup::dotenv(&format!("SECRET_KEY={APP_KEY}")).good();
    assert_eq!(config.notices.len(), 1);
    assert!(
        config.notices[0]
            .message
            .contains("Flask-JWT-Extended would sign with SECRET_KEY")
    );
}

#[test]
fn the_mongodb_of_a_flask_application_is_used() {
    let uri = "mongodb://u:hunter2@host/db?authSource=admin";
    let config = Setup::new().env("MONGO_URI", uri).good();
    let taken = config.storage.mongo_uri.as_ref().unwrap();
    assert_eq!(taken.expose(), uri);
    let rows = config.describe();
    let row = rows.iter().find(|row| row.name == "MONGO_URI").unwrap();
    assert_eq!(row.value, "mongodb://u:[redacted]@host/db?[redacted]");
}

#[test]
fn what_is_no_mongodb_is_refused_and_not_quoted() {
    let fault = Setup::new()
        .env("MONGO_URI", "postgres://u:hunter2@host/db")
        .fault();
    assert!(fault.contains("must begin with mongodb://"), "{fault}");
    assert!(!fault.contains("hunter2"), "{fault}");
}
