//! Every text that people read, by key and language.
//!
//! English is complete and compiled in (`en/*.ftl`, [Fluent](https://projectfluent.org)). A folder of the operator's
//! adds languages, `de.ftl` or `de/*.ftl`, and replaces single keys of English. A language is used for pages, and for mail, if
//! it has every text of them ([`Part`]).
//!
//! ```
//! let texts = texts::Texts::load(None).unwrap();
//! let language = texts.negotiate(texts::Part::Mail, Some("fr-CH, en;q=0.8"));
//! let subject = texts.say(&language, "mail-test-subject", &[("service", "accounts.example".into())]);
//! assert_eq!(subject, "Test message from accounts.example");
//! ```

mod accept;
mod brand;
mod english;
mod fault;
mod folder;
mod part;
mod rules;
mod value;
mod wait;

use std::path::Path;
use std::sync::Arc;
use std::{collections::BTreeMap, fmt};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use unic_langid::LanguageIdentifier;

use rules::Rules;

pub use brand::{BrandName, BrandNameFault};
pub use english::{ENGLISH, EnglishFile, english_of, in_english};
pub use fault::Fault;
pub use part::{Incomplete, Part};
pub use value::Value;

/// A language that there are texts in: `en`, `de-AT`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(Arc<str>);

/// All texts, in all languages.
pub struct Texts {
    /// English is the first.
    languages: Vec<Catalogue>,
    rules: Rules,
    brand: BrandName,
}

/// The texts of one language.
struct Catalogue {
    language: Language,
    id: LanguageIdentifier,
    bundle: FluentBundle<Arc<FluentResource>>,
    /// What it has every text of.
    complete: Vec<Part>,
}

/// Why there is no text to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSaid {
    /// No text has this key.
    #[error("no text has the key {0:?}")]
    UnknownKey(String),
    /// The text has other variables than it was given.
    #[error("the text {key:?} takes {takes}, and was given {given}")]
    OtherVariables {
        /// Which text.
        key: String,
        /// The names of its variables.
        takes: String,
        /// What it was given.
        given: String,
    },
}

