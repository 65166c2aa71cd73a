//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The accounts of your application: sign-up, sign-in, sessions, tokens.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis",
    version,
    about = "The accounts of your application: sign-up, sign-in, sessions, and tokens that stop working the moment they are revoked.",
    after_help = "Settings come from the environment and from .env in the working folder; `portcullis config check` shows each of them and where it came from.\n\nA first walk:\n  portcullis &\n  json='content-type: application/json' url=http://127.0.0.1:8080/api/v1\n  password='\"password\":\"correct horse battery staple\"'\n  alice='\"username\":\"alice\",\"email\":\"alice@example.org\"'\n  curl -H \"$json\" -d \"{$alice,$password}\" $url/register\n  curl -H \"$json\" -d \"{\\\"username\\\":\\\"alice\\\",$password}\" $url/login\n\nExit codes: 0 done, 1 refused, 2 wrong use.",
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    /// What to do; without a command, `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `serve`.
    #[command(flatten)]
    pub serve: ServeFlags,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server (what happens without a command, too)
    #[command(
        long_about = "Start the server. It needs no set-up: accounts are kept in ./data, and secrets for development are made there once. Where other machines can reach it, set JWT_SECRET_KEY and SECRET_KEY.\n\nSIGTERM and Ctrl-C drain: no new connection, requests in flight end within 10 seconds, the store is closed."
    )]
    Serve(ServeFlags),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make keys, list them, and replace them without signing anyone out
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Ask the running server whether it is ready: exit 0 when it is, for container health checks
    Healthcheck(ServeFlags),
    /// Hash a password from standard input
    #[command(
        long_about = "Reads a password from standard input (up to the first line break) and prints its hash, an Argon2id PHC string, for a row made by hand.\n\n  portcullis hash < password.txt"
    )]
    Hash,
    /// Check a password from standard input against a hash
    #[command(
        long_about = "Reads a password from standard input (up to the first line break) and checks it against a hash: one of ours, of Werkzeug, Django, bcrypt and others.\n\nExit codes: 0 it matches, 1 it doesn't, 2 the hash can't be read.\n\n  portcullis verify '$argon2id$v=19$…' < password.txt"
    )]
    Verify {
        /// The hash, as it is stored
        hash: String,
    },
}

/// What can be done with the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting and where it came from, secrets masked; exit 1 with all faults at once
    Check(ServeFlags),
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Print a new key
    #[command(
        long_about = "Prints a new key: for HS256, HS384 and HS512 a line for the environment, for EdDSA, ES256 and RS256 a private key in PEM, to be kept in a file that JWT_PRIVATE_KEY_FILE names.\n\n  portcullis keys generate --algorithm EdDSA > jwt.pem"
    )]
    Generate {
        /// Which algorithm the key is for
        #[arg(long, default_value = "HS256", value_parser = ["HS256", "HS384", "HS512", "EdDSA", "ES256", "RS256"])]
        algorithm: String,
    },
    /// Print the settings that replace the present key and keep its tokens good
    #[command(
        long_about = "Prints what to set in place of the present JWT_SECRET_KEY (or JWT_PRIVATE_KEY): a new key, and the present one as the previous, whose tokens stay good. Nothing is changed; the present secret is printed too, so mind where it goes.\n\nGive every node the new settings; after the longest refresh lifetime the previous key can be unset. After a leak leave the previous key out: everyone signs in again."
    )]
    Rotate(ServeFlags),
    /// After a leak: have the database take the present keys in place of those it knows
    #[command(
        long_about = "Servers that share a MongoDB refuse to start with other keys than the database knows, unless they still have the known one as the previous. After a leak they must not have it. So: stop every server, set new keys (`portcullis keys generate`) and no previous ones, run this once, and start them. Servers with the old keys refuse to start from then on, tokens of the old keys are refused, everyone signs in again.\n\n  portcullis keys replace --yes"
    )]
    Replace {
        /// Do it: everyone signs in again
        #[arg(long)]
        yes: bool,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Print the key ids of the settings: the one that signs, and those that are still accepted
    List(ServeFlags),
}

/// Flags that go over the environment.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeFlags {
    /// The address and port to listen on (`PORTCULLIS_LISTEN`, default 127.0.0.1:8080)
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The folder that holds the database (`PORTCULLIS_DATA_DIR`, default ./data)
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}
