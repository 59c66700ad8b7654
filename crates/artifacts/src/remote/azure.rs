//! `wasbs://container@account.blob.core.windows.net/prefix`, and `abfss://`, which names the same
//! storage by another host.
//!
//! Both are spoken to as blob storage: there, an upload appears as a whole, while the interface
//! of the data lake shows an empty file at its start.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opendal::services::Azblob as Builder;
use oxflow_model::Clock;
use oxflow_model::error::{Error, Result};

use super::RemoteStore;
use super::azure_parts::AzureParts;
use super::http::Http;
use super::location::{name_at_host, prefix, refuse};
use crate::{ArtifactStore, ArtifactUri};

/// The hosts that `wasbs` may name: all of them are Azure's.
const BLOB_HOSTS: &[&str] =
    &["blob.core.windows.net", "blob.core.chinacloudapi.cn", "blob.core.usgovcloudapi.net"];
/// The account and key of Azure's emulator, which everybody knows.
const EMULATOR: (&str, &str, &str) = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "http://127.0.0.1:10000/devstoreaccount1",
);

/// What the operator's settings say about Azure.
#[derive(Clone, Default)]
pub(super) struct AzureSettings {
    connection: Option<Account>,
    key: Option<String>,
    sas: Option<String>,
}

/// An account, and how to get into it.
#[derive(Clone, Default)]
struct Account {
    name: String,
    endpoint: String,
    key: Option<String>,
    sas: Option<String>,
}

impl AzureSettings {
    pub(super) fn read(var: &dyn Fn(&str) -> Option<String>) -> Result<AzureSettings> {
        const KEY: &str = "AZURE_STORAGE_ACCESS_KEY";
        let connection =
            var("AZURE_STORAGE_CONNECTION_STRING").map(|text| Account::parse(&text)).transpose()?;
        let key = var(KEY);
        if key.as_ref().is_some_and(|key| STANDARD.decode(key).is_err()) {
            return Err(Error::invalid(format!("{KEY} is not a key: it must be base64.")));
        }
        let sas = var("AZURE_STORAGE_SAS_TOKEN").map(|t| t.trim_start_matches('?').to_owned());
        Ok(AzureSettings { connection, key, sas })
    }
}

impl Account {
    /// Reads a connection string: `AccountName=…;AccountKey=…;BlobEndpoint=…`.
    fn parse(text: &str) -> Result<Account> {
        let bad = |why: &str| Error::invalid(format!("AZURE_STORAGE_CONNECTION_STRING: {why}."));
        let pairs: BTreeMap<String, &str> = text
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(key, value)| (key.to_ascii_lowercase(), value))
            .collect();
        let get = |key: &str| pairs.get(key).map(|value| (*value).to_owned());
        if get("usedevelopmentstorage").is_some_and(|value| value == "true") {
            let (name, key, endpoint) = EMULATOR;
            return Ok(Account {
                name: name.to_owned(),
                endpoint: endpoint.to_owned(),
                key: Some(key.to_owned()),
                sas: None,
            });
        }
        let name = get("accountname");
        let endpoint = match (get("blobendpoint"), &name) {
            (Some(endpoint), _) => endpoint.trim_end_matches('/').to_owned(),
            (None, Some(name)) => {
                let scheme = get("defaultendpointsprotocol").unwrap_or_else(|| "https".to_owned());
                let suffix = get("endpointsuffix").unwrap_or_else(|| "core.windows.net".to_owned());
                format!("{scheme}://{name}.blob.{suffix}")
            }
            (None, None) => return Err(bad("it names neither AccountName nor BlobEndpoint")),
        };
        let url = reqwest::Url::parse(&endpoint).map_err(|_| bad("its endpoint is not a URL"))?;
        // Without a name, it is the first part of the host.
        let first = || url.host_str().unwrap_or("").split('.').next().unwrap_or("").to_owned();
        let key = get("accountkey");
        if key.as_ref().is_some_and(|key| STANDARD.decode(key).is_err()) {
            return Err(bad("AccountKey must be base64"));
        }
        let sas = get("sharedaccesssignature").map(|t| t.trim_start_matches('?').to_owned());
        Ok(Account { name: name.unwrap_or_else(first), endpoint, key, sas })
    }
}

