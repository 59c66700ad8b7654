//! `s3://bucket/prefix`, and the storages that speak S3 under a scheme of their own.

use std::sync::Arc;
use std::time::Duration;

use opendal::services::S3 as Builder;
use oxflow_model::error::{Error, Result};
use reqsign::AwsConfig;

use super::aws_sources::Sources;
use super::credentials::{Credentials, Source, with_profile};
use super::http::{Http, Tls};
use super::location::{bucket, name_at_host, prefix, refuse};
use super::s3_owner::{Owner, Sender};
use super::s3_parts::S3Parts;
use super::{Direct, RemoteStore};
use crate::{ArtifactStore, ArtifactUri};

/// Where boto would go without a region, too.
const DEFAULT_REGION: &str = "us-east-1";

/// How the name of a bucket gets into a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Addressing {
    /// In the host name at Amazon, in the path elsewhere.
    Auto,
    Path,
    Virtual,
}

/// What the operator's settings say about S3.
#[derive(Clone)]
pub(super) struct S3Settings {
    source: Source,
    config: AwsConfig,
    endpoint: Option<String>,
    addressing: Addressing,
    tls: Tls,
    extra: ExtraArgs,
    owner: Option<Owner>,
}

/// `MLFLOW_S3_UPLOAD_EXTRA_ARGS`, as far as it is supported.
#[derive(Clone, Debug, Default)]
struct ExtraArgs {
    encryption: Option<String>,
    kms_key: Option<String>,
    storage_class: Option<String>,
}

