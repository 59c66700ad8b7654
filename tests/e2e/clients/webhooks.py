"""A stock client manages webhooks."""

import os

from common import check, refused
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus

client = MlflowClient()
url = os.environ["E2E_URL"]
events = ["model_version_tag.set", "registered_model.created"]

created = client.create_webhook("hook", url, events, description="d", secret="hush")
check((created.name, created.url, created.description), ("hook", url, "d"), "what was created")
check((created.status, created.secret), (WebhookStatus.ACTIVE, None), "status and secret")
check(sorted(str(event) for event in created.events), events, "events")
check(client.get_webhook(created.webhook_id).url, url, "the webhook by its id")
check([hook.webhook_id for hook in client.list_webhooks()], [created.webhook_id], "the list")

result = client.test_webhook(created.webhook_id)
check((result.success, result.response_status), (True, 200), "a test")
result = client.test_webhook(created.webhook_id, WebhookEvent("registered_model", "created"))
check((result.success, result.response_body), (True, "thanks"), "a test of an event")

changed = client.update_webhook(created.webhook_id, name="renamed", status="DISABLED")
check((changed.name, changed.description, changed.status), ("renamed", "d", WebhookStatus.DISABLED), "the change")
client.create_registered_model("while it is disabled")
client.update_webhook(created.webhook_id, status="ACTIVE")
client.create_registered_model("iris")
client.create_model_version("iris", "s3://bucket/x")
client.set_model_version_tag("iris", "1", "k", "v")

other = client.create_webhook("other", url, ["prompt.created"])
client.delete_webhook(other.webhook_id)
with refused(f"Webhook with ID {other.webhook_id} not found."):
    client.get_webhook(other.webhook_id)
