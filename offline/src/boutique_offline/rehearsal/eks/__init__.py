"""What EKS does in a cluster of its own, done in the one on this machine: Auto Mode's kinds, Pod Identity, targets."""
