//! Where artifacts live. A client's path or location is parsed once into a safe type
//! ([`ArtifactPath`], [`ArtifactUri`]); [`Resolver`] turns a location into an [`ArtifactStore`];
//! bytes stream in both directions in constant memory.
//!
//! Nothing here reads the environment, the clock or the working directory: whoever composes the
//! server passes those in.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod local;
mod path;
mod policy;
mod remote;
mod reserved;
mod resolver;
mod store;
mod tree;
mod uri;
mod within;

pub use local::LocalStore;
pub use path::ArtifactPath;
pub use policy::LocationPolicy;
pub use remote::{MlflowServer, RemoteSettings, RemoteStore, Reply, ServerSettings, VIA, passed};
pub use resolver::Resolver;
pub use store::{
    ArtifactReader, ArtifactStore, ByteRange, ByteStream, Capability, Checksum, FileInfo,
    MultipartUpload, PartUrl, Presigned, Stat, UploadedPart,
};
pub use uri::ArtifactUri;
