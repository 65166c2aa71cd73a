//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
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
    /// Start the server (the default)
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
    /// Look at accounts, and disable, unlock or delete them, beside running servers
    #[command(subcommand)]
    User(UserCommand),
    /// Check that nobody has changed what happened to accounts
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Try the settings of mail, and print its templates
    #[command(subcommand)]
    Mail(MailCommand),
    /// Print the texts that people read
    #[command(subcommand)]
    Texts(TextsCommand),
    /// Build the list of passwords that are known from breaches
    #[command(subcommand)]
    Passwords(PasswordsCommand),
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

/// What can be done with mail.
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Send a test message, and say what came of it
    #[command(
        long_about = "Sends a test message at once by PORTCULLIS_MAIL_URL, and says what came of it, with a hint for the usual failures. The running server isn't asked, and nothing is tried again.\n\n  portcullis mail test you@example.org"
    )]
    Test {
        /// The mailbox to send to
        address: String,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// List the templates, or print one of them
    #[command(
        long_about = "Lists the templates of mail, or prints one as it is compiled in: the start for one of your own in the folder that PORTCULLIS_MAIL_TEMPLATES names. No setting is read.\n\n  portcullis mail templates\n  portcullis mail templates layout.html > templates/layout.html"
    )]
    Templates {
        /// The template to print
        #[arg(value_parser = PossibleValuesParser::new(mail::TEMPLATES.iter().map(|(name, _)| *name)), hide_possible_values = true)]
        name: Option<String>,
    },
}

/// What can be done with texts.
#[derive(Debug, Subcommand)]
pub enum TextsCommand {
    /// Print the English texts, to begin a translation with
    #[command(
        long_about = "Prints the English texts as they are compiled in, in the notation of Fluent: the start for a translation in the folder that PORTCULLIS_TEXTS names. No setting is read, unless --missing asks what a language of that folder lacks. Write what it prints outside that folder, translate it, and move it there under a new name: a shell empties the file that it writes to before the command reads it.\n\n  portcullis texts print mail.ftl > texts/de/mail.ftl\n  portcullis texts print --missing de > missing.ftl\n  mv --no-clobber missing.ftl texts/de/added-2.ftl"
    )]
    Print {
        /// The file to print; without it, all of them
        #[arg(value_name = "FILE", value_parser = PossibleValuesParser::new(texts::ENGLISH.iter().map(|file| file.name)))]
        file: Option<String>,
        /// Print only what your texts lack in this language
        #[arg(long, value_name = "LANGUAGE", conflicts_with = "file")]
        missing: Option<String>,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
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
    /// After `SECRET_KEY` was replaced: encrypt anew what is stored under the one before
    #[command(
        long_about = "Encrypts with the present SECRET_KEY what the store holds encrypted with SECRET_KEY_PREVIOUS: the secrets of second factors. Run it beside the running servers, once all of them have the new key, and as often as you like. It prints what it did, names the accounts whose second factor neither key opens (exit code 1), and says until when SECRET_KEY_PREVIOUS is needed.\n\n  portcullis keys reencrypt --dry-run"
    )]
    Reencrypt {
        /// Say what would be done, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Print the key ids of the settings: the one that signs, and those that are still accepted
    List(ServeFlags),
}

/// What can be done with what happened to accounts.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Look for events that somebody has removed, changed or cut off in the store
    #[command(
        long_about = "Looks at the events of every account, and of those that were deleted: each is chained to the one before by a keyed hash, so one that was removed, changed or put in by hand is found, and so are events that were cut off at the end. Lists the faults by account. Needs the SECRET_KEY that the servers have, and where that was replaced lately, the one before.\n\nIt reads only, beside running servers. What it can't find is a store that was put back to an earlier state as a whole.\n\nExit codes: 0 nothing is missing or changed, 1 the command failed, 2 wrong use, 3 events are missing or were changed, 4 no fault, and some events can't be checked.\n\n  portcullis audit verify\n  portcullis audit verify alice --json"
    )]
    Verify {
        /// Only those of this account: its name, address or id
        #[arg(value_name = "USER")]
        user: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
}

