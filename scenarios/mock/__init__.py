"""Mock transactions: a transaction with all that it names, in the JSON of ckb-debugger (``transaction`` §12)."""
