"""The pages that people look at: report, model card, monitored window."""