/// What can be done with lists of passwords.
#[derive(Debug, Subcommand)]
pub enum PasswordsCommand {
    /// Build the list that `PORTCULLIS_BREACHED_FILE` names from published hashes
    #[command(
        long_about = "Builds the list that PORTCULLIS_BREACHED_FILE names, of passwords that no new one may be. IN holds SHA-1 hashes in hexadecimal as Have I Been Pwned publishes them: a file of HASH:COUNT lines, or a folder of range files, each named by the first five digits of its hashes (ABCDE or ABCDE.txt) with the other 35 in its lines; - is standard input. Their order does not matter.\n\nOUT has 8 bytes for each password, and half a megabyte; while it is built as much again is needed beside it. It takes the place of the one before in one step. A running server goes on with that one until it is restarted.\n\n  portcullis passwords build-list pwned-passwords.txt breached.list --min-count 10"
    )]
    BuildList {
        /// The file or the folder of hashes, or -
        #[arg(value_name = "IN")]
        from: PathBuf,
        /// The list
        #[arg(value_name = "OUT")]
        to: PathBuf,
        /// Skip passwords seen fewer than N times
        #[arg(long, value_name = "N", default_value_t = 1)]
        min_count: u64,
    },
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List accounts, in the order of their ids
    #[command(
        long_about = "Lists accounts, in the order of their ids. Where there are more, the last line (on standard error; `next_cursor` in JSON) says how to continue.\n\n  portcullis user list --disabled\n  portcullis user list --prefix ali --json"
    )]
    List {
        /// Only those whose name or address begins so, whatever its case
        #[arg(long, value_name = "TEXT")]
        prefix: Option<String>,
        /// Only those that are disabled
        #[arg(long)]
        disabled: bool,
        /// Only those whose address is not verified
        #[arg(long)]
        unverified: bool,
        /// Only those without a second factor
        #[arg(long)]
        no_factor: bool,
        /// How many at the most
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Continue after this cursor
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Make an account, also where registration is closed, and print a link by which its owner sets a password
    #[command(
        long_about = "Makes an account without a password and prints a link, once: give it to the owner, who sets a password by it within 7 days. It is good once, so hand it over where nobody else reads it. Works where registration is closed. With --mail the servers mail the link to the owner, and nobody else sees it; the command then needs their mail settings.\n\nThe address counts as not verified, unless you know that it is the owner's and say so. Whoever uses a link that was mailed has proven it.\n\n  portcullis user add alice alice@example.org\n  portcullis user add alice alice@example.org --mail"
    )]
    Add {
        /// The name
        #[arg(value_name = "NAME")]
        username: String,
        /// The address
        #[arg(value_name = "ADDRESS")]
        email: String,
        /// The address is the owner's: it counts as verified
        #[arg(long)]
        verified: bool,
        /// Mail the link to the owner, in place of printing it
        #[arg(long)]
        mail: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Where the settings are.
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Print a link by which the owner of an account sets a new password
    #[command(
        long_about = "Prints a link, once, by which the owner of an account sets a new password within 24 hours. It is good once, so hand it over where nobody else reads it. The present password and every session stay good until then. With --mail the servers mail the link to the owner, and nobody else sees it; the command then needs their mail settings. Where mail is on, the owner is notified when the password has changed.\n\n  portcullis user reset-password alice"
    )]
    ResetPassword {
        /// Mail the link to the owner, in place of printing it
        #[arg(long)]
        mail: bool,
        /// Which account.
        #[command(flatten)]
        user: UserFlags,
    },
    /// Show an account: what it is, its sessions, and whether too many failed guesses keep its owner out
    Show(UserFlags),
    /// Disable an account: nobody can sign in, and its tokens are refused on every server within a second
    #[command(
        long_about = "Disables an account. Nobody can sign in to it, and every token and session of it is refused, on every server within a second. Its owner is not told why: a sign-in is answered as after a wrong password.\n\n  portcullis user disable alice"
    )]
    Disable(UserFlags),
    /// Enable a disabled account: its owner can sign in again
    #[command(
        long_about = "Enables a disabled account: its owner can sign in again. Tokens and sessions from before stay refused. Where another application on the same MongoDB has switched the account off by a field of its own (`is_active` and the like) the command is refused and names the field.\n\n  portcullis user enable alice"
    )]
    Enable(UserFlags),
    /// Forget the failed guesses at the password and the second factor, so that the next try is checked at once
    Unlock(UserFlags),
    /// Delete an account with everything that belongs to it
    #[command(
        long_about = "Deletes an account with its sessions and everything else that belongs to it, as its owner could. Its name and its address stay reserved for 30 days. The owner is notified by mail, at a confirmed address, if the command has the mail settings of the servers in its environment. This can't be undone.\n\n  portcullis user delete alice@example.org --yes"
    )]
    Delete {
        /// Confirm the deletion: it can't be undone
        #[arg(long)]
        yes: bool,
        /// Which account.
        #[command(flatten)]
        user: UserFlags,
    },
    /// End every session of an account: its owner signs in again, everywhere
    EndSessions(UserFlags),
    /// Show what happened to an account, the last first: sign-ins, failed attempts, changes
    #[command(
        long_about = "Shows what happened to an account, the last first: sign-ins, failed attempts, changes, and what an operator did, from where and when. Where there is more, the last line (on standard error; `next_cursor` in JSON) says how to continue.\n\n  portcullis user events alice\n  portcullis user events alice --limit 100 --json"
    )]
    Events {
        /// How many at the most
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Continue after this cursor
        #[arg(long, value_name = "CURSOR")]
        after: Option<u64>,
        /// Which account.
        #[command(flatten)]
        user: UserFlags,
    },
    /// Show the second factor of an account: since when there is one, and how many recovery codes are left
    Factors(UserFlags),
    /// Remove the second factor of an account, for an owner who has lost it
    #[command(
        long_about = "Removes the authenticator app and the recovery codes of an account: from then on the password alone signs in, or, with PORTCULLIS_MFA=required, enrols another one. Every session ends. The owner is notified by mail, at a confirmed address, if the command has the mail settings of the servers in its environment. Be sure that it is the owner who asks: whoever knows the password gets in afterwards.\n\n  portcullis user remove-factor alice"
    )]
    RemoveFactor(UserFlags),
}

/// Which account, and how to answer.
#[derive(Clone, Debug, Args)]
pub struct UserFlags {
    /// The account: its id, its name or its address
    #[arg(value_name = "USER")]
    pub user: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the settings are.
    #[command(flatten)]
    pub flags: ServeFlags,
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
