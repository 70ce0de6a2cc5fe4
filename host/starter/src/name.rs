//! The name of a new definition, and the other names that follow from it.
//! What the engine says of categories holds here too, and a little more: the name also becomes a package and a type.

/// The name of a new definition, such as `my-process`.
///
/// Invariant: 1 to 48 lower-case letters, digits and single dashes; it begins with a letter and does not end with a dash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A text that is no name; whoever typed it is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be the name of a definition: it must be 1 to 48 lower-case letters, digits and single dashes, such as my-process")]
pub struct InvalidName(String);

impl Name {
    /// Checks a text and takes it.
    ///
    /// # Errors
    /// [`InvalidName`] says what a name must be.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let part_is_fine = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let is_fine = text.len() <= 48 && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split('-').all(part_is_fine);
        if is_fine { Ok(Self(text.to_owned())) } else { Err(InvalidName(text.chars().take(80).collect())) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for each placeholder of a template.
    pub(crate) fn placeholders(&self) -> [(&'static str, String); 6] {
        let Self(name) = self;
        let snake = name.replace('-', "_");
        [
            ("{{name}}", name.clone()),
            ("{{category}}", format!("{name}-1.0")),
            ("{{package}}", format!("{name}-1-0")),
            ("{{crate}}", format!("{snake}_1_0")),
            ("{{snake}}", snake),
            ("{{type}}", self.in_camel_case()),
        ]
    }

    fn in_camel_case(&self) -> String {
        let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
        self.0.split('-').map(capital).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_is_lower_case_words_with_dashes_between() {
        for text in ["a", "my-process", "order2", "a-1-b", &"x".repeat(48)] {
            assert!(Name::parse(text).is_ok(), "{text:?} was refused");
        }
        for text in ["", "A", "1a", "-a", "a-", "a--b", "a_b", "a b", "ä", "a/b", "../a", "a.b", &"x".repeat(49)] {
            assert!(Name::parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn the_other_names_follow_from_it() {
        let names = Name::parse("my-process2").unwrap().placeholders();
        let expected = ["my-process2", "my-process2-1.0", "my-process2-1-0", "my_process2_1_0", "my_process2", "MyProcess2"];
        assert_eq!(names.map(|(_, name)| name), expected);
    }
}
