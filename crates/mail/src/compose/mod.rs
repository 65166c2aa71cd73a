//! From a letter to the bytes that are sent.

pub(crate) mod samples;
mod templates;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use model::{EmailAddress, Timestamp};
use texts::{Language, Part, Texts};

use crate::letter::Letter;
use crate::outgoing::Outgoing;
use crate::sender::Sender;
use words::Around;

pub use templates::TEMPLATES;

/// Where replies go, who the letters are from, and whose they are.
#[derive(Debug)]
pub struct Stationery {
    /// `From`, and the sender that the mail server is told.
    pub from: Sender,
    /// `Reply-To`.
    pub reply_to: Option<Sender>,
    /// What people know the service by: its name, or the host of its public address.
    pub service: String,
}

/// Writes letters.
pub struct Composer {
    environment: Environment<'static>,
    texts: Arc<Texts>,
    stationery: Stationery,
}

/// A letter as it is sent.
pub(crate) struct Composed {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// Header and body.
    pub(crate) bytes: Vec<u8>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct TemplateFault {
    /// Which template.
    pub name: String,
    /// What is wrong.
    pub message: String,
}

/// Why a letter was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotComposed {
    /// The address is none that a message can be made for.
    #[error("the address can't stand in a message")]
    Address,
    /// A template failed that had been tried, or what it made is no message.
    #[error("the letter can't be put together")]
    Template,
}

impl TemplateFault {
    fn new(name: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            name: name.into(),
            message: message.to_string(),
        }
    }

    /// `unknown` are the variables of the template that there aren't, in case that is what is wrong.
    fn of(name: &str, error: &Error, unknown: &[String]) -> Self {
        let place = error.name().unwrap_or(name).to_owned();
        let line = error.line().map(|line| format!("line {line}: "));
        let mut message = line.unwrap_or_default() + &error.kind().to_string();
        if let Some(detail) = error.detail() {
            message = format!("{message}: {detail}");
        } else if error.kind() == ErrorKind::UndefinedError && !unknown.is_empty() {
            message = format!("{message}: {}", unknown.join(", "));
        }
        Self::new(place, message)
    }
}

impl Composer {
    /// Reads the templates, those in `folder` in place of our own, and writes a letter of each kind in each language.
    ///
    /// # Errors
    /// All that is wrong with the templates.
    pub fn new(
        texts: Arc<Texts>,
        stationery: Stationery,
        folder: Option<&Path>,
    ) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = Vec::new();
        let own = folder.map(|folder| templates::read(folder, &mut faults));
        let mut environment = environment(Arc::clone(&texts));
        let compiled_in = templates::TEMPLATES.iter();
        let compiled_in = compiled_in.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        for (name, text) in compiled_in.chain(own.into_iter().flatten()) {
            if let Err(error) = environment.add_template_owned(name.clone(), text) {
                faults.push(TemplateFault::of(&name, &error, &[]));
            }
        }
        let composer = Self {
            environment,
            texts,
            stationery,
        };
        // Ours stand in for those that can't be read, so that the others can be tried all the same.
        for fault in composer.try_all() {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        if faults.is_empty() {
            Ok(composer)
        } else {
            Err(faults)
        }
    }

    /// The domain that letters come from.
    pub fn sending_domain(&self) -> &str {
        self.stationery.from.domain()
    }

