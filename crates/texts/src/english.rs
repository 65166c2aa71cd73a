//! The texts that are compiled in.

use std::path::Path;
use std::sync::Arc;

use fluent_bundle::FluentResource;

use crate::Fault;

/// The language that is complete.
pub(crate) const TAG: &str = "en";

const FILES: [(&str, &str); 3] = [
    ("en/general.ftl", include_str!("../en/general.ftl")),
    ("en/mail.ftl", include_str!("../en/mail.ftl")),
    ("en/pages.ftl", include_str!("../en/pages.ftl")),
];

/// All of them, read.
pub(crate) fn resources() -> Result<Vec<Arc<FluentResource>>, Vec<Fault>> {
    let mut resources = Vec::new();
    for (name, text) in FILES {
        let read = FluentResource::try_new(text.to_owned());
        let resource = read.map_err(|(_, errors)| Fault::syntax(Path::new(name), text, &errors))?;
        resources.push(Arc::new(resource));
    }
    Ok(resources)
}
