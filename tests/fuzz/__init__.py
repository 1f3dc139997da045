"""Every parser of ours fed with what nobody meant to send: guided by coverage (``make fuzz``), and briefly as tests."""
