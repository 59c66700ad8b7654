//! Identifiers, and where fresh ones come from.

use std::fmt;

use crate::{Error, Result};

/// The number of an experiment; a decimal string on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExperimentId(pub i64);

impl ExperimentId {
    /// The experiment every store starts with.
    pub const DEFAULT: ExperimentId = ExperimentId(0);

    /// Reads the wire form. MLflow accepts whatever Python's `int()` does, blanks around it too.
    pub fn parse(raw: &str) -> Result<ExperimentId> {
        raw.trim().parse().map(ExperimentId).map_err(|_| {
            Error::invalid(format!(
                "Invalid experiment ID '{raw}'. Experiment ID must be a valid integer."
            ))
        })
    }
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id as a client or a database spelled it. Any text is accepted: an id
            /// that nothing has is simply not found.
            pub fn new(raw: impl Into<String>) -> $name {
                $name(raw.into())
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A run: 32 hexadecimal digits when we make it.
    RunId
);
text_id!(
    /// A logged model: `m-` and 32 hexadecimal digits when we make it.
    ModelId
);
text_id!(
    /// A webhook: a UUID with dashes when we make it.
    WebhookId
);
text_id!(
    /// Something that happened in the registry: 32 hexadecimal digits.
    EventId
);

text_id!(
    /// An evaluation dataset: `d-` and 32 hexadecimal digits when we make it.
    EvaluationDatasetId
);

/// Where randomness for ids and names comes from. The real one lives in the composition root;
/// tests fix theirs.
pub trait IdSource: Send + Sync + 'static {
    /// 16 fresh random bytes.
    fn random(&self) -> [u8; 16];

    /// 32 lower-case hexadecimal digits of a version 4 UUID, as MLflow makes run ids.
    fn hex(&self) -> String {
        let mut bytes = self.random();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same with dashes.
    fn uuid(&self) -> String {
        dashed(&self.hex())
    }

    /// A fresh run id.
    fn run_id(&self) -> RunId {
        RunId::new(self.hex())
    }

    /// A fresh logged-model id.
    fn model_id(&self) -> ModelId {
        ModelId::new(format!("m-{}", self.hex()))
    }

    /// A fresh webhook id.
    fn webhook_id(&self) -> WebhookId {
        WebhookId::new(self.uuid())
    }

    /// A fresh event id.
    fn event_id(&self) -> EventId {
        EventId::new(self.hex())
    }

    /// A name for a run that was given none, such as `quiet-heron-417`.
    fn run_name(&self) -> String {
        let bytes = self.random();
        let adjective = ADJECTIVES[usize::from(bytes[0]) % ADJECTIVES.len()];
        let noun = NOUNS[usize::from(bytes[1]) % NOUNS.len()];
        let number = u16::from_le_bytes([bytes[2], bytes[3]]) % 1000;
        format!("{adjective}-{noun}-{number}")
    }
}

/// 32 hexadecimal digits as UUIDs are shown.
pub fn dashed(hex: &str) -> String {
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

const ADJECTIVES: [&str; 32] = [
    "amber", "ample", "azure", "brisk", "calm", "clear", "crisp", "dapper", "eager", "fleet",
    "gentle", "golden", "hardy", "hazel", "keen", "lively", "lucid", "lunar", "mellow", "mossy",
    "nimble", "noble", "placid", "quiet", "rapid", "ruby", "silver", "spry", "steady", "sunny",
    "vivid", "witty",
];
const NOUNS: [&str; 32] = [
    "badger", "beech", "birch", "bison", "comet", "coral", "crane", "delta", "ember", "falcon",
    "fjord", "gecko", "glade", "heron", "ibis", "jay", "kelp", "koala", "larch", "lynx", "maple",
    "marten", "nebula", "otter", "pebble", "quartz", "raven", "reef", "stork", "tulip", "walrus",
    "zephyr",
];
