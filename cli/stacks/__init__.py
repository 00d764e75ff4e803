"""A stack and where it runs: on this machine, in an AWS account, or in a rehearsal of one."""
