//! From the errors of storages to ours. Details may name hosts and keys, so they go to the log and
//! not to the client.

use opendal::ErrorKind;
use oxflow_model::error::{Error, ErrorCode};

use crate::ArtifactPath;
use crate::store::{is_a_directory, no_such_artifact};

/// The one table from OpenDAL's errors to ours.
pub(super) fn explain(verb: &str, path: &ArtifactPath, error: &opendal::Error) -> Error {
    match error.kind() {
        // Of a write, it is the bucket that is missing.
        ErrorKind::NotFound if verb != "write" => return no_such_artifact(path),
        ErrorKind::IsADirectory => return is_a_directory(path),
        _ => {
            let error = shown(error);
            tracing::warn!(%error, %path, verb, "the artifact storage reports an error");
        }
    }
    let kind = error.kind();
    let text = error.to_string();
    // After the last try everything counts as persistent, so the answer itself has to tell.
    let refused = kind != ErrorKind::Unexpected || text.contains("status: 4");
    let passing = error.is_temporary() || error.is_persistent();
    if kind == ErrorKind::RateLimited || passing && !refused {
        return Error::unavailable(format!(
            "Cannot {verb} '{path}' right now: the artifact storage does not answer, or is too \
             busy. Try again; if it stays so, check the storage and its address in the settings \
             of the server, whose log says more."
        ));
    }
    let code = refusal(&text);
    let (answer, why) = match (kind, code) {
        (_, Some("NoSuchBucket" | "ContainerNotFound")) | (ErrorKind::NotFound, _) => (
            ErrorCode::ResourceDoesNotExist,
            "the bucket does not exist. Create it, or correct the location",
        ),
        (_, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AuthenticationFailed")) => (
            ErrorCode::Unauthenticated,
            "the artifact storage does not accept the credentials of the server. Check them in \
             the settings of the server",
        ),
        (_, Some("PermanentRedirect" | "AuthorizationHeaderMalformed")) => (
            ErrorCode::InternalError,
            "the bucket is in another region. Set AWS_DEFAULT_REGION of the server",
        ),
        (_, Some("KeyTooLongError")) => {
            (ErrorCode::InvalidParameterValue, "the path is too long for the artifact storage")
        }
        (_, Some("no valid credential found")) => (
            ErrorCode::InternalError,
            "the server has no credentials for the artifact storage. Give it some: by \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3, or by a file that \
             GOOGLE_APPLICATION_CREDENTIALS names for Google",
        ),
        (_, Some("no token for the Google credentials")) => (
            ErrorCode::InternalError,
            "Google gives no token for the credentials of the server. Check the file that \
             GOOGLE_APPLICATION_CREDENTIALS names; the log of the server says more",
        ),
        (ErrorKind::PermissionDenied, _) => (
            ErrorCode::PermissionDenied,
            "the artifact storage does not allow it. Check what the credentials of the server may \
             do",
        ),
        (ErrorKind::ConditionNotMatch, _) => {
            (ErrorCode::ResourceConflict, "it was changed at the same time. Try again")
        }
        (ErrorKind::ConfigInvalid, _) => (
            ErrorCode::InternalError,
            "the server has no credentials for the artifact storage, or its settings are wrong. \
             The log of the server says more",
        ),
        _ => (
            ErrorCode::InternalError,
            "the artifact storage reports an error. The log of the server says more",
        ),
    };
    Error::new(answer, format!("Cannot {verb} '{path}': {why}."))
}

/// The code by which S3 or Azure says what it does not like, of those that lead to different
/// advice.
pub(super) fn refusal(text: &str) -> Option<&'static str> {
    const KNOWN: &[&str] = &[
        "no valid credential found",
        "no token for the Google credentials",
        "NoSuchBucket",
        "ContainerNotFound",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "AuthenticationFailed",
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "KeyTooLongError",
        "NoSuchUpload",
        "InvalidPartOrder",
        "InvalidPart",
        "EntityTooSmall",
        "InvalidBlockList",
        "InvalidBlockId",
    ];
    KNOWN.iter().find(|code| text.contains(**code)).copied()
}

/// An error as it may stand in a log: without the signatures of URLs.
pub(super) fn shown(error: &dyn std::fmt::Display) -> String {
    let mut text = error.to_string();
    for secret in ["sig=", "Signature=", "Security-Token=", "Credential="] {
        let mut from = 0;
        while let Some(at) = text[from..].find(secret) {
            let start = from + at + secret.len();
            let ends = |c: char| c == '&' || c == '"' || c == ',' || c.is_whitespace();
            let end = text[start..].find(ends).map_or(text.len(), |length| start + length);
            text.replace_range(start..end, "****");
            from = start;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_hold_no_signatures() {
        let url = "https://h/b?sv=1&sig=abc%3D&se=2, X-Amz-Signature=def sig=";
        assert_eq!(shown(&url), "https://h/b?sv=1&sig=****&se=2, X-Amz-Signature=**** sig=****");
    }

    #[test]
    fn refusals_get_the_status_of_mlflow_and_say_what_to_do() {
        let path = ArtifactPath::parse("a").unwrap();
        let table = [
            (ErrorKind::PermissionDenied, "AccessDenied", ErrorCode::PermissionDenied),
            (ErrorKind::PermissionDenied, "SignatureDoesNotMatch", ErrorCode::Unauthenticated),
            (ErrorKind::ConfigInvalid, "NoSuchBucket", ErrorCode::ResourceDoesNotExist),
            (ErrorKind::Unexpected, "secret-host", ErrorCode::InternalError),
            (ErrorKind::RateLimited, "SlowDown", ErrorCode::TemporarilyUnavailable),
        ];
        for (kind, text, code) in table {
            let error = explain("list", &path, &opendal::Error::new(kind, text));
            assert_eq!(error.code(), code, "{text}");
            assert!(!error.message().contains("secret-host"));
        }
        let unexpected = |text: &str| {
            let error = opendal::Error::new(ErrorKind::Unexpected, text).set_persistent();
            explain("list", &path, &error).code()
        };
        assert_eq!(unexpected("connection refused"), ErrorCode::TemporarilyUnavailable);
        assert_eq!(unexpected("status: 400, Malformed"), ErrorCode::InternalError);
    }
}
