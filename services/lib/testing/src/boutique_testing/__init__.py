"""A pytest plugin for the services' tests: real stores, fakes of other services, a service in this process."""
