//! A word's first letter, at the beginning of a sentence and inside one.
//!
//! Always true: only the first letter is changed, so names within keep theirs (`godkänt för F-skatt`).

/// With a large first letter, as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// With a small first letter, as a name stands inside a sentence.
pub fn inside(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_letter_is_changed() {
        assert_eq!(capital("ägaren har F-skatt"), "Ägaren har F-skatt");
        assert_eq!(inside("Ägaren har F-skatt"), "ägaren har F-skatt");
        assert_eq!((capital(""), inside("")), (String::new(), String::new()));
    }
}
