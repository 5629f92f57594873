//! Words for what went wrong.

use std::any::Any;

/// The name of an enum variant, from its debug text.
pub fn variant_name(debug: &str) -> &str {
    let end = debug.find(|c: char| !c.is_alphanumeric());
    &debug[..end.unwrap_or(debug.len())]
}

pub fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic without a message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named() {
        assert_eq!(variant_name("MemOutOfBound"), "MemOutOfBound");
        assert_eq!(variant_name("InvalidEcall(7)"), "InvalidEcall");
        assert_eq!(
            variant_name("InvalidInstruction { pc: 1 }"),
            "InvalidInstruction"
        );
    }
}
