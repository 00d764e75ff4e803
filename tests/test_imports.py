"""Services are independent: each imports only the libraries in services/lib. pyproject.toml has the other rules."""

from pathlib import Path

import grimp

from boutique_definition.service_file import package_name
from dev.virtual_environment import ROOT


def packages(folder: Path) -> set[str]:
    return {package_name(path.parent.name) for path in folder.glob("*/pyproject.toml")}


def test_a_service_imports_only_libraries() -> None:
    services, libraries = packages(ROOT / "services"), packages(ROOT / "services" / "lib")
    other_packages = {"boutique_offline", "cli", "dev", "infra"}
    graph = grimp.build_graph(*services, *libraries, *other_packages, cache_dir=None)
    illegal = {
        f"{importer} imports {imported}"
        for importer in graph.modules
        if (service := importer.partition(".")[0]) in services
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.partition(".")[0] in (services | other_packages | {"boutique_testing"}) - {service}
    }
    assert illegal == set()
