"""The loop without Azure: train, register, serve, score, monitor and retrain on this machine."""
