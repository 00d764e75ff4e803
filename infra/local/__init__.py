"""The platform on one machine: an existing cluster, and stores from charts/."""
