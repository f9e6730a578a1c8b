"""The link to System 2: several dialects behind one interface, wire code without sockets, one connection."""
