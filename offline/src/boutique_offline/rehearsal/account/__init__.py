"""The AWS account of a rehearsal: moto's server, and what moto lacks of the services that the program uses."""
