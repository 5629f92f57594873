//! What failed and where, in the crates' own words.

use ckb_error::Error;
use ckb_script::{ScriptError, TransactionScriptError};
use ckb_types::core::error::OutPointError;
use serde_json::{json, Map, Value};
use shared::errors::variant_name;
use std::fmt::{Debug, Display};

/// How far the verification came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The JSON is no mock transaction.
    Json,
    /// The mock transaction does not have all that its transaction names.
    Mock,
    /// The cells cannot be resolved.
    Resolve,
    /// The group's version or program cannot be told.
    Group,
    /// The group's script was run.
    Script,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Json => "json",
            Place::Mock => "mock",
            Place::Resolve => "resolve",
            Place::Group => "group",
            Place::Script => "script",
        }
    }
}

/// The members of an outcome that tell of it.
#[derive(Debug)]
pub struct Failure {
    place: Place,
    parts: Map<String, Value>,
}

impl Failure {
    pub fn json(error: serde_json::Error) -> Self {
        Failure::new(Place::Json, &error)
    }

    pub fn mock(text: String) -> Self {
        Failure::new(Place::Mock, &text)
    }

    pub fn resolve(cause: OutPointError) -> Self {
        let error = Error::from(cause.clone());
        Failure::new(Place::Resolve, &error)
            .with("error_kind", &error.kind())
            .because(&cause)
    }

    /// A script's error with the place of its group.
    pub fn transaction(error: &Error) -> Self {
        let failure = Failure::new(Place::Script, error).with("error_kind", &error.kind());
        match error.root_cause().downcast_ref::<TransactionScriptError>() {
            Some(located) => failure
                .with("source", located.originating_script())
                .because(located.script_error()),
            None => failure,
        }
    }

    /// A script's error alone.
    pub fn script(error: &ScriptError) -> Self {
        Failure::new(Place::Script, error).because(error)
    }

    pub fn at(self, place: Place) -> Self {
        Failure { place, ..self }
    }

    /// The place of the group, as the crates name it.
    pub fn source(&self) -> Option<&str> {
        self.parts.get("source").and_then(Value::as_str)
    }

    pub fn write(&self, outcome: &mut Value) {
        outcome["status"] = json!("error");
        outcome["where"] = json!(self.place.name());
        for (name, part) in &self.parts {
            outcome[name] = part.clone();
        }
    }

    fn new(place: Place, error: &impl Display) -> Self {
        let parts = Map::new();
        Failure { place, parts }.with("error", error)
    }

    fn with(mut self, name: &str, part: &impl Display) -> Self {
        self.parts.insert(name.to_string(), json!(part.to_string()));
        self
    }

    fn because(self, cause: &(impl Display + Debug)) -> Self {
        self.with("cause", cause)
            .with("cause_variant", &variant_name(&format!("{cause:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ckb_types::packed::OutPoint;

    fn written(failure: &Failure) -> Value {
        let mut outcome = json!({});
        failure.write(&mut outcome);
        outcome
    }

    #[test]
    fn a_located_error_has_parts() {
        let error = ScriptError::MultipleMatches.output_type_script(3).into();
        let text = "TransactionScriptError { source: Outputs[3].Type, cause: MultipleMatches }";
        assert_eq!(
            written(&Failure::transaction(&error).at(Place::Group)),
            json!({
                "status": "error", "where": "group", "error_kind": "Script",
                "error": format!("Script({text})"),
                "source": "Outputs[3].Type",
                "cause": "MultipleMatches", "cause_variant": "MultipleMatches",
            })
        );
    }

    #[test]
    fn an_interrupt_has_no_place() {
        let error = ScriptError::Interrupts.output_type_script(3).into();
        let outcome = written(&Failure::transaction(&error));
        assert_eq!(outcome["error_kind"], "Internal");
        assert_eq!(outcome.get("source"), None);
    }

    #[test]
    fn an_out_point_is_the_cause() {
        let outcome = written(&Failure::resolve(OutPointError::Dead(OutPoint::null())));
        assert_eq!(outcome["where"], "resolve");
        assert_eq!(outcome["error_kind"], "OutPoint");
        assert_eq!(outcome["cause_variant"], "Dead");
    }
}
