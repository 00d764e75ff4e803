import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cluster: needs the real engine and a real Kubernetes API; run by `-m cluster`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "cluster" in config.getoption("markexpr"):
        return
    needing = [item for item in items if item.get_closest_marker("cluster")]
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]
