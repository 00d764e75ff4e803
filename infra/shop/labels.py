"""The labels of the shop's objects, and the one way to select them."""


def selector(service: str) -> dict[str, str]:
    """Selects a service's pods; it never changes, since a Deployment's selector can't."""
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/part-of": "boutique"}


def store(name: str) -> dict[str, str]:
    """Selects the pods of a store, primary and replica, which its chart labels with the release's name."""
    return {"app.kubernetes.io/instance": name}


def store_client(store_name: str) -> dict[str, str]:
    """On the pods of services that need a store: what the store's own network policy lets in."""
    return {f"needs.boutique.dev/{store_name}": "true"}


def migration(service: str) -> str:
    """What a service's migration is called: its pods must not be taken for the service's."""
    return f"{service}-migration"
