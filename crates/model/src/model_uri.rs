//! `models:/…`: how clients refer to models.

use crate::ModelId;

/// What a `models:` URI refers to. Names and numbers are as spelled, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUri {
    /// `models:/<id>`: a logged model.
    Logged(ModelId),
    /// `models:/<name>/<number>`: a version of a registered model.
    Version {
        /// The name of the model.
        name: String,
        /// The number of the version.
        version: String,
    },
    /// `models:/<name>/latest`: its newest version.
    Latest {
        /// The name of the model.
        name: String,
    },
    /// `models:/<name>/<stage>`: its newest version in a stage.
    Stage {
        /// The name of the model.
        name: String,
        /// The stage.
        stage: String,
    },
    /// `models:/<name>@<alias>`: the version that an alias stands for.
    Alias {
        /// The name of the model.
        name: String,
        /// The alias.
        alias: String,
    },
}

impl ModelUri {
    /// Reads the path of the URI, that is, all between the scheme (or host) and the query. `None`
    /// if it is not of one of the forms above.
    pub fn parse_path(path: &str) -> Option<ModelUri> {
        let path = path.strip_prefix('/')?.trim_start_matches('/');
        let (name, suffix) = match path.split_once('/') {
            Some((name, suffix)) => (name, Some(suffix)),
            None => (path, None),
        };
        if name.trim().is_empty() {
            return None;
        }
        match suffix {
            Some(suffix) => with_suffix(name.to_owned(), suffix),
            None => without_suffix(name),
        }
    }
}

fn with_suffix(name: String, suffix: &str) -> Option<ModelUri> {
    if suffix.contains('/') || suffix.trim().is_empty() {
        return None;
    }
    let suffix = suffix.to_owned();
    Some(if suffix.bytes().all(|b| b.is_ascii_digit()) {
        ModelUri::Version { name, version: suffix }
    } else if suffix.eq_ignore_ascii_case("latest") {
        ModelUri::Latest { name }
    } else {
        ModelUri::Stage { name, stage: suffix }
    })
}

fn without_suffix(name: &str) -> Option<ModelUri> {
    match name.rsplit_once('@') {
        None => Some(ModelUri::Logged(ModelId::new(name))),
        Some((_, alias)) if alias.trim().is_empty() => None,
        Some((name, alias)) => {
            Some(ModelUri::Alias { name: name.to_owned(), alias: alias.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_from_the_others() {
        let name = || "a b".to_owned();
        for (path, expected) in [
            ("/m-1", Some(ModelUri::Logged(ModelId::new("m-1")))),
            ("//m-1", Some(ModelUri::Logged(ModelId::new("m-1")))),
            ("/a b/12", Some(ModelUri::Version { name: name(), version: "12".to_owned() })),
            ("/a b/Latest", Some(ModelUri::Latest { name: name() })),
            ("/a b/prod", Some(ModelUri::Stage { name: name(), stage: "prod".to_owned() })),
            ("/a b@x", Some(ModelUri::Alias { name: name(), alias: "x".to_owned() })),
            ("", None),
            ("/", None),
            ("m/1", None),
            ("/m/", None),
            ("/m/1/x", None),
            ("/ /1", None),
            ("/m@", None),
        ] {
            assert_eq!(ModelUri::parse_path(path), expected, "{path}");
        }
    }
}