impl Language {
    /// The language tag (BCP 47), as `lang` and `Content-Language` take it.
    pub fn tag(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Texts {
    /// The texts that are compiled in, and those in `folder` over them.
    ///
    /// # Errors
    /// All that is wrong with the files of the folder.
    pub fn load(folder: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let english = english::resources()?;
        let rules = Rules::of(&english);
        let mut files = BTreeMap::from([(english::TAG.to_owned(), Vec::new())]);
        let mut faults = Vec::new();
        if let Some(folder) = folder {
            folder::read(folder, &mut files, &mut faults);
        }
        let mut languages = Vec::new();
        for (tag, own) in files {
            for file in &own {
                faults.extend(rules.check(file, &own));
            }
            let is_english = tag == english::TAG;
            let under = if is_english { &*english } else { &[] };
            let own = own.into_iter().map(|file| file.resource);
            let Ok(id) = tag.parse::<LanguageIdentifier>() else {
                faults.push(Fault::language(&tag));
                continue;
            };
            let resources = under.iter().cloned().chain(own);
            let place = if is_english { 0 } else { languages.len() };
            languages.insert(place, Catalogue::new(&tag, id, resources, &rules));
        }
        if faults.is_empty() {
            let texts = Self {
                languages,
                rules,
                brand: BrandName::default(),
            };
            faults = texts.try_all();
            if faults.is_empty() {
                return Ok(texts);
            }
        }
        Err(faults)
    }

    /// The same texts, for a service of this name: `{ $brand }` in any of them.
    #[must_use]
    pub fn named(self, brand: BrandName) -> Self {
        Self { brand, ..self }
    }

    /// What the service is called.
    pub const fn brand(&self) -> &BrandName {
        &self.brand
    }

    /// The best language of a part for what a browser sends as `Accept-Language` (RFC 9110 §12.5.4).
    pub fn negotiate(&self, part: Part, accept_language: Option<&str>) -> Language {
        let wanted = accept_language.map(accept::languages).unwrap_or_default();
        let ids: Vec<_> = self.complete(part).map(|catalogue| &catalogue.id).collect();
        let found = negotiate_languages(&wanted, &ids, None, NegotiationStrategy::Lookup);
        let best = found.first().map(|best| **best);
        let mut complete = self.complete(part);
        let found = complete.find(|catalogue| Some(&catalogue.id) == best);
        found.map_or_else(|| self.english(), |found| found.language.clone())
    }

    /// The language with this tag, if it is one of the part, else the nearest one.
    pub fn language(&self, part: Part, tag: &str) -> Language {
        self.negotiate(part, Some(tag))
    }

    /// English, which is always there.
    pub fn english(&self) -> Language {
        Language(english::TAG.into())
    }

    /// The languages of a part, English first.
    pub fn languages(&self, part: Part) -> impl Iterator<Item = &Language> {
        self.complete(part).map(|catalogue| &catalogue.language)
    }

    /// The languages that lack texts of a part. One that has nothing of its own of a part, and everything of another, is
    /// meant to be so.
    pub fn incomplete(&self) -> Vec<Incomplete> {
        let mut incomplete = Vec::new();
        for catalogue in &self.languages {
            let has_a_part = !catalogue.complete.is_empty();
            for part in Part::ALL {
                let mut own = self.rules.keys(part, true);
                let is_begun = own.any(|key| catalogue.has(key));
                let missing = catalogue.missing(part, &self.rules);
                if !missing.is_empty() && (is_begun || !has_a_part) {
                    incomplete.push(Incomplete {
                        language: catalogue.language.clone(),
                        part,
                        missing,
                    });
                }
            }
        }
        incomplete
    }

    fn complete(&self, part: Part) -> impl Iterator<Item = &Catalogue> {
        let languages = self.languages.iter();
        languages.filter(move |catalogue| catalogue.complete.contains(&part))
    }

    /// The text with this key.
    ///
    /// That it exists and takes these variables is for tests to see: there is no text for it otherwise, so the key
    /// itself is shown.
    pub fn say(&self, language: &Language, key: &str, variables: &[(&str, Value<'_>)]) -> String {
        match self.try_say(language, key, variables) {
            Ok(text) => text,
            Err(error) => {
                debug_assert!(false, "{error}");
                key.to_owned()
            }
        }
    }

    /// The text with this key, for keys that are written elsewhere than in our code.
    ///
    /// # Errors
    /// [`NotSaid`].
    pub fn try_say(
        &self,
        language: &Language,
        key: &str,
        variables: &[(&str, Value<'_>)],
    ) -> Result<String, NotSaid> {
        let known = self.rules.variables(key);
        let known = known.ok_or_else(|| NotSaid::UnknownKey(key.to_owned()))?;
        let given: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
        if given.len() != known.len() || !given.iter().all(|name| known.contains(*name)) {
            return Err(NotSaid::OtherVariables {
                key: key.to_owned(),
                takes: rules::listed(known.iter().map(String::as_str)),
                given: rules::listed(given.iter().copied()),
            });
        }
        let mut arguments = FluentArgs::with_capacity(variables.len() + 1);
        arguments.set(brand::VARIABLE, self.brand.as_str());
        for (name, value) in variables {
            arguments.set(*name, value.for_fluent());
        }
        let english = self.languages.first();
        let own = self.languages.iter().find(|own| own.language == *language);
        let mut said = own.into_iter().chain(english);
        said.find_map(|catalogue| catalogue.say(key, &arguments).ok())
            .ok_or_else(|| NotSaid::UnknownKey(key.to_owned()))
    }

    /// Formats each text once: references that lead in a circle show only then.
    fn try_all(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for catalogue in &self.languages {
            for (key, variables) in self.rules.all() {
                let mut arguments = FluentArgs::new();
                arguments.set(brand::VARIABLE, self.brand.as_str());
                for name in variables {
                    arguments.set(name.as_str(), 1);
                }
                if let Err(Some(why)) = catalogue.say(key, &arguments) {
                    faults.push(Fault::text(&catalogue.language.0, key, why));
                }
            }
        }
        faults
    }
}

impl Catalogue {
    fn new(
        tag: &str,
        id: LanguageIdentifier,
        resources: impl Iterator<Item = Arc<FluentResource>>,
        rules: &Rules,
    ) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
        // Marks around each value would keep a name in Hebrew from turning the sentence around it, but they show as
        // boxes in old mail programs, are copied with addresses, and break what is compared. Values are cleaned of
        // characters that turn text instead (`value.rs`).
        bundle.set_use_isolating(false);
        for resource in resources {
            bundle.add_resource_overriding(resource);
        }
        let mut catalogue = Self {
            language: Language(tag.into()),
            id,
            bundle,
            complete: Vec::new(),
        };
        let complete = Part::ALL.into_iter();
        let complete = complete.filter(|part| catalogue.missing(*part, rules).is_empty());
        catalogue.complete = complete.collect();
        catalogue
    }

    fn has(&self, key: &str) -> bool {
        let message = self.bundle.get_message(key);
        message.is_some_and(|message| message.value().is_some())
    }

    fn missing(&self, part: Part, rules: &Rules) -> Vec<String> {
        let keys = rules.keys(part, false).filter(|key| !self.has(key));
        keys.map(ToOwned::to_owned).collect()
    }

    /// The text, or what is wrong with it, or nothing if it isn't there.
    fn say(&self, key: &str, arguments: &FluentArgs<'_>) -> Result<String, Option<String>> {
        let message = self.bundle.get_message(key).ok_or(None)?;
        let pattern = message.value().ok_or(None)?;
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(arguments), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(Some(error.to_string())),
        }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let languages = self.languages.iter();
        let languages: Vec<_> = languages.map(|own| own.language.tag()).collect();
        f.debug_struct("Texts")
            .field("languages", &languages)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