impl S3Settings {
    /// Reads the variables that MLflow and boto read.
    pub(super) fn read(var: &dyn Fn(&str) -> Option<String>) -> Result<S3Settings> {
        let yes = |name: &str| {
            var(name).is_some_and(|text| matches!(&*text.to_ascii_lowercase(), "true" | "1"))
        };
        let config = aws_config(var);
        let unsigned = var("MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION")
            .is_some_and(|version| version.eq_ignore_ascii_case("unsigned"));
        let endpoint = ["MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
            .into_iter()
            .find_map(|name| Some((name, var(name)?)));
        if let Some((name, url)) = &endpoint {
            check_endpoint(name, url)?;
        }
        Ok(S3Settings {
            source: match unsigned {
                true => Source::Unsigned,
                false => {
                    let sources = Sources::read(var, &config);
                    Source::Settings(Box::new((config.clone(), sources)))
                }
            },
            config,
            endpoint: endpoint.map(|(_, url)| url.trim_end_matches('/').to_owned()),
            addressing: match var("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE").as_deref() {
                None | Some("auto") => Addressing::Auto,
                Some("path") => Addressing::Path,
                Some("virtual") => Addressing::Virtual,
                Some(_) => {
                    return Err(Error::invalid(
                        "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE must be auto, path or virtual.",
                    ));
                }
            },
            tls: Tls {
                ca_bundle: var("AWS_CA_BUNDLE").map(|file| ("AWS_CA_BUNDLE", file)),
                believe_all: yes("MLFLOW_S3_IGNORE_TLS"),
                identity: None,
            },
            extra: var("MLFLOW_S3_UPLOAD_EXTRA_ARGS")
                .map(|text| ExtraArgs::parse(&text))
                .transpose()?
                .unwrap_or_default(),
            owner: var("MLFLOW_S3_EXPECTED_BUCKET_OWNER")
                .filter(|account| !account.is_empty())
                .map(Owner::parse)
                .transpose()?,
        })
    }
}

fn aws_config(var: &dyn Fn(&str) -> Option<String>) -> AwsConfig {
    let default = AwsConfig::default();
    AwsConfig {
        config_file: var("AWS_CONFIG_FILE").unwrap_or(default.config_file),
        shared_credentials_file: var("AWS_SHARED_CREDENTIALS_FILE")
            .unwrap_or(default.shared_credentials_file),
        profile: var("AWS_PROFILE")
            .or_else(|| var("AWS_DEFAULT_PROFILE"))
            .unwrap_or(default.profile),
        region: var("AWS_DEFAULT_REGION").or_else(|| var("AWS_REGION")),
        access_key_id: var("AWS_ACCESS_KEY_ID"),
        secret_access_key: var("AWS_SECRET_ACCESS_KEY"),
        session_token: var("AWS_SESSION_TOKEN"),
        role_arn: var("AWS_ROLE_ARN"),
        role_session_name: var("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "oxflow".to_owned()),
        web_identity_token_file: var("AWS_WEB_IDENTITY_TOKEN_FILE"),
        sts_regional_endpoints: var("AWS_STS_REGIONAL_ENDPOINTS")
            .unwrap_or_else(|| "regional".to_owned()),
        ec2_metadata_disabled: var("AWS_EC2_METADATA_DISABLED")
            .is_some_and(|text| text.eq_ignore_ascii_case("true")),
        ..AwsConfig::default()
    }
}

fn check_endpoint(name: &str, url: &str) -> Result<()> {
    let parsed = reqwest::Url::parse(url).ok();
    let plain = parsed.filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    match plain {
        Some(_) => Ok(()),
        None => Err(Error::invalid(format!("{name} must be a URL such as https://minio:9000."))),
    }
}

impl ExtraArgs {
    fn parse(text: &str) -> Result<ExtraArgs> {
        const NAME: &str = "MLFLOW_S3_UPLOAD_EXTRA_ARGS";
        let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)
            .map_err(|_| Error::invalid(format!("{NAME} must be a JSON object.")))?;
        let mut args = ExtraArgs::default();
        for (key, value) in json {
            let slot = match &*key {
                "ServerSideEncryption" => &mut args.encryption,
                "SSEKMSKeyId" => &mut args.kms_key,
                "StorageClass" => &mut args.storage_class,
                _ => {
                    return Err(Error::invalid(format!(
                        "{NAME}: this build does not support '{key}'. It supports \
                         ServerSideEncryption, SSEKMSKeyId and StorageClass."
                    )));
                }
            };
            let text = value.as_str().map(ToOwned::to_owned);
            *slot =
                Some(text.ok_or_else(|| Error::invalid(format!("{NAME}: '{key}' must be text.")))?);
        }
        Ok(args)
    }

    /// The headers of an upload that OpenDAL does not make itself.
    fn headers(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("x-amz-server-side-encryption", &self.encryption),
            ("x-amz-server-side-encryption-aws-kms-key-id", &self.kms_key),
            ("x-amz-storage-class", &self.storage_class),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// Opens stores on S3.
pub(super) struct S3 {
    settings: S3Settings,
    http: Http,
    credentials: Credentials,
}

/// A bucket, where to find it and how to address it.
#[derive(Debug, PartialEq, Eq)]
struct Bucket {
    name: String,
    endpoint: String,
    region: String,
    in_host: bool,
    prefix: String,
}

impl S3 {
    pub(super) fn new(settings: S3Settings) -> S3 {
        let http = Http::new(settings.tls.clone());
        let credentials = Credentials::new(settings.source.clone());
        S3 { settings, http, credentials }
    }

    pub(super) fn open(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        self.open_bucket(&self.bucket(uri)?)
    }

    /// `r2://bucket@account.r2.cloudflarestorage.com/path`
    pub(super) fn open_r2(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let (name, host) = name_at_host(uri)?;
        self.open_bucket(&on_host(name, &host, "auto", prefix(uri)?))
    }

    /// `b2://bucket@s3.<region>.backblazeb2.com/path`
    pub(super) fn open_b2(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let (name, host) = name_at_host(uri)?;
        let region = host.split('.').nth(1).unwrap_or(DEFAULT_REGION).to_owned();
        self.open_bucket(&on_host(name, &host, &region, prefix(uri)?))
    }

    fn bucket(&self, uri: &ArtifactUri) -> Result<Bucket> {
        let name = bucket(uri, uri.authority())?;
        let config = match self.settings.config.region {
            Some(_) => self.settings.config.clone(),
            None => with_profile(&self.settings.config),
        };
        let region = config.region.unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let own = self.settings.endpoint.clone().or(config.endpoint_url);
        // A name with dots does not match the certificates, one with other letters is no host.
        let fits = name.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let in_host = match self.settings.addressing {
            Addressing::Path => false,
            Addressing::Auto => own.is_none() && fits,
            Addressing::Virtual if !fits => {
                return Err(refuse(uri, "the bucket's name cannot be part of a host name"));
            }
            Addressing::Virtual => true,
        };
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        let endpoint = own.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com{china}"));
        Ok(Bucket { name: name.to_owned(), endpoint, region, in_host, prefix: prefix(uri)? })
    }

    fn open_bucket(&self, bucket: &Bucket) -> Result<Arc<dyn ArtifactStore>> {
        let extra = &self.settings.extra;
        let mut builder = Builder::default()
            .bucket(&bucket.name)
            .root(&bucket.prefix)
            .endpoint(&bucket.endpoint)
            .region(&bucket.region)
            .disable_config_load()
            .customized_credential_load(Box::new(self.credentials.clone()))
            .server_side_encryption(extra.encryption.as_deref().unwrap_or_default())
            .server_side_encryption_aws_kms_key_id(extra.kms_key.as_deref().unwrap_or_default())
            .default_storage_class(extra.storage_class.as_deref().unwrap_or_default());
        if bucket.in_host {
            builder = builder.enable_virtual_host_style();
        }
        if self.credentials.is_unsigned() {
            builder = builder.allow_anonymous();
        }
        let operator = self.http.operator_by(builder, |client| Sender {
            client,
            owner: self.settings.owner.clone(),
            region: bucket.region.clone(),
            credentials: self.credentials.clone(),
        })?;
        let direct = (!self.credentials.is_unsigned()).then(|| -> Result<Arc<dyn Direct>> {
            Ok(Arc::new(S3Parts {
                base: bucket.base()?,
                region: bucket.region.clone(),
                client: self.http.client()?,
                credentials: self.credentials.clone(),
                headers: extra.headers(),
                owner: self.settings.owner.clone(),
            }))
        });
        let mut store = RemoteStore::new(operator).with_sizes_in_listings();
        if let Some(direct) = direct {
            store = store.with_direct(direct?);
        }
        Ok(Arc::new(store))
    }
}

/// Storages whose host is part of the location.
fn on_host(name: &str, host: &str, region: &str, prefix: String) -> Bucket {
    let fits = !name.contains(['.', '_']) && !name.contains(char::is_uppercase);
    Bucket {
        name: name.to_owned(),
        endpoint: format!("https://{host}"),
        region: region.to_owned(),
        in_host: fits,
        prefix,
    }
}

impl Bucket {
    /// The URL below which the keys of the store lie, with a slash at its end.
    fn base(&self) -> Result<reqwest::Url> {
        let (scheme, rest) = self.endpoint.split_once("://").unwrap_or(("https", &self.endpoint));
        let mut base = match self.in_host {
            true => format!("{scheme}://{}.{rest}/", self.name),
            false => format!("{scheme}://{rest}/{}/", self.name),
        };
        if !self.prefix.is_empty() {
            base.push_str(&super::s3_parts::encode(&self.prefix));
            base.push('/');
        }
        reqwest::Url::parse(&base)
            .map_err(|error| Error::internal(format!("The address of the bucket: {error}")))
    }
}

/// How long the URLs of the parts of an upload are good for, as in MLflow.
pub(super) const PARTS_FOR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(vars: &[(&str, &str)]) -> Result<S3> {
        let var = |name: &str| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let defaults = |name: &str| match name {
            "AWS_CONFIG_FILE" | "AWS_SHARED_CREDENTIALS_FILE" => Some("/nowhere".to_owned()),
            _ => None,
        };
        Ok(S3::new(S3Settings::read(&|name| var(name).or_else(|| defaults(name)))?))
    }

    #[track_caller]
    fn base(vars: &[(&str, &str)], uri: &str) -> String {
        let bucket = s3(vars).unwrap().bucket(&ArtifactUri::parse(uri).unwrap()).unwrap();
        bucket.base().unwrap().to_string()
    }

    #[test]
    fn buckets_are_addressed_as_boto_does() {
        let table: [(&[(&str, &str)], &str, &str); 8] = [
            (&[], "s3://b/x", "https://b.s3.us-east-1.amazonaws.com/x/"),
            (&[], "s3://b.c/x", "https://s3.us-east-1.amazonaws.com/b.c/x/"),
            (&[("AWS_REGION", "eu-west-1")], "s3://b", "https://b.s3.eu-west-1.amazonaws.com/"),
            (
                &[("AWS_DEFAULT_REGION", "cn-north-1"), ("AWS_REGION", "x")],
                "s3://b",
                "https://b.s3.cn-north-1.amazonaws.com.cn/",
            ),
            (
                &[("MLFLOW_S3_ENDPOINT_URL", "http://minio:9000/")],
                "s3://b/x y",
                "http://minio:9000/b/x%20y/",
            ),
            (
                &[
                    ("MLFLOW_S3_ENDPOINT_URL", "http://minio:9000"),
                    ("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "virtual"),
                ],
                "s3://b",
                "http://b.minio:9000/",
            ),
            (
                &[("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "path")],
                "s3://b",
                "https://s3.us-east-1.amazonaws.com/b/",
            ),
            (&[("AWS_ENDPOINT_URL", "https://h/p")], "s3://b", "https://h/p/b/"),
        ];
        for (vars, uri, expected) in table {
            assert_eq!(base(vars, uri), expected, "{uri} with {vars:?}");
        }
    }

    #[test]
    fn locations_that_could_lead_elsewhere_are_refused() {
        let s3 = s3(&[]).unwrap();
        for bad in ["s3://", "s3://b:80/x", "s3://u@evil/x", "s3://evil.com\\/x", "s3://b/../c"] {
            s3.open(&ArtifactUri::parse(bad).unwrap()).unwrap_err();
        }
    }

    #[test]
    fn settings_that_cannot_be_honoured_are_refused() {
        for (name, bad) in [
            ("MLFLOW_S3_ENDPOINT_URL", "minio:9000"),
            ("MLFLOW_S3_ENDPOINT_URL", "http://u:secret@h"),
            ("MLFLOW_S3_UPLOAD_EXTRA_ARGS", "{\"ACL\": \"public-read\"}"),
            ("MLFLOW_S3_UPLOAD_EXTRA_ARGS", "[]"),
            ("MLFLOW_S3_EXPECTED_BUCKET_OWNER", "1 2"),
            ("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "other"),
        ] {
            let error = s3(&[(name, bad)]).map(|_| ()).unwrap_err();
            assert!(error.message().starts_with(name), "{error}");
            assert!(!error.message().contains("secret"), "{error}");
        }
        let kms = "{\"ServerSideEncryption\": \"aws:kms\", \"SSEKMSKeyId\": \"k\"}";
        let set = s3(&[("MLFLOW_S3_UPLOAD_EXTRA_ARGS", kms)]).unwrap();
        assert_eq!(set.settings.extra.headers().len(), 2);
    }

    #[test]
    fn keys_of_the_settings_win_over_those_of_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(
            &file,
            "[default]\naws_access_key_id = A\naws_secret_access_key = B\n\
             [other]\naws_access_key_id = C\naws_secret_access_key = D\naws_session_token = E\n",
        )
        .unwrap();
        let config = |profile: &str, key: Option<&str>| {
            with_profile(&AwsConfig {
                config_file: "/nowhere".into(),
                shared_credentials_file: file.to_str().unwrap().to_owned(),
                profile: profile.to_owned(),
                access_key_id: key.map(ToOwned::to_owned),
                secret_access_key: key.map(ToOwned::to_owned),
                ..AwsConfig::default()
            })
        };
        assert_eq!(config("default", None).access_key_id.as_deref(), Some("A"));
        assert_eq!(config("other", None).session_token.as_deref(), Some("E"));
        let own = config("other", Some("X"));
        assert_eq!((own.access_key_id.as_deref(), own.session_token), (Some("X"), None));
    }
}
