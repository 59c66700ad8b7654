"""Stock MLflow reads the secrets of a database, and leaves one of its own there."""

import os

os.environ["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"] = os.environ["E2E_KEY"]
os.environ["MLFLOW_WEBHOOK_ALLOWED_SCHEMES"] = "http"
os.environ["MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"] = "true"

from common import check  # noqa: E402 (reads the key when it is imported)
from mlflow.entities.webhook import WebhookEvent  # noqa: E402
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore  # noqa: E402

store = SqlAlchemyStore(os.environ["MLFLOW_TRACKING_URI"])
found = {webhook.name: webhook.secret for webhook in store.list_webhooks()}
check(found, {"signed": "ours ✓", "unsigned": None}, "the secrets")
event = WebhookEvent.from_str("registered_model.created")
store.create_webhook("theirs", os.environ["E2E_URL"], [event], secret="theirs ✓")
