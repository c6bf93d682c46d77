"""A gateway between three phones on loopback, as `refergate demo` shows it; the phones serve tests as well."""