/// Opens stores on Azure.
pub(super) struct Azure {
    settings: AzureSettings,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Azure {
    pub(super) fn new(settings: AzureSettings, clock: Arc<dyn Clock>) -> Azure {
        Azure { settings, http: Http::default(), clock }
    }

    /// `wasbs://`: the connection string, else the key, else what the machine is allowed to do.
    pub(super) fn open_blobs(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let (container, host) = name_at_host(uri)?;
        let (name, suffix) = host.split_once('.').unwrap_or((&host, ""));
        if !BLOB_HOSTS.contains(&suffix) {
            return Err(refuse(
                uri,
                "it must have the form wasbs://<container>@<account>.blob.core.windows.net/<path>",
            ));
        }
        let account = self.settings.connection.clone().unwrap_or_else(|| Account {
            name: name.to_owned(),
            endpoint: format!("https://{host}"),
            key: self.settings.key.clone(),
            sas: None,
        });
        self.open(uri, container, account)
    }

    /// `abfss://`: a token (`AZURE_STORAGE_SAS_TOKEN`), else what the machine is allowed to do. A
    /// connection string counts when it is of this very account.
    pub(super) fn open_lake(&self, uri: &ArtifactUri) -> Result<Arc<dyn ArtifactStore>> {
        let (container, host) = name_at_host(uri)?;
        let (name, domain) = host
            .split_once('.')
            .ok_or_else(|| refuse(uri, "it must have the form <container>@<account>.<domain>"))?;
        let own = self.settings.connection.clone().filter(|account| account.name == name);
        let account = own.unwrap_or_else(|| Account {
            name: name.to_owned(),
            endpoint: format!("https://{name}.{}", domain.replacen("dfs.", "blob.", 1)),
            key: None,
            sas: self.settings.sas.clone(),
        });
        self.open(uri, container, account)
    }

    fn open(
        &self,
        uri: &ArtifactUri,
        container: &str,
        account: Account,
    ) -> Result<Arc<dyn ArtifactStore>> {
        let prefix = prefix(uri)?;
        let builder = Builder::default()
            .container(container)
            .root(&prefix)
            .endpoint(&account.endpoint)
            .account_name(&account.name)
            .account_key(account.key.as_deref().unwrap_or_default())
            .sas_token(account.sas.as_deref().unwrap_or_default());
        let operator = self.http.operator(builder)?;
        let store = RemoteStore::new(operator)
            .with_sizes_in_listings()
            .with_single_deletes()
            .without_backslash();
        let Some(key) = account.key.as_ref().and_then(|key| STANDARD.decode(key).ok()) else {
            return Ok(Arc::new(store));
        };
        let direct = AzureParts {
            container: format!("{}/{container}", account.endpoint),
            resource: format!("/blob/{}/{container}", account.name),
            prefix,
            key,
            client: self.http.client()?,
            clock: self.clock.clone(),
        };
        Ok(Arc::new(store.with_direct(Arc::new(direct))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_are_read() {
        let account = |text: &str| Account::parse(text).map(|a| (a.name, a.endpoint, a.key, a.sas));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            account("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn").unwrap(),
            ("a".into(), "https://a.blob.core.chinacloudapi.cn".into(), some("a2V5"), None)
        );
        assert_eq!(
            account(
                "BlobEndpoint=https://b.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x"
            )
            .unwrap(),
            ("b".into(), "https://b.blob.core.windows.net".into(), None, some("sv=1&sig=x"))
        );
        assert_eq!(account("UseDevelopmentStorage=true").unwrap().0, "devstoreaccount1");
        for bad in ["", "AccountKey=a2V5", "AccountName=a;AccountKey=%%secret"] {
            let error = account(bad).unwrap_err();
            assert!(!error.message().contains("secret"), "{error}");
        }
    }

    #[test]
    fn accounts_are_azures_and_secrets_stay_with_theirs() {
        let settings = AzureSettings { key: Some("a2V5".into()), ..AzureSettings::default() };
        let azure = Azure::new(settings, Arc::new(Never));
        let open = |text: &str| azure.open_blobs(&ArtifactUri::parse(text).unwrap());
        open("wasbs://c@acc.blob.core.windows.net/x").unwrap();
        for bad in [
            "wasbs://c@acc.blob.core.windows.net.evil.com/x",
            "wasbs://c@evil.com/x",
            "wasbs://c@acc.evil.blob.core.windows.net/x",
            "wasbs://c@acc.blob.core.windows.net:80/x",
            "wasbs://c@x@acc.blob.core.windows.net/x",
            "wasbs://acc.blob.core.windows.net/x",
            "wasbs://c@acc.blob.core.windows.net/../d",
        ] {
            open(bad).unwrap_err();
        }
    }

    struct Never;

    impl Clock for Never {
        fn now(&self) -> oxflow_model::Millis {
            oxflow_model::Millis(0)
        }
    }
}
