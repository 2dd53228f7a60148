"""The business processes: one file each, registered by name in `sapa.processes.endpoints`."""
