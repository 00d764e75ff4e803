"""The AWS account of a rehearsal: moto's server, extended by what moto lacks of the services in use."""
