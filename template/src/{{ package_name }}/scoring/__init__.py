"""Scoring: one contract and one model, asked online by the inference server or in batches by a parallel job."""
