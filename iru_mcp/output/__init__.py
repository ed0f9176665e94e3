"""The single exit: everything that leaves the process is cleaned, redacted and, in privacy mode, pseudonymised here."""
