# signd/: processes, HTTP, API, ledger, settings, wiring.
