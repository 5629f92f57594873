//! Numbers and bytes as hex digits in JSON.

use serde::Deserialize;

/// Hex digits, two a byte, in the order of memory.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct HexBytes(pub Vec<u8>);

/// A number of up to 64 bits as hex digits without a prefix.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct HexNumber(pub u64);

impl TryFrom<String> for HexBytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits: Option<Vec<u8>> = text
            .bytes()
            .map(|c| char::from(c).to_digit(16).map(|digit| digit as u8))
            .collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => Ok(HexBytes(
                digits
                    .chunks(2)
                    .map(|pair| pair[0] << 4 | pair[1])
                    .collect(),
            )),
            _ => Err(format!("not hex: {:?}", beginning(&text))),
        }
    }
}

impl TryFrom<String> for HexNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // A sign would be accepted by the standard library.
        let bad = || format!("not a number in hex: {:?}", beginning(&text));
        if !text.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let number = u64::from_str_radix(&text, 16).map_err(|_| bad())?;
        Ok(HexNumber(number))
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}

pub fn hex_of(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_there_and_back() {
        let bytes = HexBytes::try_from("00fFa1".to_string()).unwrap();
        assert_eq!(bytes, HexBytes(vec![0, 255, 161]));
        assert_eq!(hex_of(&bytes.0), "00ffa1");
        let number = HexNumber::try_from("ffffffffffffffff".to_string());
        assert_eq!(number, Ok(HexNumber(u64::MAX)));
    }

    #[test]
    fn what_is_not_hex_is_refused() {
        for text in ["0", "0x", "+1", "ä0", " 0"] {
            assert!(HexBytes::try_from(text.to_string()).is_err(), "{text}");
        }
        for text in ["", "0x1", "+1", "-1", "10000000000000000"] {
            assert!(HexNumber::try_from(text.to_string()).is_err(), "{text}");
        }
    }
}
