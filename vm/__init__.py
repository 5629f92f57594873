"""One virtual machine (CKB-VM): decoding, meaning, memory, loading, cost. It knows nothing of spawn, pipes or Trio."""
