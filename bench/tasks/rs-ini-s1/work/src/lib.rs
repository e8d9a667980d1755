//! INI files: sections with keys and values, in the order of the file.

pub mod parse;

/// A section; the one without a name holds the keys before the first heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub pairs: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ini {
    pub sections: Vec<Section>,
}

impl Ini {
    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The value of a key; of a key given twice, the last value.
    pub fn value(&self, section: &str, key: &str) -> Option<&str> {
        self.section(section)?
            .pairs
            .iter()
            .rev()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// A value as a whole number.
    pub fn number(&self, section: &str, key: &str) -> Option<i64> {
        self.value(section, key)?.parse().ok()
    }

    /// Sets a value, adding the section and the key if they are not there.
    pub fn set(&mut self, section: &str, key: &str, value: &str) {
        let index = match self.sections.iter().position(|known| known.name == section) {
            Some(index) => index,
            None => {
                self.sections.push(Section { name: section.to_string(), pairs: Vec::new() });
                self.sections.len() - 1
            }
        };
        let pairs = &mut self.sections[index].pairs;
        match pairs.iter_mut().rev().find(|(known, _)| known == key) {
            Some(pair) => pair.1 = value.to_string(),
            None => pairs.push((key.to_string(), value.to_string())),
        }
    }

    /// The text of the file; values that need it are put in quotes.
    pub fn write(&self) -> String {
        let mut out = String::new();
        for section in &self.sections {
            if !section.name.is_empty() {
                if !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&format!("[{}]\n", section.name));
            }
            for (key, value) in &section.pairs {
                out.push_str(&format!("{key} = {}\n", parse::quoted(value)));
            }
        }
        out
    }
}
