"""Does in the local cluster what EKS does in its own: Auto Mode's kinds, Pod Identity, and target groups."""
