//! The files in which AWS's tools keep their profiles, as far as they name sources of keys.

use std::collections::HashMap;
use std::path::PathBuf;

/// The settings of a section, by name.
type Section = HashMap<String, String>;

/// Profiles and logins by name, each with its settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profiles {
    profiles: HashMap<String, Section>,
    sessions: HashMap<String, Section>,
}

impl Profiles {
    /// Of the file of settings, and that of keys, which counts more. Files may be missing.
    pub(super) fn read([settings, keys]: &[PathBuf; 2]) -> Profiles {
        let mut profiles = Profiles::default();
        for (file, prefixed) in [(settings, true), (keys, false)] {
            if let Ok(text) = std::fs::read_to_string(file) {
                profiles.add(&text, prefixed);
            }
        }
        profiles
    }

    pub(super) fn get(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// A login that profiles share: `[sso-session name]`.
    pub(super) fn session(&self, name: &str) -> Option<&Section> {
        self.sessions.get(name)
    }

    /// In the file of settings, all profiles but the default one are `[profile name]`.
    fn add(&mut self, text: &str, prefixed: bool) {
        let mut section = None;
        for line in text.lines() {
            // What is indented belongs to a setting that we do not need.
            if line.starts_with([' ', '\t', '#', ';']) {
                continue;
            }
            if let Some(title) =
                line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
            {
                let title = title.trim();
                let named = |kind: &str| {
                    let name = title.strip_prefix(kind).filter(|_| prefixed)?;
                    let name = name.strip_prefix(char::is_whitespace)?;
                    Some(name.trim().trim_matches(['"', '\'']).to_owned())
                };
                section = if let Some(name) = named("profile") {
                    Some((false, name))
                } else if let Some(name) = named("sso-session") {
                    Some((true, name))
                } else if !prefixed || title == "default" {
                    Some((false, title.to_owned()))
                } else {
                    None
                };
            } else if let (Some((login, name)), Some((key, value))) =
                (&section, line.split_once('='))
            {
                let sections = if *login { &mut self.sessions } else { &mut self.profiles };
                let section = sections.entry(name.clone()).or_default();
                section.insert(key.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

/// The words of a command, as a shell would part them: quotes keep spaces, a backslash keeps what
/// follows. Nothing else has a meaning.
pub(super) fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_as_the_tools_of_aws_do() {
        let mut profiles = Profiles::default();
        let settings = "# x\n[default]\nregion = a\n[profile dev]\nrole_arn=arn:aws:iam::1:role/a=b\ns3 =\n  \
                        role_arn = nested\n[sso-session dev]\nregion = c\n[other]\nregion = d\n";
        profiles.add(settings, true);
        profiles.add("[dev]\naws_access_key_id = k\n[profile x]\na = b\n", false);
        let dev = profiles.get("dev").unwrap();
        assert_eq!(dev["role_arn"], "arn:aws:iam::1:role/a=b");
        assert_eq!(dev["aws_access_key_id"], "k");
        assert_eq!(profiles.get("default").unwrap()["region"], "a");
        assert_eq!(profiles.get("other"), None);
        assert_eq!(profiles.session("dev").unwrap()["region"], "c");
        assert_eq!(profiles.get("profile x").unwrap()["a"], "b");
    }

    #[test]
    fn commands_are_parted_into_words() {
        let parted = words(r#"/opt/a\ b 'c "d' "e \" f"  g"h i" '' "#);
        assert_eq!(parted, ["/opt/a b", "c \"d", "e \" f", "gh i", ""]);
        assert!(words("  ").is_empty());
    }
}
