//! `rate_limit_sequences.json`: hits at given times, by all three strategies.

use std::collections::HashMap;

use ratelimit::{Quotas, State, Strategy};
use serde_json::Value;

use super::{list, moment, none_of, number, recorded, text};

/// Reset times are doubles in the library and whole microseconds here.
const TOLERANCE: u64 = 1;

#[test]
fn vectors_rate_limit_sequences() {
    let file = recorded("rate_limit_sequences.json");
    let mut mismatches = Vec::new();
    for case in list(&file["cases"]) {
        if let Err(mismatch) = play(case) {
            mismatches.push(format!("{} {}: {mismatch}", case["id"], case["name"]));
        }
    }
    none_of(&mismatches);
}

fn play(case: &Value) -> Result<(), String> {
    let strategy: Strategy = text(&case["strategy"])
        .parse()
        .map_err(|e| format!("{e}"))?;
    let mut states: HashMap<String, State> = HashMap::new();

    for (place, step) in list(&case["steps"]).iter().enumerate() {
        // A step may have a limit of its own.
        let limit = if step["limit"].is_null() {
            &case["limit"]
        } else {
            &step["limit"]
        };
        let quota = text(limit).parse::<Quotas>().map_err(|e| format!("{e}"))?[0];
        let now = moment(&step["at"]);
        let cost = step["cost"]
            .as_u64()
            .map_or(1, |cost| u32::try_from(cost).unwrap());
        let key = format!("{} {quota}", step["key"]);

        let state = states.entry(key).or_insert_with(|| State::new(strategy));
        let result = match text(&step["op"]) {
            "hit" => Some(state.hit(quota, cost, now).allowed),
            "test" => Some(state.test(quota, cost, now).allowed),
            "stats" => None,
            "clear" => {
                // The library keeps a sliding window's older counters, of which none is in sight.
                *state = State::new(strategy);
                None
            }
            other => return Err(format!("step {place}: unknown operation {other}")),
        };
        let after = state.test(quota, 0, now);

        // Where the library's answer depends on whether its timer fired in time, we are what it is
        // when it did: expired hits are gone at the moment they expire.
        let due = match &step["if_cleaner_ran"] {
            Value::Null => step,
            cleaned => cleaned,
        };
        let reset = moment(&due["reset_time"]).as_micros();
        if result != due["result"].as_bool()
            || after.remaining != number(&due["remaining"])
            || after.reset.as_micros().abs_diff(reset) > TOLERANCE
        {
            return Err(format!("step {place}: {result:?}, {after:?}\n  due {step}"));
        }
    }
    Ok(())
}
