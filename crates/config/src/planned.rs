//! Settings that this version doesn't carry out: said, not passed over.

use crate::{
    Fault, Notice,
    env_vars::{self, Area, Status},
    values::{Raw, Values},
};

/// The first letters of Flask's settings that protect something, the area they belong to, and what
/// holds in their place.
const PROTECTING: [(&str, Area, &str); 2] = [
    (
        "RATELIMIT_",
        Area::Limits,
        "rate limits are not enforced by this version",
    ),
    (
        "WTF_CSRF_",
        Area::Forms,
        "not in effect: forms are protected in one way, and always",
    ),
];

/// A fault for each setting without which the server would do something else than was asked for; a
/// notice for the others.
pub(crate) fn report(values: &mut Values, others: &Raw) {
    for var in env_vars::all().filter(|var| var.status == Status::PlannedRefused) {
        if let Some(value) = values.known.get(var.name) {
            values.faults.push(Fault {
                name: var.name.to_owned(),
                source: Some(value.origin.clone()),
                message: "is not supported by this version: unset it to start without".to_owned(),
            });
        }
    }
    for (prefix, area, message) in PROTECTING {
        let known = env_vars::all()
            .filter(|var| var.area == area && var.status != Status::Active)
            .map(|var| var.name)
            .filter(|name| values.known.contains_key(name));
        let others = others
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with(prefix));
        let names: Vec<_> = known.chain(others).collect();
        if !names.is_empty() {
            values.notices.push(Notice {
                name: names.join(", "),
                message: message.to_owned(),
            });
        }
    }
}
