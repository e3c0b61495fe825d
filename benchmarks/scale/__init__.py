"""How fast everything is with a long history, beside the same without one."""
