"""The shop on a cluster: a workload for each service file, and the stores that it needs."""
