"""The fault-injecting server and its in-process twin: they play wire responses, and log what was asked and sent."""
