//! What MLflow's web pages ask before they show anything.

use oxflow_api::ui::{GatewayEndpoints, Telemetry, TelemetryReceipt};

use crate::access::Access;
use crate::answer::Json;
use crate::router::{Routes, Under};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get(Under::V3Ajax, "/ui-telemetry", Access::Public, telemetry)
        .post(Under::V3Ajax, "/ui-telemetry", Access::Public, forget)
        .get(Under::V2Ajax, "/gateway-proxy", Access::Known, no_gateway)
        .post(Under::V2Ajax, "/gateway-proxy", Access::Known, no_gateway)
}

/// `GET ui-telemetry`: pages are told to send none.
async fn telemetry() -> Json<Telemetry> {
    Json(Telemetry {
        disable_ui_telemetry: Some(true),
        disable_ui_events: Some(Vec::new()),
        ui_rollout_percentage: Some(0),
    })
}

/// `POST ui-telemetry`: what a page sends all the same is not even read.
async fn forget() -> Json<TelemetryReceipt> {
    Json(TelemetryReceipt { status: Some("disabled".to_owned()) })
}

/// `gateway-proxy`: a gateway that serves no model.
async fn no_gateway() -> Json<GatewayEndpoints> {
    Json(GatewayEndpoints { endpoints: Some(Vec::new()) })
}
