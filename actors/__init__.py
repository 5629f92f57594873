"""VMs as Trio tasks: a conductor hands one baton round, so that their order is the scheduler's."""
