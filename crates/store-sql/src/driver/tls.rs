//! TLS to database servers: what a URI says about certificates, and what is asked of the server's.

use std::path::Path;
use std::sync::Arc;

use oxflow_model::{Error, Result};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

/// How much is asked of the server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nothing.
    #[default]
    Anyone,
    /// That a known authority signed it.
    Authority,
    /// And that it is for this host.
    Host,
}

/// What a URI says about certificates; files are PEM.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// How much is asked.
    pub trust: Trust,
    /// The authorities; `None` for those that the system knows.
    pub authorities: Option<String>,
    /// Our own certificate.
    pub certificate: Option<String>,
    /// Its key.
    pub key: Option<String>,
}

/// What makes TLS connections in one of these versions.
pub fn client(
    certificates: &Certificates,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|error| Error::internal(format!("Cannot set up TLS: {error}.")))?;
    let verifier = Arc::new(verifier(certificates, provider)?);
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    match (&certificates.certificate, &certificates.key) {
        (Some(certificate), Some(key)) => {
            let chain = read_certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|why| unreadable(key, &why))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                Error::invalid(format!("The certificate {certificate} cannot be used: {error}."))
            })
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err(Error::invalid(
            "A client certificate needs both sslcert and sslkey in the database URI.",
        )),
    }
}

fn unreadable(path: &str, why: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!(
        "Cannot read {path}, which the database URI names, as a PEM file: {why}."
    ))
}

fn read_certificates(path: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read =
        CertificateDer::pem_file_iter(Path::new(path)).map_err(|why| unreadable(path, &why))?;
    let found: Vec<_> = read.collect::<Result<_, _>>().map_err(|why| unreadable(path, &why))?;
    if found.is_empty() { Err(unreadable(path, &"it holds no certificate")) } else { Ok(found) }
}

fn verifier(certificates: &Certificates, provider: Arc<CryptoProvider>) -> Result<Verifier> {
    let authority = match certificates.trust {
        Trust::Anyone => None,
        Trust::Authority | Trust::Host => {
            let mut roots = RootCertStore::empty();
            let found = match &certificates.authorities {
                Some(path) => read_certificates(path)?,
                None => rustls_native_certs::load_native_certs().certs,
            };
            roots.add_parsable_certificates(found);
            let built = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
            Some(built.build().map_err(|error| {
                Error::invalid(format!(
                    "No certificate authority to check the database server with: {error}. Name a \
                     file with some in the database URI."
                ))
            })?)
        }
    };
    Ok(Verifier { trust: certificates.trust, authority, provider })
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        let verified = authority.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // The name is looked at last, when the rest was found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.trust == Trust::Authority => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
