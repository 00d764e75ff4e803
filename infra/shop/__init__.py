"""The shop on a cluster: every workload from the services' own files, and the stores beside it."""