    /// The texts that letters are written with.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    fn try_all(&self) -> Vec<TemplateFault> {
        let mut faults = Vec::new();
        for language in self.texts.languages(Part::Mail) {
            for letter in samples::letters() {
                let date = Timestamp::from_seconds(1_799_996_400);
                if let Err(fault) = self.write(&letter, language, date)
                    && !faults.contains(&fault)
                {
                    faults.push(fault);
                }
            }
        }
        faults
    }

    /// The message for a letter.
    pub(crate) fn compose(&self, outgoing: &Outgoing) -> Result<Composed, NotComposed> {
        let written = self.write(&outgoing.letter, &outgoing.language, outgoing.date);
        let written = written.map_err(|_| NotComposed::Template)?;
        let to = address(&outgoing.to)?;
        let from = self.stationery.from.mailbox();
        let id = outgoing.id.as_str();

        let mut message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(written.subject)
            .date(system_time(outgoing.date))
            .message_id(Some(format!("<{id}@{}>", self.sending_domain())));
        if let Some(reply_to) = &self.stationery.reply_to {
            message = message.reply_to(reply_to.mailbox().clone());
        }
        for (name, value) in [
            ("Auto-Submitted", "auto-generated"), // RFC 3834 §5: no vacation notices come back
            ("Content-Language", outgoing.language.tag()),
            ("X-Entity-Ref-ID", id), // keeps mail programs from folding letters of one subject into a thread
        ] {
            let name = HeaderName::new_from_ascii_str(name);
            message = message.raw_header(HeaderValue::new(name, value.to_owned()));
        }
        // By id, so that a letter that is sent twice is the same, byte for byte. No line of ours begins like this.
        let parts = MultiPart::alternative()
            .boundary(format!("=_{id}"))
            .singlepart(part(ContentType::TEXT_PLAIN, written.text))
            .singlepart(part(ContentType::TEXT_HTML, written.html));
        let message = message.multipart(parts);
        let message = message.map_err(|_| NotComposed::Template)?;
        Ok(Composed {
            from: from.email.clone(),
            to,
            bytes: message.formatted(),
        })
    }

    fn write(
        &self,
        letter: &Letter,
        language: &Language,
        date: Timestamp,
    ) -> Result<Written, TemplateFault> {
        let kind = letter.kind();
        let subject = self.subject(kind, language)?;
        let around = Around {
            texts: &self.texts,
            language,
            date,
        };
        let mut words = around.words(letter);
        words.extend([
            ("language", language.tag().into()),
            ("service", (&*self.stationery.service).into()),
            ("subject", (&*subject).into()),
        ]);
        let words: BTreeMap<_, _> = words.into_iter().collect();
        let words = Value::from(words);
        let fill = |ending: &str| {
            let name = format!("{kind}.{ending}");
            let template = self.environment.get_template(&name);
            let filled = template.and_then(|template| template.render(&words));
            filled.map_err(|error| {
                let place = error.name().unwrap_or(&name);
                TemplateFault::of(&name, &error, &self.unknown_variables(place, &words))
            })
        };
        Ok(Written {
            text: fill("txt")?,
            html: fill("html")?,
            subject,
        })
    }

    /// The variables of a template that are none of these words, by name.
    fn unknown_variables(&self, template: &str, words: &Value) -> Vec<String> {
        let Ok(template) = self.environment.get_template(template) else {
            return Vec::new();
        };
        let used = template.undeclared_variables(false).into_iter();
        let is_known = |name: &str| {
            let word = words.get_attr(name).ok();
            word.is_some_and(|word| !word.is_undefined())
                || self.environment.globals().any(|(global, _)| global == name)
        };
        let mut unknown: Vec<_> = used.filter(|name| !is_known(name)).collect();
        unknown.sort();
        unknown
    }

    /// Nothing of people's stands in a subject: it is read before the letter is, and without knowing who wrote it.
    fn subject(&self, kind: &str, language: &Language) -> Result<String, TemplateFault> {
        let key = format!("mail-{}-subject", kind.replace('_', "-"));
        let service = [("service", (&self.stationery.service).into())];
        let said = self.texts.try_say(language, &key, &service);
        let said = said.or_else(|_| self.texts.try_say(language, &key, &[]));
        said.map_err(|error| TemplateFault::new(kind, error))
    }
}

impl fmt::Debug for Composer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composer")
            .field("stationery", &self.stationery)
            .finish_non_exhaustive()
    }
}

struct Written {
    subject: String,
    text: String,
    html: String,
}

/// An environment whose one function, `say`, gives texts of the catalogue.
fn environment(texts: Arc<Texts>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.unwrap_or_default()); // only delimiters can be wrong
    environment.set_auto_escape_callback(|name| {
        let is_html = Path::new(name).extension().is_some_and(|end| end == "html");
        if is_html {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment.add_function(
        "say",
        move |state: &State<'_, '_>, key: &str, given: Kwargs| -> Result<String, Error> {
            let language = state.lookup("language").unwrap_or_default();
            let language = texts.language(Part::Mail, language.as_str().unwrap_or_default());
            let names: Vec<_> = given.args().collect();
            let values = names.iter().map(|name| given.get::<String>(name));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            let variables = names.iter().zip(&values);
            let variables: Vec<_> = variables
                .map(|(name, value)| (*name, value.into()))
                .collect();
            let said = texts.try_say(&language, key, &variables);
            said.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
        },
    );
    environment
}

/// The address as mail systems know it.
fn address(address: &EmailAddress) -> Result<Address, NotComposed> {
    let (local, _) = address.parts();
    Address::new(local, address.ascii_domain()).map_err(|_| NotComposed::Address)
}

fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder().content_type(kind).body(text)
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_seconds())
}

#[cfg(test)]
mod tests;
