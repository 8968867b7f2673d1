"""Elements 9 and 10: look at an environment, decide by what is there, act once.

`read` looks, `decide` chooses, `act` does, each action under a claim of `claims`; `look` is all of it.
"""
