"""The labels of the shop's objects, by which they are selected."""


def selector(service: str) -> dict[str, str]:
    """Returns the labels that select a service's pods. They never change: a Deployment's selector cannot."""
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/part-of": "boutique"}


def store(name: str) -> dict[str, str]:
    """Returns the labels that select the pods of a store, which its chart labels with the release's name."""
    return {"app.kubernetes.io/instance": name}


def store_client(store_name: str) -> dict[str, str]:
    """Returns the labels of pods that need a store. The store's own network policy admits only those."""
    return {f"needs.boutique.dev/{store_name}": "true"}


def migration(service: str) -> str:
    """Returns the name of a service's migration. It differs, so that no selector of the service matches its pods."""
    return f"{service}-migration"
