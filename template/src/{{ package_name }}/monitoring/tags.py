"""Tags that a monitor sets on its job in Azure ML, and that `mlops azure watch` reads; the outcome is set last."""

OUTCOME = "monitor_outcome"  # ok, breach, too_few_rows or no_data
MONITOR = "monitor_name"
WINDOW = "monitor_window"
SIGNALS = "monitor_signals"  # of a breach: its kinds, such as drift,quality
FIRST = "monitor_first_breach"
