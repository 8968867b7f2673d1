"""The files of config/, typed and checked."""
