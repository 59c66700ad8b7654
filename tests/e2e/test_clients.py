"""Stock MLflow clients of three generations against one running server."""

import pytest

from conftest import CLIENTS, STOCK
from harness import run_client

every_client = pytest.mark.parametrize("version", CLIENTS)


def test_the_example_of_the_readme(server, tmp_path):
    assert "'loss': 0.01" in run_client(STOCK, "readme_example.py", server.uri, tmp_path)


@every_client
def test_a_training_job(server, tmp_path, unique, version):
    run_client(version, "training_job.py", server.uri, tmp_path, name=unique, **server.client_settings(version))


@every_client
def test_the_life_of_experiments_and_runs(server, tmp_path, unique, version):
    run_client(version, "lifecycle.py", server.uri, tmp_path, name=unique)


@every_client
def test_the_model_registry(server, tmp_path, unique, version):
    if not server.client_settings(version):
        pytest.skip("this server has no model registry for this client")
    run_client(version, "registry.py", server.uri, tmp_path, name=unique)


@pytest.mark.parametrize("version", CLIENTS[:2])
def test_autologging(server, tmp_path, unique, version):
    run_client(version, "autologging.py", server.uri, tmp_path, name=unique)


def test_evaluation_datasets(server, tmp_path, unique):
    run_client(STOCK, "evaluation.py", server.uri, tmp_path, name=unique)


def test_scorers_and_label_schemas(server, tmp_path, unique):
    run_client(STOCK, "scorers.py", server.uri, tmp_path, name=unique)
