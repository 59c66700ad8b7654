//! Messages that only web pages exchange with the server.

use crate::message;

message! {
    /// The answer to `GET ui-telemetry`.
    pub struct Telemetry {
        disable_ui_telemetry: Option<bool>,
        disable_ui_events: Option<Vec<String>>,
        ui_rollout_percentage: Option<i32>,
    }

    /// The answer to `POST ui-telemetry`.
    pub struct TelemetryReceipt { status: Option<String> }

    /// A model that an AI gateway serves.
    pub struct GatewayEndpoint { name: Option<String> }

    /// The answer to `gateway-proxy`.
    pub struct GatewayEndpoints { endpoints: Option<Vec<GatewayEndpoint>> }
}
