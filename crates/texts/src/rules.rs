//! What English says about the texts of other languages: which keys there are, and which variables each takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{
    CallArguments, Entry, Expression, InlineExpression, Message, Pattern, PatternElement,
};

use crate::brand;
use crate::english::ENGLISH;
use crate::folder::TextFile;
use crate::{Fault, Part};

/// Keys, and what is known of each.
pub(crate) struct Rules(BTreeMap<String, Rule>);

struct Rule {
    variables: BTreeSet<String>,
    parts: &'static [Part],
}

/// What a text refers to.
#[derive(Default)]
struct References<'a> {
    variables: BTreeSet<&'a str>,
    messages: BTreeSet<&'a str>,
    terms: BTreeSet<&'a str>,
    functions: BTreeSet<&'a str>,
}

impl Rules {
    pub(crate) fn of(english: &[Arc<FluentResource>]) -> Self {
        let mut rules = BTreeMap::new();
        for (file, resource) in ENGLISH.iter().zip(english) {
            for message in messages(resource) {
                let variables = References::of(message).variables;
                let variables = variables.into_iter();
                let variables = variables.filter(|name| *name != brand::VARIABLE);
                let rule = Rule {
                    variables: variables.map(ToOwned::to_owned).collect(),
                    parts: file.parts,
                };
                rules.insert(message.id.name.to_owned(), rule);
            }
        }
        Self(rules)
    }

    /// The variables that a text takes, if there is one with this key.
    pub(crate) fn variables(&self, key: &str) -> Option<&BTreeSet<String>> {
        self.0.get(key).map(|rule| &rule.variables)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        let rules = self.0.iter();
        rules.map(|(key, rule)| (key.as_str(), &rule.variables))
    }

    /// The keys of a part; those that it alone has, if `own`.
    pub(crate) fn keys(&self, part: Part, own: bool) -> impl Iterator<Item = &str> {
        let rules = self.0.iter();
        let of_part = rules
            .filter(move |(_, rule)| rule.parts.contains(&part) && !(own && rule.parts.len() > 1));
        of_part.map(|(key, _)| key.as_str())
    }

    /// What is wrong with a file, which may use terms of the other files of its language.
    pub(crate) fn check(&self, file: &TextFile, of_language: &[TextFile]) -> Vec<Fault> {
        let terms: BTreeSet<_> = of_language
            .iter()
            .flat_map(|file| file.resource.entries())
            .filter_map(|entry| match entry {
                Entry::Term(term) => Some(term.id.name),
                _ => None,
            })
            .collect();
        let mut faults = Vec::new();
        for message in messages(&file.resource) {
            let key = message.id.name;
            let wrong = match self.variables(key) {
                None => vec!["is not a key".to_owned()],
                Some(variables) => self.wrong(message, variables, &terms),
            };
            let wrong = wrong.into_iter();
            faults.extend(wrong.map(|wrong| Fault::file(&file.path, format!("{key} {wrong}"))));
        }
        faults
    }

    fn wrong(
        &self,
        message: &Message<&str>,
        variables: &BTreeSet<String>,
        terms: &BTreeSet<&str>,
    ) -> Vec<String> {
        let used = References::of(message);
        let mut wrong = Vec::new();
        if message.value.is_none() || !message.attributes.is_empty() {
            wrong.push("must be a text, without attributes".to_owned());
        }
        for name in used
            .variables
            .iter()
            .filter(|name| **name != brand::VARIABLE && !variables.contains(**name))
        {
            let known = listed(variables.iter().map(String::as_str));
            wrong.push(format!("has no variable ${name}: it takes {known}"));
        }
        for name in used
            .messages
            .iter()
            .filter(|name| !self.0.contains_key(**name))
        {
            wrong.push(format!("refers to {name}, which is not a key"));
        }
        for name in used.terms.iter().filter(|name| !terms.contains(*name)) {
            wrong.push(format!(
                "refers to -{name}, which the language doesn't define"
            ));
        }
        for name in used.functions {
            wrong.push(format!("calls {name}(): there are no functions"));
        }
        wrong
    }
}

/// Names of variables, in words.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("${name}")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn messages(resource: &FluentResource) -> impl Iterator<Item = &Message<&str>> {
    resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        _ => None,
    })
}

impl<'a> References<'a> {
    fn of(message: &'a Message<&'a str>) -> Self {
        let mut found = Self::default();
        if let Some(pattern) = &message.value {
            found.pattern(pattern);
        }
        found
    }

    fn pattern(&mut self, pattern: &'a Pattern<&'a str>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression);
            }
        }
    }

    fn expression(&mut self, expression: &'a Expression<&'a str>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                self.inline(selector);
                for variant in variants {
                    self.pattern(&variant.value);
                }
            }
        }
    }

    fn inline(&mut self, expression: &'a InlineExpression<&'a str>) {
        match expression {
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
            InlineExpression::VariableReference { id } => {
                self.variables.insert(id.name);
            }
            InlineExpression::MessageReference { id, .. } => {
                self.messages.insert(id.name);
            }
            InlineExpression::TermReference { id, arguments, .. } => {
                self.terms.insert(id.name);
                if let Some(arguments) = arguments {
                    self.arguments(arguments);
                }
            }
            InlineExpression::FunctionReference { id, arguments } => {
                self.functions.insert(id.name);
                self.arguments(arguments);
            }
            InlineExpression::Placeable { expression } => self.expression(expression),
        }
    }

    fn arguments(&mut self, arguments: &'a CallArguments<&'a str>) {
        for argument in &arguments.positional {
            self.inline(argument);
        }
        for argument in &arguments.named {
            self.inline(&argument.value);
        }
    }
}
